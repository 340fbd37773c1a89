import { assert } from "../base/assert.ts";
import type { Flushable, PortSocket, SocketEvents } from "./completion-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import { FrameCutter } from "./frame-cutter.ts";
import type { Framer } from "./framer.ts";
import { ArenaExhaustedError } from "./memory/arena.ts";
import { CHUNK_BYTES, type SendChunk } from "./memory/send-buffer-pool.ts";
import { Errno, PortError } from "./port-error.ts";
import type { ReceiveBufferPool } from "./receive-buffer-pool.ts";
import type { SendQueue } from "./send-queue.ts";
import { Flag } from "./session-flag.ts";
import type { SessionHandler, SessionOrigin } from "./session-handler.ts";
import type { RefusalReason, SessionHost, SessionSettings } from "./session-host.ts";
import type { SessionId } from "./session-pool.ts";
import { assertTransition, type SessionState } from "./session-state.ts";
import type { SocketAddress } from "./socket-address.ts";

/**
 * One connection: receives frames, sends ranges of chunks. At most one send and one receive are
 * outstanding (row E16). An idle session holds no buffer, neither for receiving nor for sending.
 */
export class Session extends FrameCutter implements SocketEvents, Flushable {
  // What each send touches comes first, side by side: these places have to be fetched for each session.
  readonly #host: SessionHost;
  readonly #socket: PortSocket;
  #state: SessionState = "connecting";
  /** Rented from the host while there is something to send. */
  #queue: SendQueue | undefined;
  #sending = false;
  #receiving = false;
  #flushRequested = false;
  #drainedCount = 0;
  /** Bits of {@link Flag}. */
  #flags: number;
  #handler: SessionHandler;
  readonly id: SessionId;
  readonly origin: SessionOrigin | undefined;
  #reason: DisconnectReason = "UNKNOWN";
  #detail = 0;
  #idleTimeoutMs: number;
  /** While open: of the handshake; while draining: of that. 0: none. */
  #deadlineMs = 0;
  #lastReceivedMs: number;
  /** What a trusted proxy told; undefined: the socket's. */
  #remote: SocketAddress | undefined;

  /** Only services make sessions. */
  constructor(
    host: SessionHost,
    id: SessionId,
    socket: PortSocket,
    inbound: boolean,
    origin: SessionOrigin | undefined,
    settings: SessionSettings,
  ) {
    super(settings.framer);
    this.#host = host;
    this.id = id;
    this.#socket = socket;
    this.#flags = inbound ? Flag.INBOUND : 0;
    this.origin = origin;
    this.#idleTimeoutMs = settings.idleTimeoutMs;
    this.#remote = settings.remote;
    this.#lastReceivedMs = host.nowMs;
    this.#handler = settings.createHandler(this);
    this.#noteDrained();
  }

