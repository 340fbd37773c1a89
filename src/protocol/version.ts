/** The version of the protocol that this program speaks; docs/PROTOCOL.md says what changes it. */
export const PROTOCOL_VERSION = 1;
