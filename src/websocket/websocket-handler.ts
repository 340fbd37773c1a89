import type { DisconnectReason } from "../engine/index.ts";
import type { NegotiatedDeflate } from "./deflate-negotiation.ts";
import type { WebSocketConnection } from "./websocket-connection.ts";

/** What the program does with a WebSocket connection. One object per connection. */
export interface WebSocketHandler {
  /**
   * One whole message, bytes [start, end), unmasked, decompressed and, when it is text, checked to be
   * UTF-8. It may be empty. Lent: valid only until this call returns.
   */
  onMessage(
    connection: WebSocketConnection,
    bytes: Uint8Array,
    start: number,
    end: number,
    isText: boolean,
  ): void;
  /** A pong: bytes [start, end) are what the ping had, if it answers one. Lent. */
  onPong?(connection: WebSocketConnection, bytes: Uint8Array, start: number, end: number): void;
  /** Nothing was received for the session's idle timeout. Without this method: closed with 1001. */
  onIdle?(connection: WebSocketConnection): void;
  /** The session's handshake timeout passed. Without this method: closed with 1008. */
  onHandshakeTimeout?(connection: WebSocketConnection): void;
  /** The send queue became empty. */
  onDrained?(connection: WebSocketConnection): void;
  /**
   * The connection has ended; called exactly once, last. `code`: that of the close frame that came or
   * went first; 1005 when it had none, 1006 when there was no close frame (RFC 6455, 7.1.5, 7.4.1).
   * `reason` and `detail` are the engine's: what `close` was given; RECV_0 when the peer closed first;
   * PACKET_ERROR with a {@link WebSocketFault} when it did what the protocol does not allow.
   */
  onDisconnected(
    connection: WebSocketConnection,
    code: number,
    reason: DisconnectReason,
    detail: number,
  ): void;
}

/** The limits of a connection. Each has a default, and a documented answer when it is reached. */
export interface WebSocketOptions {
  /** A message's size, unfragmented or not, compressed or not. Above: closed with 1009. 1 … 64 MiB. */
  readonly messageLimitBytes: number;
  /** Fragments of one message. Above: closed with 1008. Default 1,024, or one per 64 bytes of the limit. */
  readonly fragmentLimit?: number;
  /** What the handshake agreed on; without it nothing is compressed, and what is is refused. */
  readonly deflate?: NegotiatedDeflate | undefined;
  /** How long the peer may take to answer a close frame. Then the session ends. Default 2,000 ms. */
  readonly closeTimeoutMs?: number;
  /** Pings and pongs per second, twice as many at once. Above: closed with 1008. 0: any. Default 100. */
  readonly controlFramesPerSecond?: number;
}

export const DEFAULT_CLOSE_TIMEOUT_MS = 2000;
export const DEFAULT_CONTROL_FRAMES_PER_SECOND = 100;
