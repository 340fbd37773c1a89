import { assert } from "../../base/assert.ts";
import { BlockPool, type FixedMemory } from "../memory/block-pool.ts";
import { OVERLAPPED_BYTES } from "./constants.ts";

/** An OVERLAPPED, and behind it whose operation it is of. */
const BLOCK_BYTES = 64;
const WORD = { KIND: OVERLAPPED_BYTES / 4, SLOT: 9, GENERATION: 10, DETAIL: 11, IS_IN_USE: 12 } as const;

/**
 * The OVERLAPPED blocks of a port. One belongs to an operation from its start until its completion was
 * dequeued, and to nobody's for as long as Windows may write to it; then it serves the next operation.
 */
export class OverlappedPool {
  readonly #blocks: BlockPool;
  readonly #words: Int32Array;

  /** `limit`: operations that may be outstanding at once. */
  constructor(reserve: (byteCount: number) => FixedMemory, limit: number) {
    this.#blocks = new BlockPool(reserve, BLOCK_BYTES, limit);
    this.#words = this.#blocks.words;
  }

  get usedCount(): number {
    return this.#blocks.usedCount;
  }

  /** A zeroed OVERLAPPED for an operation, or −1 when all are in use. */
  take(kind: number, slot: number, generation: number, detail: number): number {
    const block = this.#blocks.take();
    if (block < 0) return -1;
    const words = this.#words;
    const at = this.#blocks.wordOf(block);
    words.fill(0, at, at + OVERLAPPED_BYTES / 4);
    words[at + WORD.KIND] = kind;
    words[at + WORD.SLOT] = slot;
    words[at + WORD.GENERATION] = generation;
    words[at + WORD.DETAIL] = detail;
    words[at + WORD.IS_IN_USE] = 1;
    return block;
  }

  /** Only when the completion was dequeued, or when there will be none. */
  giveBack(block: number): void {
    const at = this.#blocks.wordOf(block) + WORD.IS_IN_USE;
    assert(this.#words[at] === 1, "an OVERLAPPED is given back once");
    this.#words[at] = 0;
    this.#blocks.giveBack(block);
  }

  addressOf(block: number): number {
    return this.#blocks.addressOf(block);
  }

  /** The block at an address that a completion told. */
  blockAt(address: number): number {
    const block = (address - this.#blocks.addressOf(0)) / BLOCK_BYTES;
    assert(
      Number.isInteger(block) && this.#words[this.#blocks.wordOf(block) + WORD.IS_IN_USE] === 1,
      "a completion is of an operation that is outstanding",
    );
    return block;
  }

  kindOf(block: number): number {
    return this.#words[this.#blocks.wordOf(block) + WORD.KIND]!;
  }

  slotOf(block: number): number {
    return this.#words[this.#blocks.wordOf(block) + WORD.SLOT]!;
  }

  generationOf(block: number): number {
    return this.#words[this.#blocks.wordOf(block) + WORD.GENERATION]!;
  }

  /** Which of several operations of one kind it is. */
  detailOf(block: number): number {
    return this.#words[this.#blocks.wordOf(block) + WORD.DETAIL]!;
  }

  release(): void {
    this.#blocks.release();
  }
}
