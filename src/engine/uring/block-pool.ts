import { assert } from "../../base/assert.ts";
import { Mapping } from "./mapping.ts";
import type { SystemCalls } from "./system-calls.ts";

/**
 * Small blocks of one size for what the kernel is given addresses of beside the data: lists of
 * pieces, socket addresses. A block is held from the request to its terminal completion.
 */
export class BlockPool {
  /** The whole pool in 32-bit words; a block begins at `wordOf(block)`. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly #mapping: Mapping;
  readonly #blockBytes: number;
  readonly #free: number[] = [];
  readonly #limit: number;
  #made = 0;
  #usedCount = 0;

  /** `blockBytes` is a multiple of 8. Pages are touched as blocks are first used. */
  constructor(calls: SystemCalls, blockBytes: number, limit: number) {
    assert(blockBytes % 8 === 0, "blocks are multiples of 8 bytes");
    this.#blockBytes = blockBytes;
    this.#limit = limit;
    this.#mapping = Mapping.anonymous(calls, Math.ceil((blockBytes * limit) / 4096) * 4096);
    const view = this.#mapping.view();
    this.words = new Int32Array(view);
    this.bytes = new Uint8Array(view);
  }

  get usedCount(): number {
    return this.#usedCount;
  }

  /** A block, or −1 when all are in use. */
  take(): number {
    const block = this.#free.pop() ?? (this.#made < this.#limit ? this.#made++ : -1);
    if (block >= 0) this.#usedCount++;
    return block;
  }

  giveBack(block: number): void {
    this.#usedCount--;
    this.#free.push(block);
  }

  addressOf(block: number): number {
    return this.#mapping.address + block * this.#blockBytes;
  }

  wordOf(block: number): number {
    return (block * this.#blockBytes) / 4;
  }

  byteOf(block: number): number {
    return block * this.#blockBytes;
  }

  release(): void {
    this.#mapping.unmap();
  }
}
