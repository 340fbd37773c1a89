import type { DisconnectReason, SendChunk, SessionId, SocketAddress } from "../../engine/index.ts";

/**
 * How packets go over a connection:
 *
 * - `packets`: as they are, over TCP;
 * - `websocket`: in binary messages;
 * - `deflate`: in binary messages that are compressed (permessage-deflate, RFC 7692).
 */
export type Wire = "packets" | "websocket" | "deflate";

/**
 * The connection that a session of the gate speaks through. The engine's `Session` is one as it is, so
 * that packets over TCP cost nothing for there being others; for browsers there is `WebSocketLink`.
 */
export interface PacketLink {
  /** The engine session's; its slot is unique among the connections of one gate. */
  readonly id: SessionId;
  /** Default "packets", which is what an engine session says by not having it. */
  readonly wire?: Wire;
  /** Something can be sent. */
  readonly isOpen: boolean;
  /** The client, as a trusted proxy tells it where there is one. */
  readonly remote: SocketAddress;
  /** Bytes that were accepted and that the kernel has not taken yet. */
  readonly queuedBytes: number;
  /** How often the send queue became empty. */
  readonly drainedCount: number;
  /** When bytes last came, on a coarse clock. */
  readonly lastReceivedMs: number;
  /** Queues whole packets, bytes [start, end) of a chunk. False when the link is not open, or is ended by this. */
  send(chunk: SendChunk, start: number, end: number): boolean;
  /** Sends what is queued, and ends; `detail`: the disconnect code that the client was told. */
  disconnect(reason: DisconnectReason, detail: number): void;
  /** Ends at once; what is queued is dropped. */
  abort(reason: DisconnectReason): void;
  /** Milliseconds without a received byte until the session's `onIdle`; 0: never. */
  setIdleTimeout(timeoutMs: number): void;
  /** Whoever it is has logged in: the handshake's timeout no longer holds. */
  completeHandshake(): void;
}
