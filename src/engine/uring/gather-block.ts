import type { BlockPool } from "../memory/block-pool.ts";
import type { SendQueue } from "../send-queue.ts";
import { writeAddress } from "./ring.ts";

/** struct msghdr (sendmsg(2)): 56 bytes, rounded up. A write without one leaves it unused. */
export const GATHER_HEADER_BYTES = 64;

/** A header and 64 struct iovec of 16 bytes (readv(2)). */
export const GATHER_BLOCK_BYTES = GATHER_HEADER_BYTES + 64 * 16;

/** Writes the first pieces of `queue` as struct iovec behind the header of the block. */
export function writePieces(blocks: BlockPool, block: number, queue: SendQueue, pieceCount: number): void {
  const { words } = blocks;
  let at = blocks.wordOf(block) + GATHER_HEADER_BYTES / 4;
  for (let index = 0; index < pieceCount; index++, at += 4) {
    const start = queue.startAt(index);
    writeAddress(words, at, queue.chunkAt(index).address + start);
    words[at + 2] = queue.endAt(index) - start;
    words[at + 3] = 0;
  }
}
