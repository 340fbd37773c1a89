/** One value of a series; `value` undefined: nothing was measured then (the server did not run). */
export interface PlotPoint {
  readonly timeMs: number;
  readonly value: number | undefined;
}

/** The end of an axis that begins at 0, and where its lines are. */
export interface Scale {
  readonly max: number;
  /** Rising, the first is 0, the last is `max`. */
  readonly ticks: readonly number[];
}

/** A scale of `steps` equal round steps (1, 2 or 5 times a power of ten) that has room for `largest`. */
export function niceScale(largest: number, steps = 4): Scale {
  const wanted = Number.isFinite(largest) && largest > 0 ? largest / steps : 1 / steps;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= wanted * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  return {
    max: step * steps,
    // Counted, not added up: 0.1 three times is not 0.3.
    ticks: Array.from({ length: steps + 1 }, (_, index) => Number((step * index).toPrecision(12))),
  };
}

/** Whole steps of the clock between two times: 5, 10, 15, 30 minutes or whole hours, at most `limit`. */
export function timeTicks(fromMs: number, toMs: number, limit: number): readonly number[] {
  const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720].map((minutes) => minutes * 60_000);
  const step = stepsMs.find((candidate) => (toMs - fromMs) / candidate <= limit);
  if (step === undefined || toMs <= fromMs) return [];
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) ticks.push(at);
  return ticks;
}

/** The runs of points without a hole between them: each is one line of the plot. */
export function unbroken(points: readonly PlotPoint[], longestStepMs: number): Known[][] {
  const runs: Known[][] = [];
  let run: Known[] = [];
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const { timeMs, value } of points) {
    if (value === undefined || timeMs - previousMs > longestStepMs) {
      if (run.length > 0) runs.push(run);
      run = [];
    }
    if (value !== undefined) run.push({ timeMs, value });
    previousMs = timeMs;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

export interface Known {
  readonly timeMs: number;
  readonly value: number;
}

/** The index of the point nearest to a time, by halving; points are in order. -1 when there is none. */
export function nearestPoint(points: readonly PlotPoint[], timeMs: number): number {
  let low = 0;
  let high = points.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.timeMs ?? 0) < timeMs) low = middle + 1;
    else high = middle;
  }
  const after = points[low];
  const before = points[low - 1];
  if (before === undefined || after === undefined) return low;
  return timeMs - before.timeMs <= after.timeMs - timeMs ? low - 1 : low;
}
