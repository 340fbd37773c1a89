import type { Framer } from "../engine/index.ts";
import { DisconnectCode } from "./codes.ts";

/** Bytes before a packet's body: u16 size, u16 type, both little-endian. */
export const PACKET_HEADER_BYTES = 4;

/** What the u16 size can say; no limit can be set above it. */
export const PACKET_LIMIT_CEILING_BYTES = 65_535;

/** The limit when nothing else is configured: 16 KiB, header included. */
export const DEFAULT_PACKET_LIMIT_BYTES = 16_384;

/** `limitBytes` when it is a usable packet limit: whole, 4 … 65,535; a RangeError otherwise. */
export function checkPacketLimit(limitBytes: number): number {
  if (
    !Number.isInteger(limitBytes) ||
    limitBytes < PACKET_HEADER_BYTES ||
    limitBytes > PACKET_LIMIT_CEILING_BYTES
  ) {
    throw new RangeError(
      `a packet limit is a whole number from ${PACKET_HEADER_BYTES} to ${PACKET_LIMIT_CEILING_BYTES} bytes, got ${limitBytes}`,
    );
  }
  return limitBytes;
}

/**
 * Finds the end of a packet: u16 size (little-endian, counts the header), u16 type, body (rows C1, E12).
 *
 * Two bytes decide: a size below 4 or above the limit is refused as soon as they are in, so no peer
 * makes a session wait for, or make room for, a body that it will not take.
 */
export class PacketFramer implements Framer {
  readonly headerBytes = PACKET_HEADER_BYTES;
  readonly frameLimitBytes: number;

  /** `packetLimitBytes`: 4 … 65,535, default 16,384; a RangeError otherwise. */
  constructor(packetLimitBytes: number = DEFAULT_PACKET_LIMIT_BYTES) {
    this.frameLimitBytes = checkPacketLimit(packetLimitBytes);
  }

  /**
   * The packet's size; 0 while fewer than two bytes are in; −INVALID_HEADER when the size is below 4;
   * −PACKET_TOO_LARGE when it is above the limit. Never more than `frameLimitBytes`.
   */
  frameLength(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < 2) return 0;
    const size = readPacketSize(bytes, start);
    if (size < PACKET_HEADER_BYTES) return -DisconnectCode.INVALID_HEADER;
    if (size > this.frameLimitBytes) return -DisconnectCode.PACKET_TOO_LARGE;
    return size;
  }
}

/** The size that the header at `start` gives, 0 … 65,535, header included. Two bytes must be there. */
export function readPacketSize(bytes: Uint8Array, start: number): number {
  return (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
}

/** The type number that the header at `start` gives. Four bytes must be there. */
export function readPacketType(bytes: Uint8Array, start: number): number {
  return (bytes[start + 2] as number) | ((bytes[start + 3] as number) << 8);
}

/** Writes a header at `at` and returns where the body begins. `sizeBytes` was checked against a limit. */
export function writePacketHeader(bytes: Uint8Array, at: number, sizeBytes: number, type: number): number {
  bytes[at] = sizeBytes & 0xff;
  bytes[at + 1] = sizeBytes >>> 8;
  bytes[at + 2] = type & 0xff;
  bytes[at + 3] = type >>> 8;
  return at + PACKET_HEADER_BYTES;
}
