import { PorticoConnection } from "./packet-connections.ts";
import { UpgradeResponse, upgradeRequest } from "./upgrade.ts";

const BINARY = 0x82;
const CONTROL = 0x08;
const MASKED = 0x80;
const MASK_BYTES = 4;

/**
 * A guest of Portico's chat server over WebSocket. A message has several packets, so what is cut out is
 * the header of each frame, and then packet after packet until the frame's payload is used up. Its own
 * messages are masked with the key 0, so masking is nothing here; the server unmasks as ever.
 */
export class PorticoWebSocketConnection extends PorticoConnection {
  readonly #response = new UpgradeResponse();
  /** Bytes of the current message that are still to come as packets; 0: a frame's header is next. */
  #leftBytes = 0;

  override start(): void {
    super.queueBytes(upgradeRequest("/ws", ["Sec-WebSocket-Protocol: portico.v1"]));
  }

  override onReceived(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    if (!this.#response.isDone) {
      from = this.#response.read(bytes, start, end);
      if (this.#response.fault !== undefined) this.run.fail(new Error(this.#response.fault));
      if (this.#response.isDone) super.start();
    }
    if (from < end) super.onReceived(bytes, from, end);
  }

  protected override frameLength(bytes: Uint8Array, start: number, end: number): number {
    if (this.#leftBytes > 0) return super.frameLength(bytes, start, end);
    if (end - start < 2) return 0;
    const short = bytes[start + 1] as number;
    return short < 126 ? 2 : short === 126 ? 4 : 10;
  }

  protected override onFrame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#leftBytes > 0) {
      this.#leftBytes -= end - start;
      super.onFrame(bytes, start, end);
      return;
    }
    if (bytes[start] !== BINARY) {
      const isControl = ((bytes[start] as number) & CONTROL) !== 0;
      this.run.fail(new Error(isControl ? "the server closed a WebSocket" : "no binary message came"));
      return;
    }
    let length = (bytes[start + 1] as number) & 0x7f;
    if (end - start > 2) {
      length = 0;
      for (let at = start + 2; at < end; at++) length = length * 256 + (bytes[at] as number);
    }
    this.#leftBytes = length;
  }

  /** What is said besides publications: each packet in a message. */
  protected override queueBytes(bytes: Uint8Array): void {
    super.queueBytes(framed(bytes));
  }

  protected override makeTemplate(): Uint8Array {
    return framed(super.makeTemplate());
  }

  protected override patch(bytes: Uint8Array, start: number, sequence: number): void {
    super.patch(bytes, start + headerBytes(bytes, start), sequence);
  }
}

function headerBytes(bytes: Uint8Array, start: number): number {
  return ((bytes[start + 1] as number) & 0x7f) < 126 ? 2 + MASK_BYTES : 4 + MASK_BYTES;
}

function framed(packet: Uint8Array): Uint8Array {
  const length = packet.byteLength;
  const header =
    length < 126 ? [BINARY, MASKED | length] : [BINARY, MASKED | 126, length >>> 8, length & 0xff];
  const frame = new Uint8Array(header.length + MASK_BYTES + length);
  frame.set(header, 0);
  frame.set(packet, header.length + MASK_BYTES);
  return frame;
}
