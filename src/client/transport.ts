/**
 * A way to a server: TCP through the engine (tcp-transport.ts), a browser's WebSocket, or a test's own.
 * It carries whole packets and knows nothing of what is in them.
 */
export interface Transport {
  /** For messages to people: "127.0.0.1:9000". */
  readonly address: string;

  /**
   * Starts one connection. No method of `events` runs before this returns. `onClosed` comes exactly
   * once, whether or not the connection ever opened, and last.
   */
  connect(events: TransportEvents): TransportConnection;
}

/**
 * Why no connection can be made, where trying again would not help: somebody has to change settings, here or there.
 *
 * - `TLS_NOT_SPOKEN`: the server does not speak TLS; `TLS_REQUIRED`: it does, and this client does not.
 * - `TLS_UNTRUSTED`: the server's certificate is of nobody who is trusted. `TLS_FINGERPRINT`: it is another than
 *   the one expected. `TLS_WRONG_NAME`: it is for other names. `TLS_EXPIRED`: its time is over.
 * - `TLS_CLIENT_CERTIFICATE`: the server requires one of the client.
 * - `TLS_INCOMPATIBLE`: no version, cipher or application protocol in common.
 */
export type TransportFailure =
  | "TLS_NOT_SPOKEN"
  | "TLS_REQUIRED"
  | "TLS_UNTRUSTED"
  | "TLS_FINGERPRINT"
  | "TLS_WRONG_NAME"
  | "TLS_EXPIRED"
  | "TLS_CLIENT_CERTIFICATE"
  | "TLS_INCOMPATIBLE";

/** What is known of the end of a connection beside words. */
export interface TransportEnd {
  /** What the other side closed with, where the transport has such codes (RFC 6455 section 7.4). */
  readonly closeCode?: number;
  /** No further attempt is made. */
  readonly failure?: TransportFailure;
}

export interface TransportEvents {
  onOpen(): void;
  /** One whole packet, header included: bytes [start, end). Lent: valid only until this call returns. */
  onPacket(bytes: Uint8Array, start: number, end: number): void;
  /** Terminal. `why` is for people: "connect 127.0.0.1:9000: ECONNREFUSED". */
  onClosed(why: string, end?: TransportEnd): void;
}

export interface TransportConnection {
  /** Sends one whole packet; the bytes are the caller's again on return. False when nothing can be sent. */
  send(packet: Uint8Array): boolean;

  /** Sends what is queued, then closes. `onClosed` follows; so does nothing else. */
  close(): void;

  /** Closes at once and drops what is queued. `onClosed` follows. */
  abort(): void;
}
