import type { Random } from "./random.ts";

export interface BackoffOptions {
  /** Upper bound of the first delay. Default 250. */
  readonly firstMs?: number;
  /** No delay is longer. Default 15,000. */
  readonly capMs?: number;
  /** Each bound is this many times the one before. Default 2. */
  readonly factor?: number;
}

/**
 * Delays between attempts: the bound doubles up to a cap, and each delay is drawn between a quarter
 * of the bound and the bound, so that thousands of clients that lost the same server do not come back
 * in the same moment.
 */
export class Backoff {
  readonly #random: Random;
  readonly #firstMs: number;
  readonly #capMs: number;
  readonly #factor: number;
  #boundMs: number;

  constructor(random: Random, options: BackoffOptions = {}) {
    this.#random = random;
    this.#firstMs = options.firstMs ?? 250;
    this.#capMs = options.capMs ?? 15_000;
    this.#factor = options.factor ?? 2;
    this.#boundMs = this.#firstMs;
  }

  /** The next delay, milliseconds. */
  nextMs(): number {
    const boundMs = this.#boundMs;
    this.#boundMs = Math.min(this.#capMs, boundMs * this.#factor);
    return Math.round(boundMs * (0.25 + 0.75 * this.#random.next()));
  }

  /** After a success: begin again with short delays. */
  reset(): void {
    this.#boundMs = this.#firstMs;
  }
}
