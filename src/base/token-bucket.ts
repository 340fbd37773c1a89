/** Cost that rounding may forgive, so that waiting exactly as long as told is enough. */
const SLACK = 1e-6;

/**
 * A rate limit: `ratePerSecond` on average, up to `burst` at once. It starts full and has no clock:
 * time comes with each call, from one clock, in milliseconds.
 */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  /** `ratePerSecond` 0 or more (0: the burst is all there ever is), `burst` more than 0. */
  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    if (!(ratePerSecond >= 0 && ratePerSecond < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`ratePerSecond must be finite and not negative, got ${ratePerSecond}`);
    }
    if (!(burst > 0)) throw new RangeError(`burst must be more than 0, got ${burst}`);
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /**
   * Takes `cost` and gives 0; or takes nothing and gives the whole milliseconds after which it will be
   * there if nobody else takes. Infinity when waiting does not help (`cost` above the burst, or rate
   * 0). A time before the last one counts as the last one.
   */
  take(cost: number, nowMs: number): number {
    if (!(cost >= 0)) throw new RangeError(`cost must not be negative, got ${cost}`);
    this.#fill(nowMs);
    if (this.#tokens + SLACK >= cost) {
      this.#tokens = Math.max(0, this.#tokens - cost);
      return 0;
    }
    if (cost > this.#burst || this.#ratePerMs === 0) return Number.POSITIVE_INFINITY;
    const waitMs = (cost - this.#tokens - SLACK / 2) / this.#ratePerMs;
    // The caller's clock may be behind the last time seen here.
    return Math.max(1, Math.ceil(waitMs + (this.#filledAtMs - nowMs)));
  }

  /** True when nothing is owed: a bucket that is full can be forgotten and made anew. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens >= this.#burst;
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#filledAtMs) return;
    const earned = (nowMs - this.#filledAtMs) * this.#ratePerMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledAtMs = nowMs;
  }
}
