import type { Framer } from "../engine/index.ts";
import { WebSocketFault } from "./close-code.ts";
import {
  CONTROL_PAYLOAD_LIMIT_BYTES,
  FIN,
  FRAME_HEADER_LIMIT_BYTES,
  MASK_BYTES,
  MASKED,
  Opcode,
  RSV1,
} from "./frame-header.ts";

/** The message limit when nothing else is configured: 64 KiB. */
export const DEFAULT_MESSAGE_LIMIT_BYTES = 65_536;

/** No message limit can be set above this: 64 MiB. */
export const MESSAGE_LIMIT_CEILING_BYTES = 67_108_864;

/** `limitBytes` when it is a usable message limit: whole, 1 … 64 MiB; a RangeError otherwise. */
export function checkMessageLimit(limitBytes: number): number {
  if (!Number.isInteger(limitBytes) || limitBytes < 1 || limitBytes > MESSAGE_LIMIT_CEILING_BYTES) {
    throw new RangeError(
      `a message limit is a whole number from 1 to ${MESSAGE_LIMIT_CEILING_BYTES} bytes, got ${limitBytes}`,
    );
  }
  return limitBytes;
}

/**
 * Cuts the frames that a client sends: header, masking key and payload (RFC 6455, section 5.2).
 *
 * A header that no frame may have is refused by its first bytes that say so, with the negative
 * {@link WebSocketFault}: so no peer makes a session wait for, or make room for, a payload that it will
 * not take. What several frames make together is the connection's business.
 */
export class WebSocketFramer implements Framer {
  /** With these the length is known; the masking key counts as payload here. */
  readonly headerBytes = FRAME_HEADER_LIMIT_BYTES;
  readonly frameLimitBytes: number;
  readonly #messageLimitBytes: number;
  readonly #faultOfFirstByte: Int32Array;

  /**
   * `messageLimitBytes`: no frame of a message has more payload; 1 … 64 MiB, default 64 KiB, a RangeError
   * otherwise. `allowsDeflate`: RSV1 is allowed where a message begins (RFC 7692).
   */
  constructor(messageLimitBytes: number = DEFAULT_MESSAGE_LIMIT_BYTES, allowsDeflate = false) {
    this.#messageLimitBytes = checkMessageLimit(messageLimitBytes);
    this.#faultOfFirstByte = allowsDeflate ? faultsWithDeflate : faultsWithout;
    const payloadBytes = Math.max(messageLimitBytes, CONTROL_PAYLOAD_LIMIT_BYTES);
    this.frameLimitBytes = FRAME_HEADER_LIMIT_BYTES + MASK_BYTES + payloadBytes;
  }

  frameLength(bytes: Uint8Array, start: number, end: number): number {
    if (end === start) return 0;
    const first = bytes[start] as number;
    const fault = this.#faultOfFirstByte[first] as number;
    if (fault !== 0) return -fault;
    if (end - start === 1) return 0;
    const second = bytes[start + 1] as number;
    if (second < MASKED) return -WebSocketFault.NOT_MASKED;
    const short = second & 0x7f;
    if ((first & 0x08) !== 0) {
      return short <= CONTROL_PAYLOAD_LIMIT_BYTES ? 2 + MASK_BYTES + short : -WebSocketFault.CONTROL_TOO_LONG;
    }
    if (short < 126) {
      return short <= this.#messageLimitBytes ? 2 + MASK_BYTES + short : -WebSocketFault.MESSAGE_TOO_BIG;
    }
    return short === 126
      ? this.#longLength(bytes, start, end, 2, 126)
      : this.#longLength(bytes, start, end, 8, 65_536);
  }

  /** A length in two or eight bytes. Those that are in may suffice to refuse it. */
  #longLength(bytes: Uint8Array, start: number, end: number, size: number, leastBytes: number): number {
    const payloadAt = start + 2 + size;
    const from = start + 2;
    const to = Math.min(end, payloadAt);
    let known = 0;
    for (let at = from; at < to; at++) known = known * 256 + (bytes[at] as number);
    const missing = payloadAt - to;
    const scale = missing === 0 ? 1 : 256 ** missing;
    if (known * scale > this.#messageLimitBytes) return -WebSocketFault.MESSAGE_TOO_BIG;
    if ((known + 1) * scale <= leastBytes) return -WebSocketFault.LENGTH_NOT_MINIMAL;
    return missing > 0 ? 0 : 2 + size + MASK_BYTES + known;
  }
}

const faultsWithout = tableOfFaults(false);
const faultsWithDeflate = tableOfFaults(true);

/** For each first byte the fault that it is; 0: none. */
function tableOfFaults(allowsDeflate: boolean): Int32Array {
  return Int32Array.from({ length: 256 }, (_, first) => {
    const opcode = first & 0x0f;
    const beginsMessage = opcode === Opcode.TEXT || opcode === Opcode.BINARY;
    const reserved = first & (allowsDeflate && beginsMessage ? 0x70 & ~RSV1 : 0x70);
    if (reserved !== 0) return WebSocketFault.RESERVED_BITS;
    if ((opcode > Opcode.BINARY && opcode < Opcode.CLOSE) || opcode > Opcode.PONG) {
      return WebSocketFault.RESERVED_OPCODE;
    }
    return opcode >= Opcode.CLOSE && (first & FIN) === 0 ? WebSocketFault.CONTROL_FRAGMENTED : 0;
  });
}
