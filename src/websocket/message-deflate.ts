import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { WebSocketFault } from "./close-code.ts";
import type { DeflateSettings } from "./deflate-settings.ts";

/**
 * What a compressed message lacks at its end (RFC 7692, 7.2.1), and then an empty last block: with it
 * zlib finishes, and says so when the message broke off inside a block.
 */
const ending = Buffer.from("0000ffff0300", "hex");

const nothing = new Uint8Array(0);

/** zlib's memory for the compressor, 1 … 9: 8 is its default. */
const MEMORY_LEVEL = 8;

/**
 * The message that was compressed into bytes [start, end), without a window from earlier messages, or a
 * {@link WebSocketFault}. However much it would come to, no more than `limitBytes` is made of it.
 */
export function inflateMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  limitBytes: number,
): Uint8Array | WebSocketFault {
  // An empty message has one byte (7.2.3.6); that some senders leave it away is clear enough.
  if (start === end) return nothing;
  const whole = Buffer.allocUnsafe(end - start + ending.length);
  whole.set(bytes.subarray(start, end), 0);
  whole.set(ending, end - start);
  try {
    return inflateRawSync(whole, { maxOutputLength: limitBytes });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") return WebSocketFault.MESSAGE_TOO_BIG;
    if (code?.startsWith("Z_") === true) return WebSocketFault.NOT_DEFLATED;
    throw error;
  }
}

/** The pieces, one message, compressed by itself, as the payload of a frame with RSV1 set. */
export function deflateMessage(pieces: readonly Uint8Array[], settings: DeflateSettings): Uint8Array {
  const only = pieces.length === 1 ? pieces[0] : undefined;
  const compressed = deflateRawSync(only ?? Buffer.concat(pieces), {
    // A sync flush ends with an empty block that is not the last, whose four bytes the peer puts back.
    finishFlush: constants.Z_SYNC_FLUSH,
    level: settings.level,
    windowBits: settings.windowBits,
    memLevel: MEMORY_LEVEL,
  });
  return compressed.subarray(0, compressed.length - 4);
}
