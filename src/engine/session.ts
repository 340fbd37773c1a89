import { assert } from "../base/assert.ts";
import { WheelTimer } from "../base/timer-wheel.ts";
import type { Flushable, PortSocket, SocketEvents } from "./completion-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import { ArenaExhaustedError } from "./memory/arena.ts";
import { CHUNK_BYTES, type SendChunk } from "./memory/send-buffer-pool.ts";
import { Errno } from "./port-error.ts";
import type { SendQueue } from "./send-queue.ts";
import type { SessionHost } from "./session-host.ts";
import type { SessionId } from "./session-pool.ts";
import { assertTransition, type SessionState } from "./session-state.ts";
import type { SocketAddress } from "./socket-address.ts";

/** What the program does with a session. One object per session, made by the service's factory. */
export interface SessionHandler {
  /** The session is open. */
  onConnected(session: Session): void;
  /** One frame, bytes [start, end). Lent: valid only until this call returns. */
  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void;
  /** Nothing was received for the idle timeout. Without this method the session is disconnected. */
  onIdle?(session: Session): void;
  /** The handshake was not completed in time. Without this method the session is disconnected. */
  onHandshakeTimeout?(session: Session): void;
  /** The framer refused the bytes with this code; a last packet may be sent, then the session ends. */
  onBadFrame?(session: Session, code: number): void;
  /** The send queue became empty. The method is looked for once, when the session is made. */
  onDrained?(session: Session): void;
  /** The session has ended; called exactly once for each session that was connected. */
  onDisconnected(session: Session, reason: DisconnectReason, detail: number): void;
}

/** What made a session, and is told when it has ended, before its handler is. */
export interface SessionOrigin {
  onSessionClosed(session: Session, reason: DisconnectReason, detail: number): void;
}

/**
 * One connection: receives frames, sends ranges of chunks. At most one send and one receive are
 * outstanding (row E16). An idle session holds no buffer, neither for receiving nor for sending.
 */
export class Session extends WheelTimer implements SocketEvents, Flushable {
  // What each send and its completion touch comes first, side by side: with thousands of sessions these
  // are places in memory that have to be fetched for each of them.
  readonly #host: SessionHost;
  readonly #socket: PortSocket;
  #state: SessionState = "connecting";
  /** Rented from the host while there is something to send. */
  #queue: SendQueue | undefined;
  #sending = false;
  #receiving = false;
  #flushRequested = false;
  #drainedCount = 0;
  /** Kept here, so that the handler need not be looked at for a method that few have. */
  readonly #tellsDrained: boolean;
  readonly #handler: SessionHandler;
  readonly id: SessionId;
  readonly inbound: boolean;
  readonly origin: SessionOrigin | undefined;
  #reason: DisconnectReason = "UNKNOWN";
  #detail = 0;
  #shutDown = false;
  /** The beginning of an incomplete frame, rented. */
  #tail: Uint8Array | undefined;
  #tailBytes = 0;
  #idleTimeoutMs: number;
  #handshakeDeadlineMs = 0;
  #drainDeadlineMs = 0;
  #lastReceivedMs: number;

  /** Only services make sessions. */
  constructor(
    host: SessionHost,
    id: SessionId,
    socket: PortSocket,
    inbound: boolean,
    origin: SessionOrigin | undefined,
    makeHandler: (session: Session) => SessionHandler,
  ) {
    super();
    this.#host = host;
    this.id = id;
    this.#socket = socket;
    this.inbound = inbound;
    this.origin = origin;
    this.#idleTimeoutMs = host.idleTimeoutMs;
    this.#lastReceivedMs = host.nowMs;
    this.#handler = makeHandler(this);
    this.#tellsDrained = this.#handler.onDrained !== undefined;
  }

  get state(): SessionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get handler(): SessionHandler {
    return this.#handler;
  }

  get remote(): SocketAddress {
    return this.#socket.remote;
  }

  get local(): SocketAddress {
    return this.#socket.local;
  }

  /** Bytes accepted by `send` that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#queue?.byteCount ?? 0;
  }

  /** How often the send queue became empty: a session that reads keeps counting. */
  get drainedCount(): number {
    return this.#drainedCount;
  }

