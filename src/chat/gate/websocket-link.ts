import type { DisconnectReason, SendChunk, SessionId, SocketAddress } from "../../engine/index.ts";
import { DisconnectCode } from "../../protocol/codes.ts";
import type { PacketFramer } from "../../protocol/packet-framer.ts";
import { CloseCode, type WebSocketConnection, type WebSocketHandler } from "../../websocket/index.ts";
import type { GateSession } from "./gate-session.ts";
import type { FramedTarget } from "./local-room.ts";
import type { PacketLink, Wire } from "./packet-link.ts";

export interface WebSocketLinkOptions {
  readonly connection: WebSocketConnection;
  /** Tells where packets end, and which are too large. */
  readonly framer: PacketFramer;
  /** Makes the session that speaks through this link. */
  readonly makeSession: (link: WebSocketLink) => GateSession;
  /** The connection has ended; called once, last. */
  readonly onEnded: (link: WebSocketLink) => void;
}

/**
 * A browser's connection: packets in binary messages, one or several whole ones in each (docs/PROTOCOL.md).
 * What is sent is framed range by range; a room's run comes framed already.
 */
export class WebSocketLink implements PacketLink, FramedTarget, WebSocketHandler {
  readonly wire: Wire;
  readonly session: GateSession;
  readonly #connection: WebSocketConnection;
  readonly #framer: PacketFramer;
  readonly #onEnded: (link: WebSocketLink) => void;
  /** The close code instead of the disconnect code; 0: that. */
  #closeCode = 0;

  constructor({ connection, framer, makeSession, onEnded }: WebSocketLinkOptions) {
    this.wire = connection.isDeflated ? "deflate" : "websocket";
    this.#connection = connection;
    this.#framer = framer;
    this.#onEnded = onEnded;
    this.session = makeSession(this);
  }

  get id(): SessionId {
    return this.#connection.session.id;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  get remote(): SocketAddress {
    return this.#connection.session.remote;
  }

  get queuedBytes(): number {
    return this.#connection.session.queuedBytes;
  }

  get drainedCount(): number {
    return this.#connection.session.drainedCount;
  }

  get lastReceivedMs(): number {
    return this.#connection.session.lastReceivedMs;
  }

  send(chunk: SendChunk, start: number, end: number): boolean {
    return this.#connection.sendRange(chunk, start, end);
  }

  sendFramed(chunk: SendChunk, start: number, end: number): boolean {
    return this.#connection.sendFramed(chunk, start, end);
  }

  /** The close frame has the disconnect code, and its name as the reason. */
  disconnect(reason: DisconnectReason, detail: number): void {
    const name = DisconnectCode[detail] ?? "";
    const code = this.#closeCode > 0 ? this.#closeCode : detail;
    this.#connection.close(code, name, reason, detail);
  }

  abort(reason: DisconnectReason): void {
    this.#connection.abort(reason);
  }

  setIdleTimeout(timeoutMs: number): void {
    this.#connection.session.setIdleTimeout(timeoutMs);
  }

  completeHandshake(): void {
    this.#connection.session.completeHandshake();
  }

  onMessage(_: WebSocketConnection, bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    const { session } = this;
    if (isText) {
      this.#closeCode = CloseCode.UNSUPPORTED_DATA;
      session.endFor("PROTOCOL_ERROR", "a text message came; packets go in binary ones");
      return;
    }
    let from = start;
    do {
      const length = this.#framer.frameLength(bytes, from, end);
      if (length < 0) {
        session.onBadFrame(this, -length);
        return;
      }
      if (length === 0 || from + length > end) {
        session.endFor("INVALID_HEADER", "a message ended inside a packet");
        return;
      }
      session.onFrame(this, bytes, from, from + length);
      if (session.state === "ended") return;
      from += length;
    } while (from < end);
  }

  onIdle(): void {
    this.session.onIdle();
  }

  onHandshakeTimeout(): void {
    this.session.onHandshakeTimeout();
  }

  onDrained(): void {
    this.session.onDrained();
  }

  onDisconnected(_: WebSocketConnection, _code: number, reason: DisconnectReason, detail: number): void {
    this.session.onDisconnected(this, reason, detail);
    this.#onEnded(this);
  }
}
