import { assert } from "../../base/assert.ts";

/** Memory outside V8's heap that a kernel may be given addresses of. It never moves. */
export interface FixedMemory {
  readonly address: number;
  /** All of it. Called once; after {@link release} it has length 0. */
  view(): ArrayBuffer;
  release(): void;
}

/**
 * Small blocks of one size for what the kernel is given addresses of beside the data: lists of
 * pieces, socket addresses. A block is held from the request to its terminal completion.
 */
export class BlockPool {
  /** The whole pool in 32-bit words; a block begins at `wordOf(block)`. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly #memory: FixedMemory;
  readonly #blockBytes: number;
  readonly #free: number[] = [];
  readonly #limit: number;
  #made = 0;
  #usedCount = 0;

  /**
   * `reserve` gives zeroed memory of that many bytes, a multiple of 4096; `blockBytes` is a multiple of 8.
   * Pages are touched as blocks are first used.
   */
  constructor(reserve: (byteCount: number) => FixedMemory, blockBytes: number, limit: number) {
    assert(blockBytes % 8 === 0, "blocks are multiples of 8 bytes");
    this.#blockBytes = blockBytes;
    this.#limit = limit;
    this.#memory = reserve(Math.ceil((blockBytes * limit) / 4096) * 4096);
    const view = this.#memory.view();
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
    return this.#memory.address + block * this.#blockBytes;
  }

  wordOf(block: number): number {
    return (block * this.#blockBytes) / 4;
  }

  byteOf(block: number): number {
    return block * this.#blockBytes;
  }

  release(): void {
    this.#memory.release();
  }
}
