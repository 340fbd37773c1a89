import { DurationHistogram } from "../base/duration-histogram.ts";
import type { Clock } from "../base/clock.ts";

/** A timer of the event loop that is watched. */
export type StartTimer = (delayMs: number, onExpired: () => void) => { cancel(): void };

/**
 * The loop is looked at so often: 20 times a second, which an idle process hardly notices. A stall shorter than
 * this may be missed, a longer one is seen; quantiles are of what somebody who comes at any moment waits.
 */
const LOOK_MS = 50;

const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * How much later than asked the event loop runs a timer: what everything else in the process waits, too. Node's
 * own `monitorEventLoopDelay` tells percentiles only, which do not add up over time or servers; this has buckets.
 */
export class LoopDelay {
  readonly histogram = new DurationHistogram(BOUNDS_SECONDS);
  readonly #clock: Clock;
  readonly #startTimer: StartTimer;
  #timer: { cancel(): void } | undefined;
  #dueMs = 0;
  #maxMs = 0;

  constructor(clock: Clock, startTimer: StartTimer) {
    this.#clock = clock;
    this.#startTimer = startTimer;
  }

  start(): void {
    if (this.#timer === undefined) this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The longest since this was asked last, in milliseconds. */
  takeMaxMs(): number {
    const maxMs = this.#maxMs;
    this.#maxMs = 0;
    return maxMs;
  }

  #next(): void {
    this.#dueMs = this.#clock.monotonicMs() + LOOK_MS;
    this.#timer = this.#startTimer(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const lateMs = Math.max(0, this.#clock.monotonicMs() - this.#dueMs);
    this.histogram.observe(lateMs / 1000);
    this.#maxMs = Math.max(this.#maxMs, lateMs);
    this.#next();
  }
}
