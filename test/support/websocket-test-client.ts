import assert from "node:assert/strict";
import { inflateRawSync } from "node:zlib";
import {
  type CompletionPort,
  type DisconnectReason,
  SendBufferPool,
  Service,
  type Session,
  type SessionHandler,
  type SocketAddress,
} from "../../src/engine/index.ts";
import { acceptKey } from "../../src/websocket/index.ts";
import { closeFrame, type ServerFrame, ServerFrames } from "./websocket-frames.ts";

/** What a client heard, in order; payloads as Latin-1, a byte a character. */
export type Heard =
  | readonly ["text" | "binary" | "ping" | "pong", payload: string]
  | readonly ["close", code: number | undefined, reason: string];

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A WebSocket client that sends the bytes it is told to and checks all that comes back. */
export class WebSocketTestClient implements SessionHandler {
  readonly heard: Heard[] = [];
  /** The response's head. */
  head = "";
  isOpen = false;
  /** The server has ended the TCP connection, how and with which errno. */
  end: { readonly reason: DisconnectReason; readonly detail: number } | undefined;
  /** A close frame was sent before one came. */
  closedFirst = false;
  /** Asked after each thing heard. */
  onHeard: () => void = () => {};
  /** Of data frames that came. */
  readonly compressed: boolean[] = [];
  readonly service: Service;
  readonly #port: CompletionPort;
  readonly #frames = new ServerFrames();
  #session: Session | undefined;
  #responseBytes = Buffer.alloc(0);
  readonly #toSend: { readonly bytes: Uint8Array; from: number; readonly chopBytes: number }[] = [];
  #hasSentClose = false;
  #message: { readonly frame: ServerFrame; readonly parts: Buffer[] } | undefined;

  /** `sendBuffers`: shared by clients of one port, since what a port's arena gave out stays given out. */
  constructor(port: CompletionPort, sendBuffers = new SendBufferPool(port.arena)) {
    this.#port = port;
    this.service = new Service({
      port,
      kind: "client",
      createHandler: () => this,
      sendBuffers,
      limits: { sendQueueBytes: 134_217_728 },
    });
  }

  /** Connects and asks for a WebSocket; `extra`: further header lines. */
  async connect(address: SocketAddress, extra: readonly string[] = []): Promise<void> {
    this.#session = await this.service.connect(address);
    const request = [
      "GET / HTTP/1.1",
      "Host: localhost",
      "Upgrade: websocket",
      "Connection: keep-alive, Upgrade",
      `Sec-WebSocket-Key: ${KEY}`,
      "Sec-WebSocket-Version: 13",
      ...extra,
    ];
    this.#session.sendBytes(Buffer.from(`${request.join("\r\n")}\r\n\r\n`));
  }

  get closeFrame(): readonly ["close", code: number | undefined, reason: string] | undefined {
    return this.heard.find((event) => event[0] === "close");
  }

  /** Everything but close frames. */
  get messages(): Heard[] {
    return this.heard.filter(([kind]) => kind !== "close");
  }

  /** Sends bytes; in pieces of `chopBytes`, each in a turn of its own, when that is given. */
  send(bytes: Uint8Array, chopBytes = Number.POSITIVE_INFINITY): void {
    this.#toSend.push({ bytes, from: 0, chopBytes });
    if (this.#toSend.length === 1) this.#port.post(this.#sendNext);
  }

  close(code?: number, reason = ""): void {
    this.willClose();
    this.send(closeFrame(code, reason));
  }

  /** A close frame is among the bytes that are sent. */
  willClose(): void {
    this.#hasSentClose = true;
    this.closedFirst = this.closeFrame === undefined;
  }

  abort(): void {
    this.#session?.abort();
  }

  pauseReceiving(): void {
    this.#session?.pauseReceiving();
  }

  resumeReceiving(): void {
    this.#session?.resumeReceiving();
  }

  onConnected(): void {
    // `connect` has the session.
  }

  onFrame(_session: Session, bytes: Uint8Array, start: number, end: number): void {
    const received = bytes.subarray(start, end);
    if (this.isOpen) {
      this.#hear(received);
      return;
    }
    this.#responseBytes = Buffer.concat([this.#responseBytes, received]);
    const length = this.#responseBytes.indexOf("\r\n\r\n");
    if (length < 0) return;
    this.head = this.#responseBytes.subarray(0, length).toString("latin1");
    if (!this.head.startsWith("HTTP/1.1 101 ")) return;
    assert.ok(this.head.includes(`Sec-WebSocket-Accept: ${acceptKey(KEY)}`));
    this.isOpen = true;
    this.#hear(this.#responseBytes.subarray(length + 4));
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    this.end = { reason, detail };
  }

  readonly #sendNext = (): void => {
    const next = this.#toSend[0];
    if (next === undefined) return;
    const to = Math.min(next.from + next.chopBytes, next.bytes.byteLength);
    this.#session?.sendBytes(next.bytes, next.from, to);
    next.from = to;
    if (to === next.bytes.byteLength) this.#toSend.shift();
    if (this.#toSend.length > 0) this.#port.post(this.#sendNext);
  };

  #hear(bytes: Uint8Array): void {
    for (const frame of this.#frames.add(bytes)) {
      assert.equal(this.closeFrame, undefined, "nothing follows a close frame");
      this.#hearFrame(frame);
    }
  }

  #hearFrame(frame: ServerFrame): void {
    const { opcode, payload } = frame;
    if (opcode >= 8) {
      assert.ok(frame.fin && frame.rsv === 0 && payload.length <= 125);
      if (opcode === 8) this.#hearClose(payload);
      else this.#heard([opcode === 9 ? "ping" : "pong", payload.toString("latin1")]);
      return;
    }
    assert.equal(opcode === 0, this.#message !== undefined, "messages are not mixed up");
    this.#message ??= { frame, parts: [] };
    this.#message.parts.push(payload);
    if (!frame.fin) return;
    const { frame: first, parts } = this.#message;
    this.#message = undefined;
    const whole = Buffer.concat(parts);
    this.compressed.push(first.rsv === 4);
    assert.ok(first.rsv === 0 || first.rsv === 4);
    const plain =
      first.rsv === 4 ? inflateRawSync(Buffer.concat([whole, Buffer.from("0000ffff0300", "hex")])) : whole;
    this.#heard([first.opcode === 1 ? "text" : "binary", plain.toString("latin1")]);
  }

  #hearClose(payload: Buffer): void {
    const code = payload.length === 0 ? undefined : payload.readUInt16BE(0);
    this.#heard(["close", code, payload.subarray(2).toString("utf8")]);
    if (!this.#hasSentClose) {
      this.#hasSentClose = true;
      this.send(closeFrame(code));
    }
  }

  #heard(event: Heard): void {
    this.heard.push(event);
    this.onHeard();
  }
}
