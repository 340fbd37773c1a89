/** The version of the protocol that this program speaks; docs/PROTOCOL.md says what changes it. */
export const PROTOCOL_VERSION = 1;

/** Packets over TLS name themselves so (ALPN, RFC 7301); WebSockets by the subprotocol of the same name. */
export const APPLICATION_PROTOCOL = "portico.v1";