  /** When bytes last came, on the service's coarse clock (its timer wheel's tick). */
  get lastReceivedMs(): number {
    return this.#lastReceivedMs;
  }

  /** Only the service calls this, once, in the turn that made the session. */
  start(handshakeTimeoutMs: number): void {
    this.#become("open");
    this.#socket.open(this);
    if (handshakeTimeoutMs > 0) this.#handshakeDeadlineMs = this.#host.nowMs + handshakeTimeoutMs;
    this.#scheduleTimer();
    this.#handler.onConnected(this);
    if (this.#state === "open") this.#startReceiving();
  }

  /** The peer has shown who it is: the handshake timeout no longer applies. */
  completeHandshake(): void {
    this.#handshakeDeadlineMs = 0;
    this.#scheduleTimer();
  }

  /** Milliseconds without a received byte until `onIdle`; 0: never. Counted from now. */
  setIdleTimeout(timeoutMs: number): void {
    this.#idleTimeoutMs = timeoutMs;
    this.#scheduleTimer();
  }

  /**
   * Queues bytes [start, end) of a chunk; they leave at the end of the turn. False when the session
   * is not open, or when its queue would exceed its limit, which ends it (SEND_QUEUE_FULL).
   */
  send(chunk: SendChunk, start: number, end: number): boolean {
    if (this.#state !== "open") return false;
    let queue = this.#queue;
    if (queue === undefined) {
      queue = this.#host.rentQueue();
      this.#queue = queue;
    }
    if (queue.byteCount + (end - start) > this.#host.sendQueueLimitBytes) {
      this.#host.counters.sendQueueOverflows++;
      this.#close("SEND_QUEUE_FULL", 0, true);
      return false;
    }
    queue.push(chunk, start, end);
    if (!this.#flushRequested && !this.#sending) {
      this.#flushRequested = true;
      this.#host.port.requestFlush(this);
    }
    if (
      this.#host.receivePauseBytes > 0 &&
      this.#receiving &&
      queue.byteCount > this.#host.receivePauseBytes
    ) {
      this.#socket.stopReceiving();
    }
    return true;
  }

  /** Copies `bytes` [start, end) into send buffers and queues them. */
  sendBytes(bytes: Uint8Array, start = 0, end = bytes.byteLength): boolean {
    const pool = this.#host.sendBuffers;
    let from = start;
    try {
      while (from < end) {
        const count = Math.min(end - from, CHUNK_BYTES);
        const chunk = pool.open(count);
        const at = chunk.writtenBytes;
        chunk.bytes.set(count === bytes.byteLength ? bytes : bytes.subarray(from, from + count), at);
        pool.close(count);
        if (!this.send(chunk, at, at + count)) return false;
        from += count;
      }
      return true;
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#close("SEND_BUFFER_EXHAUSTED", 0, true);
      return false;
    }
  }

  /**
   * Ends the session: no more frames are delivered, what is queued is sent, then FIN, and the peer's
   * own FIN is awaited for at most the drain timeout. The first reason given is the one told.
   */
  disconnect(reason: DisconnectReason = "DISCONNECT", detail = 0): void {
    if (this.#state !== "open") return;
    this.#reason = reason;
    this.#detail = detail;
    this.#become("draining");
    this.#drainDeadlineMs = this.#host.nowMs + this.#host.drainTimeoutMs;
    this.#scheduleTimer();
    this.#releaseTail();
    if (this.#queue === undefined) this.#finishDraining();
  }

  /** Ends the session at once with a reset; what is queued is dropped. */
  abort(reason: DisconnectReason = "DISCONNECT", detail = 0): void {
    if (this.#state === "open" || this.#state === "draining") this.#close(reason, detail, true);
  }

  /** The port calls this at the end of a turn in which something was queued. */
  flush(): void {
    this.#flushRequested = false;
    if (this.#sending || this.#queue === undefined) return;
    if (this.#state !== "open" && this.#state !== "draining") return;
    this.#sending = true;
    this.#socket.send(this.#queue);
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    this.#lastReceivedMs = this.#host.nowMs;
    if (this.#state !== "open") return; // draining: what still comes is discarded
    let from = start;
    if (this.#tail !== undefined) {
      from = this.#completeTail(bytes, start, end);
      if (from < 0) return;
    }
    from = this.#deliverFrames(bytes, from, end);
    if (from >= 0 && from < end) this.#keepTail(bytes, from, end);
  }

  onReceiveEnded(result: number): void {
    this.#receiving = false;
    if (result === 0) {
      // The peer may still read: what is queued is sent before the session closes.
      if (this.#state === "open") this.disconnect("RECV_0");
      else if (this.#state === "draining" && this.#shutDown) this.#close(this.#reason, this.#detail, false);
      return;
    }
    if (this.#state === "open" && result === -Errno.ECANCELED && this.#host.receivePauseBytes > 0) {
      if (this.queuedBytes <= this.#host.receivePauseBytes) this.#startReceiving();
      return; // paused on purpose; onSent starts it again
    }
    if (this.#state === "open" || this.#state === "draining") {
      const reason = this.#state === "open" ? "RECV_ERROR" : this.#reason;
      this.#close(reason, this.#state === "open" ? -result : this.#detail, false);
    }
  }

  onSent(result: number): void {
    this.#sending = false;
    const queue = this.#queue;
    assert(queue !== undefined, "a send has a queue until it completes");
    if (result < 0) {
      if (this.#state === "open") this.#close("SEND_ERROR", -result, true);
      else if (this.#state === "draining") this.#close(this.#reason, this.#detail, true);
      return;
    }
    queue.consume(result);
    if (!queue.isEmpty) {
      if ((this.#state === "open" || this.#state === "draining") && !this.#flushRequested) {
        this.#flushRequested = true;
        this.#host.port.requestFlush(this);
      }
    } else {
      this.#queue = undefined;
      this.#drainedCount++;
      this.#host.giveBackQueue(queue);
      if (this.#state === "draining") this.#finishDraining();
      else if (this.#state === "open" && this.#tellsDrained) this.#handler.onDrained?.(this);
    }
    const pauseBytes = this.#host.receivePauseBytes;
    if (pauseBytes > 0 && !this.#receiving && this.#state === "open" && this.queuedBytes <= pauseBytes / 2) {
      this.#startReceiving();
    }
  }

  onClosed(): void {
    assert(!this.#sending && !this.#receiving, "a socket closes after its operations have ended");
    this.#become("closed");
    this.#host.wheel.cancel(this);
    this.#releaseTail();
    if (this.#queue !== undefined) {
      this.#queue.clear();
      this.#host.giveBackQueue(this.#queue);
      this.#queue = undefined;
    }
    this.#host.onSessionClosed(this, this.#reason, this.#detail);
    this.#handler.onDisconnected(this, this.#reason, this.#detail);
  }

  /** The timer wheel calls this. */
  onExpired(): void {
    const nowMs = this.#host.nowMs;
    if (this.#state === "draining") {
      if (nowMs >= this.#drainDeadlineMs) this.#close(this.#reason, this.#detail, true);
      else this.#scheduleTimer();
      return;
    }
    if (this.#state !== "open") return;
    if (this.#handshakeDeadlineMs > 0 && nowMs >= this.#handshakeDeadlineMs) {
      this.#handshakeDeadlineMs = 0;
      if (this.#handler.onHandshakeTimeout === undefined) this.disconnect("HANDSHAKE_TIMEOUT");
      else this.#handler.onHandshakeTimeout(this);
    } else if (this.#idleTimeoutMs > 0 && nowMs - this.#lastReceivedMs >= this.#idleTimeoutMs) {
      if (this.#handler.onIdle === undefined) this.disconnect("IDLE_TIMEOUT");
      else this.#handler.onIdle(this);
      if (this.#state === "open") this.#host.wheel.schedule(this, Math.max(this.#idleTimeoutMs, 1));
      return;
    }
    if (this.#state === "open") this.#scheduleTimer();
  }

  #become(state: SessionState): void {
    assertTransition(this.#state, state);
    this.#state = state;
  }

  #startReceiving(): void {
    this.#receiving = true;
    this.#socket.startReceiving();
  }

  #scheduleTimer(): void {
    const nowMs = this.#host.nowMs;
    let dueMs = Number.POSITIVE_INFINITY;
    if (this.#state === "draining") dueMs = this.#drainDeadlineMs;
    else {
      if (this.#handshakeDeadlineMs > 0) dueMs = this.#handshakeDeadlineMs;
      if (this.#idleTimeoutMs > 0) dueMs = Math.min(dueMs, this.#lastReceivedMs + this.#idleTimeoutMs);
    }
    if (dueMs === Number.POSITIVE_INFINITY) this.#host.wheel.cancel(this);
    else this.#host.wheel.schedule(this, Math.max(dueMs - nowMs, 0));
  }

  /** Everything queued has left: end our half and wait for the peer's. */
  #finishDraining(): void {
    if (!this.#receiving) {
      this.#close(this.#reason, this.#detail, false);
      return;
    }
    // Closing with unread bytes would send a reset, which can destroy what the peer has not read yet.
    this.#shutDown = true;
    this.#socket.shutdown();
  }

  #close(reason: DisconnectReason, detail: number, abort: boolean): void {
    if (this.#state === "open") {
      this.#reason = reason;
      this.#detail = detail;
    }
    this.#become("closing");
    this.#host.wheel.cancel(this);
    this.#socket.close(abort);
  }

  /** Delivers complete frames; returns where the incomplete rest begins, −1 when the session ended. */
  #deliverFrames(bytes: Uint8Array, start: number, end: number): number {
    const framer = this.#host.framer;
    let from = start;
    while (from < end) {
      const length = framer.frameLength(bytes, from, end);
      if (length < 0) {
        this.#refuseFrame(length);
        return -1;
      }
      if (length === 0 || from + length > end) break;
      this.#host.counters.framesReceived++;
      this.#handler.onFrame(this, bytes, from, from + length);
      if (this.#state !== "open") return -1;
      from += length;
    }
    return from;
  }

  #refuseFrame(negativeCode: number): void {
    this.#handler.onBadFrame?.(this, -negativeCode);
    this.disconnect("PACKET_ERROR", -negativeCode);
  }

  /** Copies the beginning of an incomplete frame into a rented buffer. */
  #keepTail(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#host.framer.frameLength(bytes, start, end);
    const tail = this.#host.receiveBuffers.rent(Math.max(length, this.#host.framer.headerBytes));
    if (tail === undefined) {
      this.disconnect("RECV_BUFFER_OVER_FULL");
      return;
    }
    copyBytes(bytes, start, end, tail, 0);
    this.#tail = tail;
    this.#tailBytes = end - start;
  }

  /** Goes on with the incomplete frame; returns where in `bytes` the next begins, −1: no further. */
  #completeTail(bytes: Uint8Array, start: number, end: number): number {
    const framer = this.#host.framer;
    let from = start;
    for (;;) {
      let tail = this.#tail as Uint8Array;
      const length = framer.frameLength(tail, 0, this.#tailBytes);
      if (length < 0) {
        this.#refuseFrame(length);
        return -1;
      }
      if (length > 0 && length <= this.#tailBytes) {
        this.#tail = undefined;
        this.#host.counters.framesReceived++;
        this.#handler.onFrame(this, tail, 0, length);
        this.#host.receiveBuffers.giveBack(tail);
        return this.#state === "open" ? from : -1;
      }
      if (from === end) return -1;
      if (length > tail.byteLength) {
        const larger = this.#host.receiveBuffers.rent(length);
        if (larger === undefined) {
          this.disconnect("RECV_BUFFER_OVER_FULL");
          return -1;
        }
        copyBytes(tail, 0, this.#tailBytes, larger, 0);
        this.#host.receiveBuffers.giveBack(tail);
        this.#tail = larger;
        tail = larger;
      }
      const wanted = (length === 0 ? framer.headerBytes : length) - this.#tailBytes;
      const count = Math.min(Math.max(wanted, 1), end - from);
      copyBytes(bytes, from, from + count, tail, this.#tailBytes);
      this.#tailBytes += count;
      from += count;
    }
  }

  #releaseTail(): void {
    if (this.#tail === undefined) return;
    this.#host.receiveBuffers.giveBack(this.#tail);
    this.#tail = undefined;
    this.#tailBytes = 0;
  }
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 64) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let index = start; index < end; index++) to[at + index - start] = from[index] as number;
}
