/** Buckets per doubling: a value is known to within 3 %. */
const STEPS = 32;
/** In microseconds; up to 2^30 µs, eighteen minutes. */
const DOUBLINGS = 30;

/** How long things took, counted in buckets that grow with the value: bounded, and exact to 3 %. */
export class Histogram {
  readonly #buckets = new Float64Array(STEPS * DOUBLINGS + 1);
  #count = 0;
  #mostMs = 0;

  get count(): number {
    return this.#count;
  }

  get mostMs(): number {
    return this.#mostMs;
  }

  add(ms: number): void {
    const us = Math.max(1, ms * 1000);
    const index = Math.min(Math.floor(Math.log2(us) * STEPS), this.#buckets.length - 1);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#count++;
    if (ms > this.#mostMs) this.#mostMs = ms;
  }

  /** The value below which `share` (0 … 1) of them lie, milliseconds; 0 when there are none. */
  quantileMs(share: number): number {
    let left = this.#count * share;
    for (let index = 0; index < this.#buckets.length; index++) {
      left -= this.#buckets[index] ?? 0;
      if (left <= 0 && this.#count > 0) return Math.min(2 ** ((index + 1) / STEPS) / 1000, this.#mostMs);
    }
    return this.#mostMs;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#mostMs = 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      p50Ms: round(this.quantileMs(0.5)),
      p90Ms: round(this.quantileMs(0.9)),
      p99Ms: round(this.quantileMs(0.99)),
      p999Ms: round(this.quantileMs(0.999)),
      maxMs: round(this.#mostMs),
    };
  }
}

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
