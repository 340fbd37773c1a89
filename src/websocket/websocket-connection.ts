import { assert } from "../base/assert.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { DisconnectReason, SendChunk, Session, SessionHandler } from "../engine/index.ts";
import { CloseCode, closeCodeOf, describeFault, isCloseCode, WebSocketFault } from "./close-code.ts";
import { closePayload, readCloseCode } from "./close-frame.ts";
import {
  CONTROL_PAYLOAD_LIMIT_BYTES,
  FIN,
  FRAME_HEADER_LIMIT_BYTES,
  MASK_BYTES,
  Opcode,
  RSV1,
  writeFrameHeader,
} from "./frame-header.ts";
import { applyMask } from "./mask.ts";
import { fragmentLimit, MessageAssembler, NO_BUFFER } from "./message-assembler.ts";
import { deflateMessage, inflateMessage } from "./message-deflate.ts";
import { PongQueue } from "./pong-queue.ts";
import { isUtf8Range } from "./utf8-check.ts";
import { WebSocketFramer } from "./websocket-framer.ts";
import {
  DEFAULT_CLOSE_TIMEOUT_MS,
  DEFAULT_CONTROL_FRAMES_PER_SECOND,
  type WebSocketHandler,
  type WebSocketOptions,
} from "./websocket-handler.ts";

export type { WebSocketHandler, WebSocketOptions } from "./websocket-handler.ts";

/**
 * The life of a connection:
 *
 * - `open`: messages come and go;
 * - `closing`: our close frame is on its way, the peer's is awaited; its messages are not heard any more;
 * - `closed`: nothing is heard or sent; the session sends what is queued and ends.
 */
type State = "open" | "closing" | "closed";

/** Headers, and control frames whole, are written here and copied from here at once. */
const scratch = new Uint8Array(FRAME_HEADER_LIMIT_BYTES + CONTROL_PAYLOAD_LIMIT_BYTES);

/** The server's side of a WebSocket connection on an engine session (RFC 6455, RFC 7692). */
export class WebSocketConnection implements SessionHandler {
  readonly session: Session;
  /** permessage-deflate was negotiated. */
  readonly isDeflated: boolean;
  readonly #options: WebSocketOptions;
  readonly #handler: WebSocketHandler;
  #state: State = "open";
  /** Of the close frame that came or went first. */
  #closeCode: number = CloseCode.NO_CLOSE_FRAME;
  /** What `close` was given; told at the end, whatever the peer does meanwhile. */
  #engineReason: DisconnectReason | undefined;
  #detail = 0;
  /** The fragmented message that has begun. */
  #assembler: MessageAssembler | undefined;
  /** Both are made with the first ping or pong: most clients send none. */
  #pongs: PongQueue | undefined;
  #controlRate: TokenBucket | undefined;
  /** Bytes given to the session; those before the switch included as far as they were waiting then. */
  #givenBytes: number;

  private constructor(
    session: Session,
    options: WebSocketOptions,
    makeHandler: (connection: WebSocketConnection) => WebSocketHandler,
  ) {
    this.session = session;
    this.isDeflated = options.deflate !== undefined;
    this.#options = options;
    this.#givenBytes = session.queuedBytes;
    session.switchProtocol(new WebSocketFramer(options.messageLimitBytes, this.isDeflated), this);
    this.#handler = makeHandler(this);
  }

  /**
   * Switches an open session to WebSocket and returns the connection. The 101 response was queued before;
   * bytes that came behind the request are the caller's to `session.deliver`, after this. Throws
   * RangeError for a message limit that is not from 1 to 64 MiB.
   */
  static accept(
    session: Session,
    options: WebSocketOptions,
    makeHandler: (connection: WebSocketConnection) => WebSocketHandler,
  ): WebSocketConnection {
    assert(session.isOpen, "a session that is ending cannot become a WebSocket");
    return new WebSocketConnection(session, options, makeHandler);
  }

  /** Messages can be sent. False from `close` on, while the session may still be open for a moment. */
  get isOpen(): boolean {
    return this.#state === "open" && this.session.isOpen;
  }

