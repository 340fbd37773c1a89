import { Duplex } from "node:stream";
import {
  type CompletionPort,
  type DisconnectReason,
  type PortTimer,
  type Session,
  type SessionHandler,
  tlsOf,
} from "../engine/index.ts";

/** Bytes that a stream keeps in its session's send queue; what is written beyond waits in the stream. */
export const STREAM_QUEUE_BYTES = 65_536;

/** Bytes received and not yet consumed at which a stream stops receiving. */
const READ_AHEAD_BYTES = 65_536;

/** The connection under a stream broke or was ended by the engine. `code` "ECONNRESET", as sockets of Node have it. */
export class ConnectionLostError extends Error {
  readonly code = "ECONNRESET";
  readonly reason: DisconnectReason;
  constructor(reason: DisconnectReason) {
    super(`the connection is lost (${reason})`);
    this.name = "ConnectionLostError";
    this.reason = reason;
  }
}

/** What a stream works with, and whom it tells. */
export interface SessionStreamOptions {
  /** For `setTimeout`; a port's. */
  readonly startTimer: CompletionPort["startTimer"];
  /** At most the send-queue limit of the session's service. Default {@link STREAM_QUEUE_BYTES}. */
  readonly queueBytes?: number;
  /** The session is open; before this the stream neither reads nor writes. */
  onConnected?(stream: SessionStream): void;
  /** The stream has no session any more: it ended, or was taken back. Exactly once. */
  onReleased?(stream: SessionStream): void;
}

/**
 * An engine session as a stream, for code that wants a socket of Node's: `http.Server` above all. It has
 * what that code uses of `net.Socket`.
 *
 * - Reading: bytes are copied; while more than 64 KiB are not consumed the session does not receive.
 * - Writing: at most {@link STREAM_QUEUE_BYTES} lie in the session's send queue (less, where that queue's
 *   limit is lower); the callback of a write comes when all of it has got in there.
 * - `end` sends what was written, then FIN. What still arrives is discarded then: the other half is not
 *   used any longer. The peer's own FIN is awaited for the service's drain timeout.
 * - The peer's FIN ends the reading half alone.
 * - `destroy()` ends as `end` does when nothing waits in the stream. What waits is lost, and then the
 *   connection is reset, so that the peer does not take the part for the whole; `destroy(error)` and
 *   `resetAndDestroy()` reset it too.
 */
export class SessionStream extends Duplex implements SessionHandler {
  readonly connecting = false;
  /** As sockets of Node's TLS have it: what was requested is https. */
  readonly encrypted: boolean;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #options: SessionStreamOptions;
  readonly #queueBytes: number;
  /** undefined once it has ended or was taken back. */
  #session: Session | undefined;
  /** As it was when the session went. */
  #lastRemote: string;
  #lastRemotePort: number;
  /** Who sent the present request, as a trusted proxy told. */
  #forwardedFor: string | undefined;
  #isPaused = false;
  #hasPeerEnded = false;
  /** The chunk being written, and how far it has got. */
  #chunk: Buffer | undefined;
  #chunkFrom = 0;
  #onWritten: ((error?: Error | null) => void) | undefined;
  #bytesRead = 0;
  #bytesWritten = 0;
  #timeoutMs = 0;
  #timer: PortTimer | undefined;
  /** How much had moved when the timer was last looked at. */
  #seenMovement = 0;

  constructor(session: Session, options: SessionStreamOptions) {
    super({ highWaterMark: READ_AHEAD_BYTES, allowHalfOpen: true });
    this.#session = session;
    this.#options = options;
    this.#queueBytes = options.queueBytes ?? STREAM_QUEUE_BYTES;
    this.#lastRemote = session.remote.host;
    this.#lastRemotePort = session.remote.port;
    this.encrypted = tlsOf(session) !== undefined;
    this.localAddress = session.local.host;
    this.localPort = session.local.port;
  }

  /** The session; undefined once it has ended or was taken back. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Who is at the other end: what {@link setForwardedFor} told, else the session's `remote`. */
  get remoteAddress(): string {
    return this.#forwardedFor ?? this.#session?.remote.host ?? this.#lastRemote;
  }

