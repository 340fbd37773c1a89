import type { History } from "./admin-types.ts";
import type { PlotPoint } from "./plot-scale.ts";

export type SeriesName = keyof History["series"];

/**
 * The older samples with the newer ones after them, the oldest dropped above the capacity. Newer samples
 * that do not come after the older ones (the server started again, a clock went back) replace them.
 */
export function joinHistory(older: History | undefined, newer: History): History {
  const lastMs = older?.timesMs.at(-1);
  const firstMs = newer.timesMs[0];
  if (older === undefined || lastMs === undefined) return newer;
  if (firstMs === undefined) return older;
  if (firstMs <= lastMs) return newer;
  const cut = Math.max(0, older.timesMs.length + newer.timesMs.length - newer.capacity);
  const joined = <Value>(before: readonly Value[], after: readonly Value[]): Value[] => [
    ...before.slice(cut),
    ...after,
  ];
  const names = Object.keys(newer.series) as SeriesName[];
  const series = Object.fromEntries(
    names.map((name) => [name, joined(older.series[name], newer.series[name])]),
  ) as History["series"];
  return { ...newer, timesMs: joined(older.timesMs, newer.timesMs), series };
}

/** When the last sample was taken; 0: none. */
export function lastSampleMs(history: History | undefined): number {
  return history?.timesMs.at(-1) ?? 0;
}

/** One series as the plots take it. */
export function pointsOf(history: History, name: SeriesName): PlotPoint[] {
  const values = history.series[name];
  return history.timesMs.map((timeMs, index) => ({ timeMs, value: values[index] ?? undefined }));
}
