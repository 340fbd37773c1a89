import { assert } from "../../base/assert.ts";

/** Slots are 24 bits: what fits beside a kind in one number of 32 bits. */
const SLOT_LIMIT = 1 << 24;

/** Something that has operations in flight under one slot. */
export interface OperationOwner {
  /**
   * One completion. `result` is ≥ 0 or a negative errno; `detail` is what the port's kernel tells beside it
   * (uring: the flags of the entry), or what was given when the operation was started (iocp).
   */
  complete(kind: number, result: number, detail: number): void;
  /** The port is closing. */
  closeForPort(): void;
}

/**
 * Who each slot belongs to. A slot's generation rises when it is given back, and a slot is given
 * back only after the last completion of its operations, so that a completion never meets a stranger.
 */
export class OperationSlots<Owner> {
  readonly #owners: (Owner | undefined)[] = [];
  #generations = new Int32Array(1024);
  readonly #free: number[] = [];
  #usedCount = 0;

  get usedCount(): number {
    return this.#usedCount;
  }

  take(owner: Owner): number {
    const slot = this.#free.pop() ?? this.#owners.length;
    assert(slot < SLOT_LIMIT, "there are fewer than 2^24 owners of operations");
    if (slot >= this.#generations.length) {
      const grown = new Int32Array(this.#generations.length * 2);
      grown.set(this.#generations);
      this.#generations = grown;
    }
    this.#owners[slot] = owner;
    this.#usedCount++;
    return slot;
  }

  generationOf(slot: number): number {
    return this.#generations[slot]!;
  }

  /** The owner a completion belongs to. A completion of an earlier generation is a bug of the port. */
  owner(slot: number, generation: number): Owner {
    const owner = this.#owners[slot];
    assert(
      owner !== undefined && this.#generations[slot] === generation,
      "a completion belongs to the present owner of its slot",
    );
    return owner;
  }

  giveBack(slot: number): void {
    assert(this.#owners[slot] !== undefined, "a slot is given back once");
    this.#owners[slot] = undefined;
    this.#generations[slot] = (this.#generations[slot]! + 1) | 0;
    this.#free.push(slot);
    this.#usedCount--;
  }

  /** Everybody who has a slot now. */
  all(): Owner[] {
    return this.#owners.filter((owner) => owner !== undefined);
  }
}
