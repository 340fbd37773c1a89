import { RoomConnection } from "./room-connection.ts";
import { UpgradeResponse, upgradeRequest } from "./upgrade.ts";

const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;
const MASK_BYTES = 4;

/**
 * A member behind a WebSocket (RFC 6455), as far as counting needs it: no extensions, no fragments. Its
 * own messages are masked with the key 0, so masking is nothing here; the server unmasks as ever.
 */
export class WebSocketConnection extends RoomConnection {
  readonly #response = new UpgradeResponse();

  override start(): void {
    this.queueBytes(upgradeRequest(this.path()));
  }

  protected path(): string {
    return `/?room=${this.room.index}`;
  }

  /** Bytes of a publication's frame before and after the text. */
  protected readonly before: Uint8Array = new Uint8Array(0);
  protected readonly after: Uint8Array = new Uint8Array(0);

  override onReceived(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#response.isDone ? start : this.#readResponse(bytes, start, end);
    if (from < end) super.onReceived(bytes, from, end);
  }

  protected override frameLength(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < 2) return 0;
    const length = (bytes[start + 1] as number) & 0x7f;
    if (length < 126) return 2 + length;
    if (end - start < 4) return 0;
    // A length of 64 bits (127) is far above anything that is sent here.
    return 4 + (((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number));
  }

  protected override onFrame(bytes: Uint8Array, start: number, end: number): void {
    const opcode = (bytes[start] as number) & 15;
    const payload = start + ((bytes[start + 1] as number) < 126 ? 2 : 4);
    if (opcode <= 2) this.onPayload(bytes, payload, end);
    else if (opcode === OPCODE_PING) this.sendFrame(OPCODE_PONG, bytes.slice(payload, end));
    else if (opcode === OPCODE_CLOSE) this.run.fail(new Error("the server closed a WebSocket"));
  }

  protected onPayload(bytes: Uint8Array, start: number, _end: number): void {
    this.onDelivery(bytes, start);
  }

  /** The handshake is over. */
  protected onUpgraded(): void {
    this.run.isReady(this);
  }

  protected sendText(text: string): void {
    this.sendFrame(OPCODE_TEXT, new TextEncoder().encode(text));
  }

  protected sendFrame(opcode: number, payload: Uint8Array): void {
    const frame = new Uint8Array(2 + MASK_BYTES + payload.byteLength);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | payload.byteLength;
    frame.set(payload, 2 + MASK_BYTES);
    this.queueBytes(frame);
  }

  protected override sendPublication(sequence: number): void {
    const payloadBytes = this.before.byteLength + this.job.textBytes + this.after.byteLength;
    const byteCount = 2 + MASK_BYTES + payloadBytes;
    const chunk = this.run.buffers.open(byteCount);
    const { bytes, writtenBytes: start } = chunk;
    bytes[start] = 0x80 | OPCODE_TEXT;
    bytes[start + 1] = 0x80 | payloadBytes;
    bytes.fill(0, start + 2, start + 2 + MASK_BYTES);
    const textStart = start + 2 + MASK_BYTES + this.before.byteLength;
    bytes.set(this.before, start + 2 + MASK_BYTES);
    this.writeText(bytes, textStart, sequence);
    bytes.set(this.after, textStart + this.job.textBytes);
    this.run.buffers.close(byteCount);
    this.queueRange(chunk, start, start + byteCount);
  }

  #readResponse(bytes: Uint8Array, start: number, end: number): number {
    const from = this.#response.read(bytes, start, end);
    if (this.#response.fault !== undefined) this.run.fail(new Error(this.#response.fault));
    if (this.#response.isDone) this.onUpgraded();
    return from;
  }
}

const MINUS = 0x2d;
const ENGINE_OPEN = 0x30;
const ENGINE_PING = 0x32;
const ENGINE_MESSAGE = 0x34;
const SOCKET_CONNECT = 0x30;
const SOCKET_EVENT = 0x32;
const SOCKET_ERROR = 0x34;

/**
 * A member of a Socket.IO server: engine.io 4 over WebSocket, socket.io 5 within it, the main namespace
 * (https://socket.io/docs/v4/socket-io-protocol/, …/engine-io-protocol/). A publication is `42["m","…"]`.
 */
export class SocketIoConnection extends WebSocketConnection {
  protected override readonly before = new TextEncoder().encode('42["m","');
  protected override readonly after = new TextEncoder().encode('"]');

  protected override path(): string {
    return `/socket.io/?EIO=4&transport=websocket&room=${this.room.index}`;
  }

  protected override onUpgraded(): void {
    // Engine.IO speaks first.
  }

  protected override onPayload(bytes: Uint8Array, start: number, end: number): void {
    const engine = bytes[start];
    const socket = end - start > 1 ? bytes[start + 1] : MINUS;
    if (engine === ENGINE_MESSAGE && socket === SOCKET_EVENT)
      this.onDelivery(bytes, start + this.before.byteLength);
    else if (engine === ENGINE_OPEN) this.sendText("40");
    else if (engine === ENGINE_PING) this.sendText("3");
    else if (engine === ENGINE_MESSAGE && socket === SOCKET_CONNECT) this.run.isReady(this);
    else if (engine === ENGINE_MESSAGE && socket === SOCKET_ERROR) {
      this.run.fail(new Error("Socket.IO refused the connection"));
    }
  }
}
