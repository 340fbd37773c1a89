/** Bounds that fit what a server does: a tenth of a millisecond to ten seconds. */
export const DEFAULT_DURATION_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/**
 * How often something took how long, in buckets with fixed bounds, for metrics: buckets of several servers, and
 * of several minutes, add up. Observing allocates nothing.
 */
export class DurationHistogram {
  /** Upper bounds of the buckets in seconds, rising; what is above the last has a bucket of its own. */
  readonly boundsSeconds: readonly number[];
  /** How many fell into each bucket (not cumulative): one more than there are bounds. */
  readonly counts: Float64Array;
  #sumSeconds = 0;
  #count = 0;

  /** `boundsSeconds`: rising numbers above 0, at least one. */
  constructor(boundsSeconds: readonly number[] = DEFAULT_DURATION_BOUNDS) {
    const isRising = boundsSeconds.every((bound, index) => bound > (boundsSeconds[index - 1] ?? 0));
    if (boundsSeconds.length === 0 || !isRising) {
      throw new RangeError(`bounds must rise from above 0, got ${boundsSeconds.join(", ")}`);
    }
    this.boundsSeconds = boundsSeconds;
    this.counts = new Float64Array(boundsSeconds.length + 1);
  }

  /** All that was observed, together. */
  get sumSeconds(): number {
    return this.#sumSeconds;
  }

  get count(): number {
    return this.#count;
  }

  /** A negative duration (a clock that is read late) counts as 0. */
  observe(seconds: number): void {
    const { boundsSeconds, counts } = this;
    let bucket = 0;
    while (bucket < boundsSeconds.length && seconds > (boundsSeconds[bucket] as number)) bucket++;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.#sumSeconds += Math.max(seconds, 0);
    this.#count++;
  }
}
