import { Duplex } from "node:stream";
import { assert } from "../../base/assert.ts";
import type { CompletionPort, PortSocket, PortTimer, SocketEvents } from "../completion-port.ts";
import { ArenaExhaustedError } from "../memory/arena.ts";
import { CHUNK_BYTES, type SendBufferPool, type SendChunk } from "../memory/send-buffer-pool.ts";
import { Errno, PortError } from "../port-error.ts";
import { SendQueue } from "../send-queue.ts";

/** Bytes received that TLS has not taken yet, at which the socket stops receiving. */
const READ_AHEAD_BYTES = 65_536;

/** The time that a peer has to read why it was refused, milliseconds. */
const FAREWELL_MS = 1000;

/** What a link tells whoever works with it. */
export interface CipherLinkEvents {
  /** Bytes that came before there was a stream; a copy. */
  onPrelude(bytes: Buffer): void;
  /** Where it is there: bytes [start, end) came, instead of `onPrelude`; lent until this returns. */
  onCipher?(bytes: Uint8Array, start: number, end: number): void;
  /** All that was queued with `queueCipher` has left. */
  onTaken?(): void;
  /** The peer has sent its FIN; everything before it has been given on. */
  onPeerFinished(): void;
  /** The connection broke; `errno` is positive. Told once. */
  onBroken(errno: number): void;
  /** Everything written has left, and then FIN. */
  onFinished(): void;
  /** TLS wants no more; why may be told elsewhere. Outside of turns, perhaps. */
  onGivenUp?(): void;
  /** Terminal. Always in a turn. */
  onClosed(): void;
}

/**
 * The connection under TLS: a socket of any port, as a stream for Node's TLSSocket. What comes first can be
 * looked at before there is a stream: a PROXY header, or bytes that are not TLS.
 *
 * The peer's FIN is not given to the stream. TLS has an end of its own (close_notify), and a FIN without it
 * is no end but a truncation; Node does not tell the two apart.
 */
export class CipherLink implements SocketEvents {
  readonly socket: PortSocket;
  readonly #pool: SendBufferPool;
  #events: CipherLinkEvents;
  #stream: CipherStream | undefined;
  readonly #queue = new SendQueue();
  #isSending = false;
  #onTaken: ((error?: Error | null) => void) | undefined;
  #receiving: "no" | "yes" | "stopping" = "no";
  #wantsBytes = false;
  #hasEnded = false;
  #brokenBy = 0;
  #finishesSoon = false;
  #isClosing = false;
  #isClosed = false;

  constructor(socket: PortSocket, pool: SendBufferPool, events: CipherLinkEvents) {
    this.socket = socket;
    this.#pool = pool;
    this.#events = events;
    socket.open(this);
  }

  /** Somebody else works with the link from now on. */
  setEvents(events: CipherLinkEvents): void {
    this.#events = events;
  }

  /** Positive errno; 0 while the connection holds. */
  get brokenBy(): number {
    return this.#brokenBy;
  }

  /** Bytes received that TLS has not taken yet. */
  get unreadBytes(): number {
    return this.#stream?.readableLength ?? 0;
  }

  /** Bytes that wait or are being sent. */
  get queuedBytes(): number {
    return this.#queue.byteCount;
  }

