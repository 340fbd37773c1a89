import type { History } from "./api/schemas.ts";

/** An hour, one sample each five seconds. */
export const SAMPLE_INTERVAL_MS = 5000;
export const SAMPLE_CAPACITY = 720;

export type SeriesName = keyof History["series"];

/** One moment: every series' value, NaN where there is none. */
export type Sample = Readonly<Record<SeriesName, number>>;

/**
 * The samples of the last hour: one ring of numbers for each series, all made at once, so that watching costs the
 * same memory (about 120 kB) whatever happens.
 */
export class SampleHistory {
  readonly #capacity: number;
  readonly #timesMs: Float64Array;
  readonly #series: ReadonlyMap<SeriesName, Float64Array>;
  #next = 0;
  #count = 0;

  constructor(names: readonly SeriesName[], capacity = SAMPLE_CAPACITY) {
    this.#capacity = capacity;
    this.#timesMs = new Float64Array(capacity);
    this.#series = new Map(names.map((name) => [name, new Float64Array(capacity)]));
  }

  get count(): number {
    return this.#count;
  }

  /** When full, the oldest goes. */
  add(timeMs: number, sample: Sample): void {
    this.#timesMs[this.#next] = timeMs;
    for (const [name, values] of this.#series) values[this.#next] = sample[name];
    this.#next = (this.#next + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
  }

  /** Samples taken after `sinceMs`, oldest first. */
  after(sinceMs: number): History {
    const places: number[] = [];
    for (let age = this.#count; age > 0; age--) {
      const place = (this.#next - age + this.#capacity) % this.#capacity;
      if ((this.#timesMs[place] ?? 0) > sinceMs) places.push(place);
    }
    const series = [...this.#series].map(([name, values]) => [
      name,
      places.map((place) => rounded(values[place] ?? Number.NaN)),
    ]);
    return {
      intervalMs: SAMPLE_INTERVAL_MS,
      capacity: this.#capacity,
      timesMs: places.map((place) => this.#timesMs[place] ?? 0),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of every name
      series: Object.fromEntries(series) as History["series"],
    };
  }
}

/** Six digits say enough, and JSON stays small. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
