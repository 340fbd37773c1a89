import type { DurationHistogram } from "../base/duration-histogram.ts";
import { RingBuffer } from "../base/ring-buffer.ts";

/** Quantiles of durations, in milliseconds; all 0 when there was none. */
export interface DurationQuantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The upper bound of the highest bucket that has one. */
  readonly maxMs: number;
}

/** What a histogram that only grows got in its last few pieces of time: the difference of its counts. */
export class QuantileWindow {
  readonly #histogram: DurationHistogram;
  readonly #pieces: RingBuffer<Float64Array>;
  #seen: Float64Array;

  /** `pieces`: how many calls of `take` the window is long. */
  constructor(histogram: DurationHistogram, pieces: number) {
    this.#histogram = histogram;
    this.#pieces = new RingBuffer(pieces);
    this.#seen = histogram.counts.slice();
  }

  /** Ends a piece of time; gives what happened in it. */
  take(): DurationQuantiles {
    const { counts, boundsSeconds } = this.#histogram;
    const seen = this.#seen;
    const piece = counts.map((count, bucket) => count - (seen[bucket] ?? 0));
    this.#seen = counts.slice();
    this.#pieces.pushDropping(piece);
    return quantilesOf(boundsSeconds, piece);
  }

  /** Of the whole window, what happened since the last `take` left out. */
  whole(): DurationQuantiles {
    const { boundsSeconds } = this.#histogram;
    const sum = new Float64Array(boundsSeconds.length + 1);
    for (const piece of this.#pieces) {
      for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket] = sum[bucket]! + (piece[bucket] ?? 0);
    }
    return quantilesOf(boundsSeconds, sum);
  }
}

/** As Prometheus' histogram_quantile does: within a bucket, evenly spread; above the last bound, that bound. */
export function quantilesOf(boundsSeconds: readonly number[], counts: Float64Array): DurationQuantiles {
  const count = counts.reduce((sum, each) => sum + each, 0);
  if (count === 0) return { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
  const highest = counts.findLastIndex((each) => each > 0);
  return {
    count,
    p50Ms: quantile(boundsSeconds, counts, count * 0.5),
    p99Ms: quantile(boundsSeconds, counts, count * 0.99),
    maxMs: (boundsSeconds[highest] ?? boundsSeconds.at(-1) ?? 0) * 1000,
  };
}

function quantile(boundsSeconds: readonly number[], counts: Float64Array, rank: number): number {
  let below = 0;
  for (const [bucket, bound] of boundsSeconds.entries()) {
    const inBucket = counts[bucket] ?? 0;
    if (inBucket > 0 && below + inBucket >= rank) {
      const from = boundsSeconds[bucket - 1] ?? 0;
      return (from + ((bound - from) * (rank - below)) / inBucket) * 1000;
    }
    below += inBucket;
  }
  return (boundsSeconds.at(-1) ?? 0) * 1000;
}
