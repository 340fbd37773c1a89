/** Something that views look at: React's useSyncExternalStore takes `subscribe` and `get` as they are. */
export interface Observable<Value> {
  /** The same value (`===`) until subscribers are called. */
  readonly get: () => Value;
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * Collects what has changed and brings it to views once for each frame, however often it changed: 200
 * messages in a second are at most 60 renders.
 */
export class Batch {
  readonly #requestFrame: (callback: () => void) => void;
  readonly #dirty = new Set<Cell<unknown>>();
  #isRequested = false;

  /** `requestFrame` calls back once, soon: before the next frame, or after a moment where there are none. */
  constructor(requestFrame: (callback: () => void) => void) {
    this.#requestFrame = requestFrame;
  }

  add(cell: Cell<unknown>): void {
    this.#dirty.add(cell);
    if (this.#isRequested) return;
    this.#isRequested = true;
    this.#requestFrame(() => this.flush());
  }

  /** Brings everything up to date now. What becomes stale meanwhile waits for the next frame. */
  flush(): void {
    this.#isRequested = false;
    const cells = [...this.#dirty];
    this.#dirty.clear();
    const changed = cells.filter((cell) => cell.renew());
    for (const cell of changed) cell.tell();
  }
}

/** A snapshot made of the state, made anew when the state says that it is stale. */
export class Cell<Value> implements Observable<Value> {
  readonly #batch: Batch;
  readonly #compute: (before: Value | undefined) => Value;
  readonly #listeners = new Set<() => void>();
  #value: Value | undefined;
  #isComputed = false;

  /** `compute` gets the value before, and returns it when nothing has changed. */
  constructor(batch: Batch, compute: (before: Value | undefined) => Value) {
    this.#batch = batch;
    this.#compute = compute;
  }

  readonly get = (): Value => {
    if (!this.#isComputed) this.renew();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- computed in the line before
    return this.#value as Value;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    // Its own function, so that one listener added twice is called twice and removed once.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /** The state it is made of has changed. */
  readonly invalidate = (): void => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a batch only renews and tells
    this.#batch.add(this as unknown as Cell<unknown>);
  };

  /** Computes the value; true when it is another. For the batch. */
  renew(): boolean {
    const before = this.#value;
    this.#value = this.#compute(before);
    const isOther = !this.#isComputed || !Object.is(before, this.#value);
    this.#isComputed = true;
    return isOther;
  }

  /** Calls the listeners. For the batch. */
  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** `next`, or `before` when all fields are the same: views compare snapshots with `===`. */
export function reuse<Value extends object>(before: Value | undefined, next: Value): Value {
  if (before === undefined) return next;
  const keys = Object.keys(next);
  if (keys.length !== Object.keys(before).length) return next;
  for (const key of keys) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of this object
    const name = key as keyof Value;
    if (!Object.is(next[name], before[name])) return next;
  }
  return before;
}

/** The same for a list: rows with the same fields stay the same objects, and the list too when all do. */
export function reuseRows<Row extends object>(
  before: readonly Row[] | undefined,
  next: readonly Row[],
  keyOf: (row: Row) => unknown,
): readonly Row[] {
  if (before === undefined) return next;
  const known = new Map(before.map((row) => [keyOf(row), row]));
  const rows = next.map((row) => reuse(known.get(keyOf(row)), row));
  const isSame = rows.length === before.length && rows.every((row, index) => row === before[index]);
  return isSame ? before : rows;
}
