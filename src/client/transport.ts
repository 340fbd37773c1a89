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

export interface TransportEvents {
  onOpen(): void;
  /** One whole packet, header included: bytes [start, end). Lent: valid only until this call returns. */
  onPacket(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Terminal. `why` is for people: "connect 127.0.0.1:9000: ECONNREFUSED". `closeCode`: what the other
   * side closed with, where the transport has such codes (RFC 6455 section 7.4).
   */
  onClosed(why: string, closeCode?: number): void;
}

export interface TransportConnection {
  /** Sends one whole packet; the bytes are the caller's again on return. False when nothing can be sent. */
  send(packet: Uint8Array): boolean;

  /** Sends what is queued, then closes. `onClosed` follows; so does nothing else. */
  close(): void;

  /** Closes at once and drops what is queued. `onClosed` follows. */
  abort(): void;
}
