/**
 * Protobuf's variable-length integers (https://protobuf.dev/programming-guides/encoding/#varints):
 * seven bits in each byte, the lowest first. Numbers are whole and not negative; callers check.
 */

/** Bytes that `value`, 0 … 2^53 − 1, takes: 1 … 8. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 0x8_0000_0000) return 5;
  if (value < 0x400_0000_0000) return 6;
  if (value < 0x2_0000_0000_0000) return 7;
  return 8;
}

/** Writes `value`, 0 … 2^53 − 1, at `at`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  // Bit operations see 32 bits only: divide until the rest fits.
  while (rest > 0x7fff_ffff) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest > 0x7f) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}

/** Bytes that `value`, 0 … 2^64 − 1, takes: 1 … 10. */
export function bigVarintSize(value: bigint): number {
  if (value <= MAX_SAFE) return varintSize(Number(value));
  if (value < 1n << 56n) return 8;
  return value < 1n << 63n ? 9 : 10;
}

/** Writes `value`, 0 … 2^64 − 1, at `at`; returns the position after it. */
export function writeBigVarint(bytes: Uint8Array, at: number, value: bigint): number {
  let position = at;
  let rest = value;
  while (rest > MAX_SAFE) {
    bytes[position++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  return writeVarint(bytes, position, Number(rest));
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
