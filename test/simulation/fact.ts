/** Numbers what happens in a run, and remembers when the server crashed: what it had not done by then it never does. */
export class Order {
  #now = 0;
  readonly #ends: number[] = [];

  next(): number {
    this.#now += 1;
    return this.#now;
  }

  /** Nothing that was asked before will be done from now on, unless it was. */
  noteEnd(): void {
    this.#ends.push(this.next());
  }

  /** When what was begun at `begunAt` can no longer happen; Infinity: it still can. */
  endAfter(begunAt: number): number {
    return this.#ends.find((end) => end > begunAt) ?? Infinity;
  }
}

/** One command that would give a fact a value. */
export interface Attempt {
  /** The server said that it is so. */
  done(): void;
  /** The server said that nothing was done. */
  refused(): void;
}

interface Tried<Value> {
  readonly value: Value;
  readonly begunAt: number;
  /** Undefined: nothing was said, or what was said leaves it open. */
  doneAt: number | undefined;
}

/**
 * Something that is so on the server, as far as it can be known from outside: the value that was
 * acknowledged last, or one of those whose commands overlap with it or have no certain outcome.
 */
export class Fact<Value> {
  readonly #order: Order;
  #tried: Tried<Value>[];

  constructor(order: Order, initial: Value) {
    this.#order = order;
    this.#tried = [{ value: initial, begunAt: 0, doneAt: 0 }];
  }

  begin(value: Value): Attempt {
    const tried: Tried<Value> = { value, begunAt: this.#order.next(), doneAt: undefined };
    this.#tried.push(tried);
    return {
      done: () => {
        tried.doneAt = this.#order.next();
        this.#forget();
      },
      refused: () => {
        this.#tried = this.#tried.filter((other) => other !== tried);
      },
    };
  }

  /** What it may be now. */
  possible(): readonly Value[] {
    this.#forget();
    return this.#tried.map(({ value }) => value);
  }

  /** The value, if it was certainly the same all the time since `order`; in a list, since it may be undefined. */
  settledSince(order: number): readonly [] | readonly [Value] {
    this.#forget();
    const [only, ...others] = this.#tried;
    if (only === undefined || others.length > 0) return [];
    return only.doneAt !== undefined && only.doneAt < order ? [only.value] : [];
  }

  /** Nothing else was ever tried but what it began with. */
  get isUntouched(): boolean {
    return this.#tried.length === 1 && this.#tried[0]?.begunAt === 0;
  }

  /** A value is over when another was acknowledged whose command came after its end. */
  #forget(): void {
    this.#tried = this.#tried.filter((old) => {
      const endAt = old.doneAt ?? this.#order.endAfter(old.begunAt);
      return !this.#tried.some(({ begunAt, doneAt }) => doneAt !== undefined && begunAt > endAt);
    });
  }
}
