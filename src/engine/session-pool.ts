import { assert } from "../base/assert.ts";

/**
 * A session's identity: slot + generation × 2^20. The slot is used again, the generation is raised
 * each time, so an id kept too long never means another session. Unique for 2^33 uses of a slot.
 */
export type SessionId = number;

const SLOT_LIMIT = 2 ** 20;
const GENERATION_LIMIT = 2 ** 33;

export function slotOf(id: SessionId): number {
  // Of numbers above 2^32 too these are the low bits, and `%` of those is a division of doubles.
  return id & (SLOT_LIMIT - 1);
}

/** The id means a session that has ended. */
export class StaleSessionError extends Error {
  readonly code = "STALE_SESSION";
  constructor(id: SessionId) {
    super(`session ${id} has ended`);
    this.name = "StaleSessionError";
  }
}

/**
 * A fixed number of slots, taken in a circle (the slot that rested longest is taken next), and the set
 * of those alive. What is in a slot is made anew for each use: a reference that somebody kept to an
 * ended session stays ended for ever, which reusing the object could not promise.
 */
export class SessionPool<T extends { readonly id: SessionId }> {
  readonly capacity: number;
  /** The lowest slot. */
  readonly #firstSlot: number;
  readonly #bySlot: (T | undefined)[];
  readonly #generations: Float64Array;
  /** Circular queue of free slots. */
  readonly #free: Uint32Array;
  #freeHead = 0;
  #freeCount: number;

  /**
   * `capacity`: 1 … 1,048,576 slots, from `firstSlot` on. The ids of two pools never meet when their
   * slots do not.
   */
  constructor(capacity: number, firstSlot = 0) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > SLOT_LIMIT) {
      throw new RangeError(`capacity ${capacity} is not from 1 to ${SLOT_LIMIT}`);
    }
    if (!Number.isInteger(firstSlot) || firstSlot < 0 || firstSlot + capacity > SLOT_LIMIT) {
      throw new RangeError(
        `slots from ${firstSlot}, ${capacity} of them, are not from 0 to ${SLOT_LIMIT - 1}`,
      );
    }
    this.capacity = capacity;
    this.#firstSlot = firstSlot;
    this.#bySlot = Array.from<T | undefined>({ length: capacity }).fill(undefined);
    this.#generations = new Float64Array(capacity).fill(1);
    this.#free = Uint32Array.from({ length: capacity }, (_, slot) => slot);
    this.#freeCount = capacity;
  }

  get aliveCount(): number {
    return this.capacity - this.#freeCount;
  }

  /** Takes a slot and puts what `make` returns in it; undefined when all slots are taken. */
  acquire(make: (id: SessionId) => T): T | undefined {
    if (this.#freeCount === 0) return undefined;
    const slot = this.#free[this.#freeHead] as number;
    const made = make(this.#firstSlot + slot + (this.#generations[slot] as number) * SLOT_LIMIT);
    this.#freeHead = (this.#freeHead + 1) % this.capacity;
    this.#freeCount--;
    this.#bySlot[slot] = made;
    return made;
  }

  /** Gives the slot back. Returning it twice is a bug and throws. */
  release(entry: T): void {
    const slot = slotOf(entry.id) - this.#firstSlot;
    assert(this.#bySlot[slot] === entry, "a session is returned to its pool once");
    this.#bySlot[slot] = undefined;
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) % GENERATION_LIMIT;
    this.#free[(this.#freeHead + this.#freeCount) % this.capacity] = slot;
    this.#freeCount++;
  }

  /** The live session with this id, or undefined. */
  find(id: SessionId): T | undefined {
    const found = this.#bySlot[slotOf(id) - this.#firstSlot];
    return found !== undefined && found.id === id ? found : undefined;
  }

  /** The live session with this id; throws StaleSessionError. */
  get(id: SessionId): T {
    const found = this.find(id);
    if (found === undefined) throw new StaleSessionError(id);
    return found;
  }

  /** Every live session, in slot order. */
  *alive(): Generator<T> {
    if (this.aliveCount === 0) return;
    for (const entry of this.#bySlot) if (entry !== undefined) yield entry;
  }
}