  /**
   * Sends one binary message whose payload is this range: a header, then the range itself. Nothing is
   * copied unless it is compressed. False when the connection is not open, or ended by its send queue's limit.
   */
  sendRange(chunk: SendChunk, start: number, end: number): boolean {
    const settings = this.#options.deflate?.settings;
    if (settings !== undefined && end - start >= settings.thresholdBytes) {
      return this.sendMessage(chunk.bytes.subarray(start, end), false);
    }
    if (!this.isOpen) return false;
    // Writing the header may move the pool on to another chunk, and this one would be written again.
    chunk.retain();
    const isSent =
      this.#sendHeader(Opcode.BINARY, end - start, false) &&
      (start === end || this.#count(end - start, this.session.send(chunk, start, end)));
    chunk.release();
    return isSent;
  }

  /** Sends a range that is whole frames already, compressed or not, or a part of them in its order. */
  sendFramed(chunk: SendChunk, start: number, end: number): boolean {
    if (this.#state !== "open") return false;
    this.#givenBytes += end - start;
    return this.session.send(chunk, start, end);
  }

  /** Sends a copy of `bytes` as one message; a text must be UTF-8. False as for `sendRange`. */
  sendMessage(bytes: Uint8Array, isText: boolean): boolean {
    if (!this.isOpen) return false;
    const opcode = isText ? Opcode.TEXT : Opcode.BINARY;
    const settings = this.#options.deflate?.settings;
    if (settings !== undefined && bytes.byteLength >= settings.thresholdBytes) {
      const deflated = deflateMessage([bytes], settings);
      if (deflated.byteLength < bytes.byteLength) return this.#sendCopy(opcode, deflated, true);
    }
    return this.#sendCopy(opcode, bytes, false);
  }

  /** Sends a ping; at most 125 bytes, a RangeError otherwise. False as for `sendRange`. */
  ping(payload: Uint8Array = nothing): boolean {
    if (payload.byteLength > CONTROL_PAYLOAD_LIMIT_BYTES) {
      throw new RangeError(
        `a ping has at most ${CONTROL_PAYLOAD_LIMIT_BYTES} bytes, got ${payload.byteLength}`,
      );
    }
    return this.isOpen && this.#sendControl(Opcode.PING, payload, 0, payload.byteLength);
  }

  /**
   * Begins the close handshake: a close frame, behind what is queued. When the peer has answered with its
   * own, or the close timeout has passed, the session ends with `engineReason` and `detail` (default:
   * DISCONNECT and the code). Nothing the peer still sends is heard. The first call counts.
   *
   * Throws RangeError for a code that no close frame may have; a reason is cut at 123 bytes.
   */
  close(
    code: number,
    reason?: string,
    engineReason: DisconnectReason = "DISCONNECT",
    detail: number = code,
  ): void {
    const payload = closePayload(code, reason);
    if (!this.isOpen) return;
    this.#state = "closing";
    this.#closeCode = code;
    this.#engineReason = engineReason;
    this.#detail = detail;
    this.#dropMessage();
    if (!this.#sendControl(Opcode.CLOSE, payload, 0, payload.byteLength)) return;
    // Time is up at once where no time is given.
    const timeoutMs = this.#options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS;
    if (timeoutMs > 0) this.session.setHandshakeTimeout(timeoutMs);
    else this.#finish(engineReason, detail);
  }

  /** Ends the session at once with a reset; what is queued is dropped. */
  abort(reason: DisconnectReason = "DISCONNECT", detail = 0): void {
    this.session.abort(reason, detail);
  }

  // What the session tells.

  onConnected(): void {
    // The session was connected before it became a WebSocket.
  }

  onFrame(_session: Session, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "closed") return;
    const first = bytes[start] as number;
    const short = (bytes[start + 1] as number) & 0x7f;
    const maskAt = start + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const payloadAt = maskAt + MASK_BYTES;
    const opcode = first & 0x0f;
    if (this.#state === "closing" && opcode !== Opcode.CLOSE) return;
    applyMask(bytes, payloadAt, end, bytes, maskAt);
    switch (opcode) {
      case Opcode.CLOSE:
        this.#onClose(bytes, payloadAt, end);
        break;
      case Opcode.PING:
        this.#onPing(bytes, payloadAt, end);
        break;
      case Opcode.PONG:
        if (this.#isWithinRate()) this.#handler.onPong?.(this, bytes, payloadAt, end);
        break;
      default:
        this.#onData(first, bytes, payloadAt, end);
    }
  }

  onBadFrame(_session: Session, code: number): void {
    this.#fail(code);
  }

  onIdle(): void {
    if (this.#state !== "open") return;
    if (this.#handler.onIdle !== undefined) this.#handler.onIdle(this);
    else this.close(CloseCode.GOING_AWAY, "nothing was received for too long", "IDLE_TIMEOUT", 0);
  }

  onHandshakeTimeout(): void {
    if (this.#state === "open") {
      if (this.#handler.onHandshakeTimeout !== undefined) this.#handler.onHandshakeTimeout(this);
      else this.close(CloseCode.POLICY_VIOLATION, "the handshake took too long", "HANDSHAKE_TIMEOUT", 0);
      return;
    }
    // The close frame was not answered. A peer that has not even taken it gets no further time.
    if (this.session.queuedBytes > 0) this.session.abort(this.#engineReason, this.#detail);
    else this.#finish(this.#engineReason ?? "DISCONNECT", this.#detail);
  }

  onDrained(): void {
    if (this.#state !== "open") return;
    const held = this.#pongs?.take();
    if (held !== undefined) this.#sendPong(held, 0, held.byteLength);
    this.#handler.onDrained?.(this);
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    this.#state = "closed";
    this.#dropMessage();
    if (this.#engineReason === undefined) {
      this.#handler.onDisconnected(this, this.#closeCode, reason, detail);
    } else {
      this.#handler.onDisconnected(this, this.#closeCode, this.#engineReason, this.#detail);
    }
  }

  // Messages.

  #onData(first: number, bytes: Uint8Array, start: number, end: number): void {
    const opcode = first & 0x0f;
    const isLast = (first & FIN) !== 0;
    if (opcode === Opcode.CONTINUATION) {
      if (this.#assembler === undefined) this.#fail(WebSocketFault.NOTHING_TO_CONTINUE);
      else this.#addFragment(this.#assembler, bytes, start, end, isLast);
      return;
    }
    if (this.#assembler !== undefined) {
      this.#fail(WebSocketFault.MESSAGE_NOT_FINISHED);
      return;
    }
    const isText = opcode === Opcode.TEXT;
    const isDeflated = (first & RSV1) !== 0;
    if (isLast) {
      this.#deliver(bytes, start, end, isText, isDeflated, false);
      return;
    }
    const { messageLimitBytes } = this.#options;
    const fragments = this.#options.fragmentLimit ?? fragmentLimit(messageLimitBytes);
    const pool = this.session.tailBuffers;
    this.#assembler = new MessageAssembler(pool, messageLimitBytes, fragments, isText, isDeflated);
    this.#addFragment(this.#assembler, bytes, start, end, false);
  }

  #addFragment(
    assembler: MessageAssembler,
    bytes: Uint8Array,
    start: number,
    end: number,
    isLast: boolean,
  ): void {
    const fault = assembler.add(bytes, start, end, isLast);
    if (fault === NO_BUFFER) {
      this.#sendClose(CloseCode.TRY_AGAIN_LATER, "the server has no memory for this message");
      this.#finish("RECV_BUFFER_OVER_FULL", 0);
    } else if (fault !== 0) this.#fail(fault);
    else if (isLast) {
      // Whatever the handler does, the next message is another one.
      this.#assembler = undefined;
      try {
        const { isText, isDeflated } = assembler;
        this.#deliver(assembler.bytes, 0, assembler.byteCount, isText, isDeflated, true);
      } finally {
        assembler.release();
      }
    }
  }

  #deliver(
    bytes: Uint8Array,
    start: number,
    end: number,
    isText: boolean,
    isDeflated: boolean,
    isChecked: boolean,
  ): void {
    if (!isDeflated) {
      if (isText && !isChecked && !isUtf8Range(bytes, start, end)) this.#fail(WebSocketFault.TEXT_NOT_UTF8);
      else this.#handler.onMessage(this, bytes, start, end, isText);
      return;
    }
    const inflated = inflateMessage(bytes, start, end, this.#options.messageLimitBytes);
    if (typeof inflated === "number") this.#fail(inflated);
    else this.#deliver(inflated, 0, inflated.byteLength, isText, false, false);
  }

  #dropMessage(): void {
    this.#assembler?.release();
    this.#assembler = undefined;
  }

  // Control frames.

  #onPing(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isWithinRate()) return;
    this.#pongs ??= new PongQueue();
    if (this.#pongs.mayAnswer(this.#givenBytes - this.session.queuedBytes)) this.#sendPong(bytes, start, end);
    else this.#pongs.hold(bytes, start, end);
  }

  #sendPong(bytes: Uint8Array, start: number, end: number): void {
    if (this.#sendControl(Opcode.PONG, bytes, start, end)) this.#pongs?.answered(this.#givenBytes);
  }

  /** The session's clock is exact to its service's tick, which is enough here. */
  #isWithinRate(): boolean {
    const rate = this.#options.controlFramesPerSecond ?? DEFAULT_CONTROL_FRAMES_PER_SECOND;
    if (rate === 0) return true;
    const nowMs = this.session.lastReceivedMs;
    this.#controlRate ??= new TokenBucket(rate, rate * 2, nowMs);
    if (this.#controlRate.take(1, nowMs) === 0) return true;
    this.#fail(WebSocketFault.CONTROL_RATE);
    return false;
  }

  #onClose(bytes: Uint8Array, start: number, end: number): void {
    const code = readCloseCode(bytes, start, end);
    if (code < 0) {
      this.#fail(-code);
      return;
    }
    if (this.#state === "open") {
      this.#closeCode = code;
      // The peer's own code goes back to it (5.5.1), or none where it gave none.
      this.#sendControl(Opcode.CLOSE, bytes, start, Math.min(end, start + 2));
      this.#finish("RECV_0", 0);
    } else this.#finish(this.#engineReason ?? "DISCONNECT", this.#detail);
  }

  /** Fails the connection (7.1.7): says why, unless a close frame has gone already, and waits for nothing. */
  #fail(fault: number): void {
    if (this.#state === "open") {
      this.#sendClose(closeCodeOf(fault), describeFault(fault));
      this.#finish("PACKET_ERROR", fault);
    } else if (this.#state === "closing") this.#finish(this.#engineReason ?? "DISCONNECT", this.#detail);
  }

  #sendClose(code: number, reason: string): void {
    assert(isCloseCode(code), "a fault has a close code");
    const payload = closePayload(code, reason);
    this.#closeCode = code;
    this.#sendControl(Opcode.CLOSE, payload, 0, payload.byteLength);
  }

  /** What is queued is sent, then FIN: the server is who ends the TCP connection (7.1.1). */
  #finish(reason: DisconnectReason, detail: number): void {
    this.#state = "closed";
    this.#dropMessage();
    this.session.disconnect(reason, detail);
  }

  // Sending.

  #sendCopy(opcode: number, payload: Uint8Array, isDeflated: boolean): boolean {
    const count = payload.byteLength;
    if (!this.#sendHeader(opcode, count, isDeflated)) return false;
    return count === 0 || this.#count(count, this.session.sendBytes(payload));
  }

  #sendHeader(opcode: number, payloadBytes: number, isDeflated: boolean): boolean {
    const flags = isDeflated ? deflatedFlags : undefined;
    const count = writeFrameHeader(scratch, 0, opcode, payloadBytes, flags);
    return this.#count(count, this.session.sendBytes(scratch, 0, count));
  }

  #sendControl(opcode: number, bytes: Uint8Array, start: number, end: number): boolean {
    const at = writeFrameHeader(scratch, 0, opcode, end - start);
    for (let index = start; index < end; index++) scratch[at + index - start] = bytes[index] as number;
    const count = at + end - start;
    return this.#count(count, this.session.sendBytes(scratch, 0, count));
  }

  #count(byteCount: number, isSent: boolean): boolean {
    if (isSent) this.#givenBytes += byteCount;
    return isSent;
  }
}

const deflatedFlags = { rsv1: true } as const;
const nothing = new Uint8Array(0);
