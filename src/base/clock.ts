/** Where time comes from. Everything that needs time takes one of these, so that a test can own time. */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back. For intervals. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC. For what people read. */
  wallMs(): number;
}

/** The machine's own clock. The only place that reads it. */
export const realClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #wallOriginMs: number;

  constructor(nowMs = 0, wallOriginMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
    this.#wallOriginMs = wallOriginMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOriginMs + Math.floor(this.#nowMs);
  }

  /** Moves time forward; `byMs` must not be negative. */
  advance(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`time moves forward only, got ${byMs}`);
    this.#nowMs += byMs;
  }
}