  /** 0 when it is not known: a proxy tells addresses only. */
  get remotePort(): number {
    if (this.#forwardedFor !== undefined) return 0;
    return this.#session?.remote.port ?? this.#lastRemotePort;
  }

  get remoteFamily(): "IPv4" | "IPv6" {
    return this.remoteAddress.includes(":") ? "IPv6" : "IPv4";
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes given to the session. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get timeout(): number {
    return this.#timeoutMs;
  }

  /** Whom a trusted proxy forwards now; undefined: the connection's own peer. */
  setForwardedFor(host: string | undefined): void {
    this.#forwardedFor = host;
  }

  /**
   * 'timeout' is emitted when for this long, and twice as long at most, nothing was received and nothing
   * taken to be sent; and again after the same time. 0: never.
   */
  setTimeout(timeoutMs: number, onTimeout?: () => void): this {
    this.#timeoutMs = timeoutMs;
    this.#seenMovement = this.#movement;
    this.#startTimer();
    if (onTimeout !== undefined) {
      if (timeoutMs === 0) this.off("timeout", onTimeout);
      else this.once("timeout", onTimeout);
    }
    return this;
  }

  /** The engine sets this for the listener's sockets; here for code that expects a socket. */
  setNoDelay(): this {
    return this;
  }

  /** As {@link setNoDelay}. */
  setKeepAlive(): this {
    return this;
  }

  /** Sessions do not keep the process alive by themselves; their port does. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Ends the connection with a reset. */
  resetAndDestroy(): this {
    this.#session?.abort();
    return this.destroy();
  }

  /**
   * Gives the session back, free of this stream, and with it every byte that was received and not
   * consumed, `head` first. `onTaken` is called when all that was written lies in the session's queue: at
   * once when it does already; never when the connection ends before that. It must switch the session to
   * another protocol, or end it, before it returns. The stream is of no use after that.
   */
  takeBack(onTaken: (session: Session, head: Buffer) => void, head: Uint8Array = Buffer.alloc(0)): void {
    this.pause();
    if (this.writableLength === 0 && this.#chunk === undefined) this.#release(onTaken, head);
    else this.write("", () => this.#release(onTaken, head));
  }

  #release(onTaken: (session: Session, head: Buffer) => void, head: Uint8Array): void {
    const session = this.#session;
    if (session === undefined || !session.isOpen) return;
    if (this.#hasPeerEnded) {
      // Nothing more can come from a peer that has finished, and the next protocol would not be told.
      this.destroy();
      return;
    }
    const pieces: Uint8Array[] = [head];
    for (let piece: unknown = this.read(); piece instanceof Uint8Array; piece = this.read())
      pieces.push(piece);
    session.resumeReceiving();
    this.#forget(session);
    onTaken(session, Buffer.concat(pieces));
    if (session.isOpen && session.handler === this) session.abort("UNKNOWN");
    this.destroy();
  }

  #forget(session: Session): void {
    this.#lastRemote = session.remote.host;
    this.#lastRemotePort = session.remote.port;
    this.#session = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#options.onReleased?.(this);
  }

  // What the session tells.

  onConnected(session: Session): void {
    session.completeHandshake();
    this.#options.onConnected?.(this);
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    this.#bytesRead += end - start;
    if (this.destroyed) return;
    const wantsMore = this.push(Buffer.copyBytesFrom(bytes, start, end - start));
    // The push may have led to the session's being taken back.
    if (wantsMore || this.#session !== session) return;
    this.#isPaused = true;
    session.pauseReceiving();
  }

  onPeerEnded(): void {
    this.#hasPeerEnded = true;
    if (!this.destroyed) this.push(null);
  }

  onDrained(): void {
    this.#sendMore();
  }

  onDisconnected(session: Session, reason: DisconnectReason): void {
    if (this.#session === undefined) return;
    this.#forget(session);
    if (this.destroyed) return;
    // Ended by this side, and everything has left: nothing was lost.
    if (this.writableFinished) this.destroy();
    else this.destroy(new ConnectionLostError(reason));
  }

  // What a stream has to do.

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#session?.resumeReceiving();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#chunk = chunk;
    this.#chunkFrom = 0;
    this.#onWritten = callback;
    this.#sendMore();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#session?.disconnect("NO_LOG");
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error === null && this.#chunk === undefined) this.#session?.disconnect("NO_LOG");
    else this.#session?.abort();
    this.#finishWrite(error ?? new ConnectionLostError("DISCONNECT"));
    callback(error);
  }

  /** A number that grows whenever a byte comes or goes. */
  get #movement(): number {
    return this.#bytesRead + this.#bytesWritten;
  }

  #startTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#timeoutMs === 0 || this.#session === undefined) return;
    this.#timer = this.#options.startTimer(this.#timeoutMs, () => {
      const isMoving = this.#movement !== this.#seenMovement;
      this.#seenMovement = this.#movement;
      this.#startTimer();
      if (!isMoving) this.emit("timeout");
    });
  }

  /** Queues as much of the chunk as there is room for; the rest goes when the queue is empty. */
  #sendMore(): void {
    const chunk = this.#chunk;
    const session = this.#session;
    if (chunk === undefined) return;
    if (session === undefined || !session.isOpen) {
      this.#finishWrite(new ConnectionLostError("DISCONNECT"));
      return;
    }
    const count = Math.min(this.#queueBytes - session.queuedBytes, chunk.byteLength - this.#chunkFrom);
    if (count > 0) {
      const from = this.#chunkFrom;
      this.#chunkFrom += count;
      this.#bytesWritten += count;
      // The end of the session, if that is why it could not be sent, comes by itself.
      if (!session.sendBytes(chunk, from, from + count)) return;
    }
    if (this.#chunkFrom === chunk.byteLength) this.#finishWrite();
  }

  #finishWrite(error?: Error): void {
    const onWritten = this.#onWritten;
    this.#chunk = undefined;
    this.#onWritten = undefined;
    onWritten?.(error);
  }
}
