/**
 * A bounded first-in, first-out queue in one array that is allocated once. Taking from the front, adding
 * at the back and reading by position cost O(1).
 */
export class RingBuffer<Value> implements Iterable<Value> {
  /** The most it holds. */
  readonly capacity: number;
  /** Places are filled as they are first used, so a large capacity costs nothing until needed. */
  readonly #places: (Value | undefined)[] = [];
  #head = 0;
  #count = 0;

  /** `capacity` a whole number from 1. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity must be a whole number from 1, got ${capacity}`);
    }
    this.capacity = capacity;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === this.capacity;
  }

  /** Adds at the back; false, and nothing changed, when full. */
  push(value: Value): boolean {
    if (this.isFull) return false;
    this.#places[this.#place(this.#count)] = value;
    this.#count++;
    return true;
  }

  /** Adds at the back; when full, the front is dropped to make room and returned. */
  pushDropping(value: Value): Value | undefined {
    const dropped = this.isFull ? this.shift() : undefined;
    this.push(value);
    return dropped;
  }

  /** Takes from the front; undefined when empty. */
  shift(): Value | undefined {
    if (this.#count === 0) return undefined;
    const value = this.#places[this.#head];
    this.#places[this.#head] = undefined;
    this.#head = this.#place(1);
    this.#count--;
    return value;
  }

  /** The value at `position` counted from the front (0); undefined outside. */
  at(position: number): Value | undefined {
    if (!(position >= 0 && position < this.#count)) return undefined;
    return this.#places[this.#place(position)];
  }

  clear(): void {
    this.#places.length = 0;
    this.#head = 0;
    this.#count = 0;
  }

  /** From the front to the back. The buffer must not be changed meanwhile. */
  *[Symbol.iterator](): IterableIterator<Value> {
    for (let position = 0; position < this.#count; position++) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a place in use holds a Value, which may itself be undefined
      yield this.#places[this.#place(position)] as Value;
    }
  }

  #place(position: number): number {
    const place = this.#head + position;
    return place < this.capacity ? place : place - this.capacity;
  }
}
