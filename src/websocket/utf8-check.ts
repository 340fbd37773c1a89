import { isUtf8 } from "node:buffer";

/** Up to this many bytes a loop over ASCII is quicker than the view that `isUtf8` needs. */
const SHORT_BYTES = 48;

/** Whether bytes [start, end) are UTF-8 (RFC 3629): no surrogates, nothing overlong, whole characters. */
export function isUtf8Range(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SHORT_BYTES) {
    let at = start;
    while (at < end && (bytes[at] as number) < 0x80) at++;
    if (at === end) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

/**
 * The same for a text that goes on: where its last whole character ends, so that the check is taken up
 * from there when more has come; −1 when no continuation can make it UTF-8. An unfinished character is
 * refused at its first byte that is wrong.
 */
export function checkUtf8Beginning(bytes: Uint8Array, start: number, end: number): number {
  const whole = end - unfinishedBytes(bytes, start, end);
  if (whole < end && !canBeFinished(bytes, whole, end)) return -1;
  return isUtf8Range(bytes, start, whole) ? whole : -1;
}

/** Bytes of a character at the end that lacks some: 0 … 3. What is no beginning of one counts 0. */
function unfinishedBytes(bytes: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back] as number;
    if (byte >= 0xc0) {
      const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return size > back ? back : 0;
    }
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Whether the one to three bytes from `start` on begin a character (RFC 3629, section 4). */
function canBeFinished(bytes: Uint8Array, start: number, end: number): boolean {
  const lead = bytes[start] as number;
  if (lead < 0xc2 || lead > 0xf4) return false;
  if (end - start === 1) return true;
  const second = bytes[start + 1] as number;
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second < 0xa0;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second < 0x90;
  return true;
}