  get isSending(): boolean {
    return this.#isSending;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Starts or stops receiving. */
  receive(wantsBytes: boolean): void {
    this.#wantsBytes = wantsBytes;
    if (this.#isClosing || this.#hasEnded) return;
    if (wantsBytes && this.#receiving === "no") this.#startReceiving();
    else if (!wantsBytes && this.#receiving === "yes") {
      this.#receiving = "stopping";
      this.#unlessClosed(() => this.socket.stopReceiving());
    }
  }

  /** The stream for TLS, which begins with `first`. Once. */
  makeStream(first?: Uint8Array): Duplex {
    assert(this.#stream === undefined, "a link has one stream");
    this.#stream = new CipherStream(this);
    if (first !== undefined && first.byteLength > 0) this.#stream.push(first);
    return this.#stream;
  }

  /** Sends copies of `pieces`. For the stream, and for peers that do not speak TLS. */
  write(pieces: readonly Uint8Array[], onTaken: (error?: Error | null) => void): void {
    assert(this.#onTaken === undefined, "one write is under way at a time");
    if (this.#brokenBy > 0 || this.#isClosing) {
      onTaken(new PortError("send", this.#brokenBy > 0 ? this.#brokenBy : Errno.EPIPE));
      return;
    }
    this.#onTaken = onTaken;
    try {
      for (const piece of pieces) this.#queueCopy(piece);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.#break(Errno.ENOBUFS);
      return;
    }
    this.pump();
  }

  /** Queues bytes [start, end) of `chunk`, which `pump` sends. */
  queueCipher(chunk: SendChunk, start: number, end: number): void {
    if (this.#brokenBy === 0 && !this.#isClosing) this.#queue.push(chunk, start, end);
  }

  /** Sends what is queued unless something is being sent; then it follows. */
  pump(): void {
    if (this.#isSending || this.#queue.isEmpty || this.#isClosing) return;
    this.#isSending = true;
    if (!this.#unlessClosed(() => this.socket.send(this.#queue))) this.#isSending = false;
  }

  /** FIN, behind everything that was written. */
  finish(): void {
    if (this.#isClosing || this.#brokenBy > 0) return;
    this.#unlessClosed(() => this.socket.shutdown());
    if (this.#finishesSoon && this.#hasEnded) this.close(false);
    else this.#events.onFinished();
  }

  /**
   * What was written is sent (an alert of TLS, mostly), then FIN; what comes is dropped. The connection is closed
   * when the peer has closed it too, after a second at most; `onClosed` is called then.
   */
  closeSoon(port: CompletionPort, onClosed?: () => void): void {
    this.#events = new Farewell(this, port, onClosed);
    this.#finishesSoon = true;
    this.receive(true);
    if (!this.#isSending) this.finish();
  }

  /** Only the stream calls this: TLS has given it up, before the end or after it. */
  onStreamGone(): void {
    if (!this.#isClosing) this.#events.onGivenUp?.();
  }

  /** `onClosed` follows. */
  close(abort: boolean): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.socket.close(abort);
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosing || this.#finishesSoon) return;
    if (this.#stream === undefined && this.#events.onCipher !== undefined) {
      this.#events.onCipher(bytes, start, end);
      return;
    }
    // It is lent, and streams keep what they are given.
    const copy = Buffer.from(bytes.subarray(start, end));
    if (this.#stream === undefined) this.#events.onPrelude(copy);
    else if (!this.#stream.destroyed && !this.#stream.push(copy)) this.receive(false);
  }

  onReceiveEnded(result: number): void {
    const wasStopping = this.#receiving === "stopping";
    this.#receiving = "no";
    if (this.#isClosing) return;
    if (result === -Errno.ECANCELED) {
      // Where nobody asked for it, the port is closing, and `onClosed` follows.
      if (wasStopping && this.#wantsBytes) this.#startReceiving();
      return;
    }
    this.#hasEnded = true;
    if (result === 0) this.#events.onPeerFinished();
    else this.#break(-result);
  }

  onSent(result: number): void {
    this.#isSending = false;
    if (result < 0) {
      this.#break(-result);
      return;
    }
    this.#queue.consume(result);
    if (!this.#queue.isEmpty) this.pump();
    else {
      this.#endWrite(null);
      if (this.#finishesSoon) this.finish();
      else this.#events.onTaken?.();
    }
  }

  onClosed(): void {
    this.#isClosing = true;
    this.#isClosed = true;
    this.#queue.clear();
    this.#endWrite(new PortError("send", Errno.ECANCELED));
    this.#stream?.destroy();
    this.#events.onClosed();
  }

  #startReceiving(): void {
    this.#receiving = "yes";
    if (!this.#unlessClosed(() => this.socket.startReceiving())) this.#receiving = "no";
  }

  #queueCopy(piece: Uint8Array): void {
    for (let from = 0; from < piece.byteLength; from += CHUNK_BYTES) {
      const part = piece.subarray(from, from + CHUNK_BYTES);
      const chunk = this.#pool.open(part.byteLength);
      const at = chunk.writtenBytes;
      chunk.bytes.set(part, at);
      this.#pool.close(part.byteLength);
      this.#queue.push(chunk, at, at + part.byteLength);
    }
  }

  #endWrite(error: Error | null): void {
    const onTaken = this.#onTaken;
    this.#onTaken = undefined;
    onTaken?.(error);
  }

  #break(errno: number): void {
    if (this.#brokenBy > 0) return;
    this.#brokenBy = errno;
    this.#hasEnded = true;
    if (!this.#isSending) this.#queue.clear();
    this.#endWrite(new PortError("send", errno));
    if (!this.#isClosing) this.#events.onBroken(errno);
  }

  /** False when the port has closed the socket already and has only not told yet. */
  #unlessClosed(call: () => void): boolean {
    if (this.#isClosed) return false;
    try {
      call();
      return true;
    } catch (error) {
      if (!(error instanceof PortError) || error.errno !== Errno.EBADF) throw error;
      return false;
    }
  }
}

/** Waits until what a failed handshake had still to say is out, and the peer has closed. */
class Farewell implements CipherLinkEvents {
  readonly #link: CipherLink;
  readonly #onClosed: (() => void) | undefined;
  #timer: PortTimer | undefined;

  constructor(link: CipherLink, port: CompletionPort, onClosed?: () => void) {
    this.#link = link;
    this.#onClosed = onClosed;
    try {
      this.#timer = port.startTimer(FAREWELL_MS, () => link.close(true));
    } catch (error) {
      // A port that is closing closes this, too.
      if (!(error instanceof PortError)) throw error;
    }
  }

  onPrelude(): void {
    // Nothing it says is heard.
  }

  onPeerFinished(): void {
    this.#link.close(false);
  }

  onBroken(): void {
    this.#link.close(true);
  }

  onFinished(): void {
    // The peer's own FIN is awaited, or the time.
  }

  onClosed(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#onClosed?.();
  }
}

/** What Node's TLSSocket reads and writes. It does not own the connection: destroying it closes nothing. */
class CipherStream extends Duplex {
  readonly #link: CipherLink;

  constructor(link: CipherLink) {
    super({ highWaterMark: READ_AHEAD_BYTES, allowHalfOpen: true, decodeStrings: true });
    this.#link = link;
    // What breaks is told by the link; without a listener it would end the process.
    this.on("error", () => undefined);
  }

  override _read(): void {
    this.#link.receive(true);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#link.write([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#link.write(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#link.onStreamGone();
    done(error);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#link.finish();
    done();
  }
}
