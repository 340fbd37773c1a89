import { assert } from "../base/assert.ts";

/** What a frame is (RFC 6455, section 5.2). */
export const Opcode = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const;

/** What the header of a frame takes that has no mask and at most 65,535 bytes of payload. */
export const FRAME_HEADER_ROOM_BYTES = 4;

/** The longest header of a frame that has no mask. */
export const FRAME_HEADER_LIMIT_BYTES = 10;

/** Bytes of a masking key. */
export const MASK_BYTES = 4;

/** The longest payload of a control frame (5.5). */
export const CONTROL_PAYLOAD_LIMIT_BYTES = 125;

/** Bits of a frame's first byte. */
export const FIN = 0x80;
export const RSV1 = 0x40;

/** Bit of a frame's second byte: a masking key follows the length. */
export const MASKED = 0x80;

/** The header that a payload of this many bytes needs, without a mask. */
export function frameHeaderBytes(payloadBytes: number): 2 | 4 | 10 {
  return payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
}

export interface FrameFlags {
  /** The last frame of its message. Default true. */
  readonly fin?: boolean;
  /** The message is compressed (RFC 7692, 6). Default false. */
  readonly rsv1?: boolean;
  /** A masking key follows, which the caller writes: clients' frames. Default false. */
  readonly masked?: boolean;
}

/**
 * Writes the header of a frame at `at` and returns where the payload begins (or the masking key, where
 * there is one). There is room for it: {@link frameHeaderBytes}. `payloadBytes` is at most 2⁵³ − 1.
 */
export function writeFrameHeader(
  bytes: Uint8Array,
  at: number,
  opcode: number,
  payloadBytes: number,
  flags?: FrameFlags,
): number {
  assert(payloadBytes >= 0 && payloadBytes <= Number.MAX_SAFE_INTEGER, "a payload's length is known");
  bytes[at] = (flags?.fin === false ? 0 : FIN) | (flags?.rsv1 === true ? RSV1 : 0) | opcode;
  const mask = flags?.masked === true ? MASKED : 0;
  if (payloadBytes < 126) {
    bytes[at + 1] = mask | payloadBytes;
    return at + 2;
  }
  if (payloadBytes < 65_536) {
    bytes[at + 1] = mask | 126;
    bytes[at + 2] = payloadBytes >>> 8;
    bytes[at + 3] = payloadBytes & 0xff;
    return at + 4;
  }
  bytes[at + 1] = mask | 127;
  let left = payloadBytes;
  for (let index = at + 9; index >= at + 2; index--) {
    bytes[index] = left % 256;
    left = Math.floor(left / 256);
  }
  return at + 10;
}