  get state(): SessionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The peer has connected to us. */
  get inbound(): boolean {
    return (this.#flags & Flag.INBOUND) !== 0;
  }

  get handler(): SessionHandler {
    return this.#handler;
  }

  /** Who is at the other end: what a trusted proxy told, else the peer of the connection. */
  get remote(): SocketAddress {
    return this.#remote ?? this.#socket.remote;
  }

  /** The peer of the TCP connection, which may be a proxy. */
  get peer(): SocketAddress {
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

  /** When bytes last came, or receiving was resumed, on the service's coarse clock (its timer wheel's tick). */
  get lastReceivedMs(): number {
    return this.#lastReceivedMs;
  }

  /** Only the service calls this, once, in the turn that made the session. */
  start(handshakeTimeoutMs: number): void {
    this.#become("open");
    this.#socket.open(this);
    this.#deadlineMs = this.#deadline(handshakeTimeoutMs);
    this.#scheduleTimer();
    this.#handler.onConnected(this);
    if (this.#state !== "open") return;
    if ((this.#flags & Flag.PAUSED) === 0) this.#startReceiving();
    else this.#flags |= Flag.STOPPED;
  }

  /** The peer has shown who it is: the handshake timeout no longer applies. */
  completeHandshake(): void {
    this.setHandshakeTimeout(0);
  }

  /** A new deadline for the handshake, milliseconds from now; 0: none. Only while the session is open. */
  setHandshakeTimeout(timeoutMs: number): void {
    if (this.#state !== "open") return;
    this.#deadlineMs = this.#deadline(timeoutMs);
    this.#scheduleTimer();
  }

  /** Milliseconds without a received byte until `onIdle`; 0: never. Time while paused does not count. */
  setIdleTimeout(timeoutMs: number): void {
    this.#idleTimeoutMs = timeoutMs;
    this.#scheduleTimer();
  }

  /**
   * The peer, as a trusted proxy tells it; `remote` gives it from now on, and limits per address follow.
   * Gives a reason when it is over them: the session then counts for no address, and is the caller's to end.
   */
  setRemote(address: SocketAddress): RefusalReason | undefined {
    if (this.#state === "closed") return undefined;
    const former = this.remote;
    this.#remote = address;
    return this.origin?.onRemoteChanged?.(this, former, address);
  }

  /**
   * From now on frames are cut by `framer` and go to `handler`; the old handler hears nothing more, not
   * even the end. `onConnected` of the new one is not called. Allowed while the session is open, also in
   * the old handler's `onFrame`: the rest of the lent bytes is cut by the new framer then.
   *
   * The beginning of a frame of the old protocol that had arrived already is the new one's. It is cut when
   * the next bytes come, at the end of the turn at the latest, and behind what {@link deliver} is given.
   */
  switchProtocol(framer: Framer, handler: SessionHandler): void {
    if (this.#state !== "open") return;
    this.#handler = handler;
    this.#noteDrained();
    const hasTail = this.setFramer(framer);
    if (!hasTail && (this.#flags & Flag.PEER_ENDED) === 0) return;
    this.#host.port.atTurnEnd(() => {
      if (this.#state === "open" && this.hasUncutTail) this.cutTail();
      // What the old handler has heard is news for this one.
      const isOver = this.#state === "open" && (this.#flags & Flag.PEER_ENDED) !== 0;
      if (isOver && this.#handler === handler) this.#onPeerEnded();
    });
  }

  /**
   * Delivers bytes as if they had just arrived: those that a former protocol had taken and not used. Call
   * it once, after `switchProtocol`; frames are delivered before it returns. Its bytes come before those
   * that had arrived and were not cut yet: the rest of the lent ones and an incomplete frame.
   */
  deliver(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    if (this.hasUncutTail) this.cutTail(bytes);
    else this.takeBytes(bytes, 0, bytes.byteLength);
  }

  /**
   * Stops taking bytes from the kernel until {@link resumeReceiving}; what was under way may still be
   * delivered. Nothing of the peer is noticed meanwhile, neither its FIN nor a reset, unless something is
   * sent. Does not nest. A session that is disconnected receives again, to hear the peer's FIN.
   */
  pauseReceiving(): void {
    if (this.#state !== "open" || (this.#flags & Flag.PAUSED) !== 0) return;
    this.#flags |= Flag.PAUSED;
    if (this.#receiving) this.#stopReceiving();
  }

  /** Ends {@link pauseReceiving}; harmless when nothing is paused. */
  resumeReceiving(): void {
    if (this.#state !== "open" || (this.#flags & Flag.PAUSED) === 0) return;
    this.#flags &= ~Flag.PAUSED;
    this.#lastReceivedMs = this.#host.nowMs;
    this.#scheduleTimer();
    // While the stop is still under way, its completion starts receiving again.
    if (!this.#receiving && this.#mayReceive) this.#restartReceiving();
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
    const pauseBytes = this.#host.receivePauseBytes;
    if (pauseBytes > 0 && this.#receiving && queue.byteCount > pauseBytes) this.#stopReceiving();
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
    this.#deadlineMs = Math.max(1, this.#host.nowMs + this.#host.drainTimeoutMs);
    this.#scheduleTimer();
    this.releaseTail();
    // A peer that was not listened to: its FIN has to be heard, and bytes left unread would make a reset.
    if ((this.#flags & Flag.STOPPED) !== 0 && !this.#receiving && !this.#restartReceiving()) return;
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
    this.takeBytes(bytes, start, end);
  }

  onReceiveEnded(result: number): void {
    this.#receiving = false;
    if (result === 0) {
      // The peer may still read: what is queued is sent before the session closes.
      this.#flags = (this.#flags & ~Flag.STOPPED) | Flag.PEER_ENDED;
      if (this.#state === "open") this.#onPeerEnded();
      else if (this.#state === "draining" && (this.#flags & Flag.SHUT_DOWN) !== 0) {
        this.#close(this.#reason, this.#detail, false);
      }
      return;
    }
    if (this.#state !== "open" && this.#state !== "draining") return;
    if (result === -Errno.ECANCELED && (this.#flags & Flag.STOPPED) !== 0) {
      // Stopped on purpose. When it was resumed meanwhile, or the end has begun, it goes on at once.
      if (this.#state === "draining" || this.#mayReceive) this.#restartReceiving();
      return;
    }
    const reason = this.#state === "open" ? "RECV_ERROR" : this.#reason;
    this.#close(reason, this.#state === "open" ? -result : this.#detail, false);
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
      else if (this.#state === "open" && (this.#flags & Flag.TELLS_DRAINED) !== 0)
        this.#handler.onDrained?.(this);
    }
    const pauseBytes = this.#host.receivePauseBytes;
    if (pauseBytes > 0 && !this.#receiving && this.#state === "open" && this.queuedBytes <= pauseBytes / 2) {
      if ((this.#flags & (Flag.PAUSED | Flag.PEER_ENDED)) === 0) this.#restartReceiving();
    }
  }

  onClosed(): void {
    assert(!this.#sending && !this.#receiving, "a socket closes after its operations have ended");
    if (this.#state !== "closing") {
      // The port closed it while nothing was outstanding that could have told.
      if (this.#state === "open") this.#reason = "SHUTDOWN";
      this.#become("closing");
    }
    this.#become("closed");
    this.#host.wheel.cancel(this);
    this.releaseTail();
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
      // What the kernel has taken goes on its way; only what it has not taken is given up.
      if (nowMs >= this.#deadlineMs) this.#close(this.#reason, this.#detail, this.#queue !== undefined);
      else this.#scheduleTimer();
      return;
    }
    if (this.#state !== "open") return;
    if (this.#deadlineMs > 0 && nowMs >= this.#deadlineMs) {
      this.#deadlineMs = 0;
      if (this.#handler.onHandshakeTimeout === undefined) this.disconnect("HANDSHAKE_TIMEOUT");
      else this.#handler.onHandshakeTimeout(this);
    } else if (this.#isIdle(nowMs)) {
      if (this.#handler.onIdle === undefined) this.disconnect("IDLE_TIMEOUT");
      else this.#handler.onIdle(this);
      // Told again after the same time, but no later than a deadline that the handler has set.
      const delayMs = Math.min(Math.max(this.#idleTimeoutMs, 1), (this.#deadlineMs || Infinity) - nowMs);
      if (this.#state === "open") this.#host.wheel.schedule(this, Math.max(delayMs, 0));
      return;
    }
    if (this.#state === "open") this.#scheduleTimer();
  }

  #become(state: SessionState): void {
    assertTransition(this.#state, state);
    this.#state = state;
  }

  #onPeerEnded(): void {
    if (this.#handler.onPeerEnded === undefined) this.disconnect("RECV_0");
    else this.#handler.onPeerEnded(this);
  }

  #noteDrained(): void {
    if (this.#handler.onDrained === undefined) this.#flags &= ~Flag.TELLS_DRAINED;
    else this.#flags |= Flag.TELLS_DRAINED;
  }

  #isIdle(nowMs: number): boolean {
    if (this.#idleTimeoutMs === 0 || (this.#flags & Flag.PAUSED) !== 0) return false;
    return nowMs - this.#lastReceivedMs >= this.#idleTimeoutMs;
  }

  #startReceiving(): void {
    this.#receiving = true;
    this.#socket.startReceiving();
  }

  #stopReceiving(): void {
    this.#flags |= Flag.STOPPED;
    this.#socket.stopReceiving();
  }

  /** Neither the program nor a full send queue keeps the session from receiving. */
  get #mayReceive(): boolean {
    if ((this.#flags & (Flag.PAUSED | Flag.PEER_ENDED)) !== 0) return false;
    const pauseBytes = this.#host.receivePauseBytes;
    return pauseBytes === 0 || this.queuedBytes <= pauseBytes;
  }

  /** False when the session ends instead. */
  #restartReceiving(): boolean {
    this.#flags &= ~Flag.STOPPED;
    try {
      this.#startReceiving();
      return true;
    } catch (error) {
      // The port is closing, and has closed the socket before it could tell the session.
      if (!(error instanceof PortError) || error.errno !== Errno.EBADF) throw error;
      this.#receiving = false;
      this.#close("SHUTDOWN", 0, false);
      return false;
    }
  }

  #deadline(timeoutMs: number): number {
    return timeoutMs > 0 ? this.#host.nowMs + timeoutMs : 0;
  }

  #scheduleTimer(): void {
    const nowMs = this.#host.nowMs;
    let dueMs = this.#deadlineMs || Infinity;
    if (this.#state !== "draining" && this.#idleTimeoutMs > 0 && (this.#flags & Flag.PAUSED) === 0) {
      dueMs = Math.min(dueMs, this.#lastReceivedMs + this.#idleTimeoutMs);
    }
    if (dueMs === Infinity) this.#host.wheel.cancel(this);
    else this.#host.wheel.schedule(this, Math.max(dueMs - nowMs, 0));
  }

  /** Everything queued has left: end our half and wait for the peer's. */
  #finishDraining(): void {
    if (!this.#receiving) {
      this.#close(this.#reason, this.#detail, false);
      return;
    }
    // Closing with unread bytes would send a reset, which can destroy what the peer has not read yet.
    this.#flags |= Flag.SHUT_DOWN;
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

  // What cutting frames needs.

  protected override get takesFrames(): boolean {
    return this.#state === "open";
  }

  override get tailBuffers(): ReceiveBufferPool {
    return this.#host.receiveBuffers;
  }

  protected override takeFrame(bytes: Uint8Array, start: number, end: number): void {
    this.#host.counters.framesReceived++;
    this.#handler.onFrame(this, bytes, start, end);
  }

  protected override refuseFrame(code: number): void {
    this.#handler.onBadFrame?.(this, code);
    this.disconnect("PACKET_ERROR", code);
  }

  protected override refuseTail(): void {
    this.disconnect("RECV_BUFFER_OVER_FULL");
  }
}
