/**
 * A table with a bound: what was used last stays, the entry unused for longest goes when there is no
 * room for another.
 */
export class RecentTable<Key, Value> {
  readonly #limit: number;
  // A Map keeps the order of insertion: what is used is put at the end.
  readonly #entries = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, which counts as used now. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    if (!this.#entries.delete(key) && this.#entries.size >= this.#limit) this.#dropOldest();
    this.#entries.set(key, value);
  }

  #dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
