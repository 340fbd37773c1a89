import assert from "node:assert/strict";
import { inflateRawSync } from "node:zlib";
import { MASK_BYTES, writeFrameHeader } from "../../src/websocket/frame-header.ts";
import { applyMask } from "../../src/websocket/mask.ts";

export interface FrameParts {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** Default true. */
  readonly fin?: boolean;
  /** RSV1, RSV2, RSV3 as a number from 0 to 7. Default 0. */
  readonly rsv?: number;
  /** Default: a fixed key. Undefined: not masked, as servers do. */
  readonly key?: Uint8Array | undefined;
}

export const someKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** One frame as a client sends it; breaks the rules when told to. */
export function clientFrame(parts: FrameParts): Buffer {
  const payload = bytesOf(parts.payload ?? "");
  const key = "key" in parts ? parts.key : someKey;
  const frame = Buffer.alloc(10 + MASK_BYTES + payload.length);
  const flags = { fin: parts.fin ?? true, masked: key !== undefined };
  let at = writeFrameHeader(frame, 0, parts.opcode, payload.length, flags);
  frame[0] = (frame[0] as number) | ((parts.rsv ?? 0) << 4);
  if (key !== undefined) {
    frame.set(key, at);
    at += MASK_BYTES;
  }
  frame.set(payload, at);
  if (key !== undefined) applyMask(frame, at, at + payload.length, key, 0);
  return frame.subarray(0, at + payload.length);
}

/** A message in frames of at most so many bytes of payload. */
export function fragmented(opcode: number, payload: Uint8Array | string, fragmentBytes: number): Buffer {
  const bytes = bytesOf(payload);
  const frames: Buffer[] = [];
  for (let from = 0; from === 0 || from < bytes.length; from += fragmentBytes) {
    frames.push(
      clientFrame({
        opcode: from === 0 ? opcode : 0,
        fin: from + fragmentBytes >= bytes.length,
        payload: bytes.subarray(from, from + fragmentBytes),
      }),
    );
  }
  return Buffer.concat(frames);
}

/** A close frame; without a code an empty one. */
export function closeFrame(code?: number, reason: Uint8Array | string = ""): Buffer {
  if (code === undefined) return clientFrame({ opcode: 8 });
  return clientFrame({
    opcode: 8,
    payload: Buffer.concat([Uint8Array.of(code >>> 8, code & 0xff), bytesOf(reason)]),
  });
}

/** Strings are Latin-1 here: a byte a character. */
export function bytesOf(payload: Uint8Array | string): Buffer {
  return typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload);
}

/** A frame that a server sent. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly payload: Buffer;
}

/** Cuts what a server sends into frames; throws when a frame is masked or not minimal. */
export class ServerFrames {
  #parts: Buffer[] = [];
  #byteCount = 0;
  /** Not tried again before this many bytes are in. */
  #needed = 2;

  add(bytes: Uint8Array): ServerFrame[] {
    this.#parts.push(Buffer.from(bytes));
    this.#byteCount += bytes.byteLength;
    const frames: ServerFrame[] = [];
    while (this.#byteCount >= this.#needed) {
      const all = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
      const length = frameBytes(all);
      const whole = length > 0 && length <= all.length;
      this.#needed = whole ? 2 : length > 0 ? length : all.length + 1;
      if (whole) frames.push(readFrame(all, length));
      this.#parts = [whole ? all.subarray(length) : all];
      this.#byteCount -= whole ? length : 0;
    }
    return frames;
  }
}

/** Of the first frame; 0 when its header is not all there. */
function frameBytes(bytes: Buffer): number {
  const short = bytes[1] as number;
  if (short >= 0x80) throw new Error("a server masked a frame");
  if (short < 126) return 2 + short;
  if (short === 126) {
    if (bytes.length < 4) return 0;
    const length = bytes.readUInt16BE(2);
    if (length < 126) throw new Error("a length in more bytes than it needs");
    return 4 + length;
  }
  if (bytes.length < 10) return 0;
  const length = Number(bytes.readBigUInt64BE(2));
  if (length < 65_536) throw new Error("a length in more bytes than it needs");
  return 10 + length;
}

function readFrame(bytes: Buffer, length: number): ServerFrame {
  const first = bytes[0] as number;
  const short = bytes[1] as number;
  return {
    opcode: first & 0x0f,
    fin: first >= 0x80,
    rsv: (first >>> 4) & 7,
    payload: bytes.subarray(short < 126 ? 2 : short === 126 ? 4 : 10, length),
  };
}

/** What a frame says that is a whole message, decompressed. */
export function messageOf({ fin, rsv, payload }: ServerFrame): {
  readonly payload: Buffer;
  readonly wasDeflated: boolean;
} {
  assert.ok(fin && (rsv === 0 || rsv === 4), "a whole message, compressed or not");
  if (rsv === 0) return { payload, wasDeflated: false };
  const whole = Buffer.concat([payload, Buffer.from("0000ffff0300", "hex")]);
  return { payload: inflateRawSync(whole), wasDeflated: true };
}
