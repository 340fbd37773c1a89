import { PACKET_HEADER_BYTES } from "../../src/protocol/packet-framer.ts";

/** What a bot needs of a MessageNotice. */
export interface Notice {
  roomId: number;
  offset: number;
  /** The message that the text says it is (sayings.ts); 0: somebody else's. */
  id: number;
}

const notice: Notice = { roomId: 0, offset: 0, id: 0 };
let at = 0;

/** Reads a MessageNotice in place, without making anything; the answer is good until the next one. */
export function readNotice(bytes: Uint8Array, start: number, end: number): Notice {
  notice.roomId = 0;
  notice.offset = 0;
  notice.id = 0;
  at = start + PACKET_HEADER_BYTES;
  while (at < end) {
    const tag = readVarint(bytes);
    const field = tag >>> 3;
    if ((tag & 7) === 2) {
      const length = readVarint(bytes);
      if (field === 5) notice.id = readMark(bytes, at, at + length);
      at += length;
    } else {
      const value = readVarint(bytes);
      if (field === 1) notice.roomId = value;
      else if (field === 2) notice.offset = value;
    }
  }
  return notice;
}

function readVarint(bytes: Uint8Array): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
}

/** "#1z4 …": a number in base 36 between "#" and a blank. */
function readMark(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x23) return 0;
  let id = 0;
  for (let place = start + 1; place < end; place++) {
    const byte = bytes[place] as number;
    if (byte === 0x20) return id;
    const digit = byte <= 0x39 ? byte - 0x30 : byte - 0x57;
    if (digit < 0 || digit > 35) return 0;
    id = id * 36 + digit;
  }
  return 0;
}
