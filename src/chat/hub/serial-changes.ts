import { assert } from "../../base/assert.ts";

/** What is to be done when its turn has come; it calls `done` once, now or later. */
export type Change = (done: () => void) => void;

/**
 * Changes of things that are known by a key, one after another for each: the next begins when the
 * store has answered the one before. So each sees what those before it did, and two of them never undo
 * each other, in whatever order answers come.
 */
export class SerialChanges<Key> {
  /** Those that wait; a key is here while a change of it is under way. */
  readonly #waiting = new Map<Key, Change[]>();

  /** A change of it is under way. */
  isBusy(key: Key): boolean {
    return this.#waiting.has(key);
  }

  waitingCount(key: Key): number {
    return this.#waiting.get(key)?.length ?? 0;
  }

  /** The caller limits how many wait. */
  run(key: Key, change: Change): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(change);
      return;
    }
    this.#waiting.set(key, []);
    this.#begin(key, change);
  }

  #begin(key: Key, change: Change): void {
    let isDone = false;
    change(() => {
      assert(!isDone, "a change is done once");
      isDone = true;
      const next = this.#waiting.get(key)?.shift();
      if (next === undefined) this.#waiting.delete(key);
      else this.#begin(key, next);
    });
  }
}
