import { assert } from "../../base/assert.ts";

/** What a completion is of; the top byte of the request's user data. */
export const OperationKind = {
  ACCEPT: 1,
  CONNECT: 2,
  RECEIVE: 3,
  SEND: 4,
  CLOSE: 5,
  /** Of the port itself, without an owner. */
  CANCEL: 6,
  TIMEOUT: 7,
  TIMEOUT_UPDATE: 8,
  WAKE: 9,
} as const;

/** Something that has operations in flight under one slot. */
export interface OperationOwner {
  /** One completion. `flags` are those of the completion entry. */
  complete(kind: number, result: number, flags: number): void;
  /** The port is closing. */
  closeForPort(): void;
}

/** Slots are 24 bits of the user data. */
const SLOT_LIMIT = 1 << 24;

/**
 * Who each slot belongs to. A slot's generation rises when it is given back, and a slot is given
 * back only after the last completion of its operations, so that a completion never meets a stranger.
 */
export class OperationSlots {
  readonly #owners: (OperationOwner | undefined)[] = [];
  #generations = new Int32Array(1024);
  readonly #free: number[] = [];
  #usedCount = 0;

  get usedCount(): number {
    return this.#usedCount;
  }

  take(owner: OperationOwner): number {
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
  owner(slot: number, generation: number): OperationOwner {
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
  all(): OperationOwner[] {
    return this.#owners.filter((owner) => owner !== undefined);
  }
}
