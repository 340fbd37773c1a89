import type { Dictionary } from "./dictionary.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Times and numbers as people of a language write them; made once for each language. */
export class Formats {
  readonly #locale: string;
  readonly #words: Dictionary;
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayOfYear: Intl.DateTimeFormat;
  readonly #dayAndTime: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #short: Intl.DateTimeFormat;
  readonly #number: Intl.NumberFormat;
  readonly #list: Intl.ListFormat;

  /** `locale`: the browser's own variant of the language (en-GB has other dates than en-US). `timeZone`: the browser's. */
  constructor(locale: string, words: Dictionary, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#locale = locale;
    this.#words = words;
    this.#time = new Intl.DateTimeFormat(locale, { ...zone, hour: "numeric", minute: "2-digit" });
    this.#day = new Intl.DateTimeFormat(locale, { ...zone, weekday: "long", month: "long", day: "numeric" });
    this.#dayOfYear = new Intl.DateTimeFormat(locale, {
      ...zone,
      year: "numeric",
      month: "long",
      day: "numeric",
    });
    this.#dayAndTime = new Intl.DateTimeFormat(locale, {
      ...zone,
      month: "short",
      day: "numeric",
      hour: "numeric",
      minute: "2-digit",
    });
    this.#full = new Intl.DateTimeFormat(locale, { ...zone, dateStyle: "full", timeStyle: "medium" });
    this.#short = new Intl.DateTimeFormat(locale, { ...zone, dateStyle: "short" });
    this.#number = new Intl.NumberFormat(locale);
    this.#list = new Intl.ListFormat(locale, { type: "unit", style: "narrow" });
  }

  /** "14:32" */
  time(ms: number): string {
    return this.#time.format(ms);
  }

  /** For a tooltip: everything. */
  full(ms: number): string {
    return this.#full.format(ms);
  }

  /** A day separator: "Today", "Yesterday", "Monday, 3 March", and with the year when it is another. */
  day(ms: number, nowMs: number): string {
    const key = this.#short.format(ms);
    if (key === this.#short.format(nowMs)) return this.#words.messages.today;
    if (key === this.#short.format(nowMs - DAY_MS)) return this.#words.messages.yesterday;
    return Math.abs(nowMs - ms) < 180 * DAY_MS ? this.#day.format(ms) : this.#dayOfYear.format(ms);
  }

  /** In a list: the time when it is today, else the day with the time, else the date. */
  moment(ms: number, nowMs: number): string {
    if (this.#short.format(ms) === this.#short.format(nowMs)) return this.time(ms);
    return Math.abs(nowMs - ms) < 180 * DAY_MS ? this.#dayAndTime.format(ms) : this.#dayOfYear.format(ms);
  }

  /** "until 14:32" */
  until(ms: number, nowMs: number): string {
    return this.#words.time.until(this.moment(ms, nowMs));
  }

  /** "5 minutes", "1 hour", "30 days": in the largest unit that leaves no rest. */
  duration(ms: number): string {
    const [unit, size] =
      ms >= DAY_MS && ms % DAY_MS === 0
        ? (["day", DAY_MS] as const)
        : ms >= HOUR_MS && ms % HOUR_MS === 0
          ? (["hour", HOUR_MS] as const)
          : ms >= MINUTE_MS && ms % MINUTE_MS === 0
            ? (["minute", MINUTE_MS] as const)
            : (["second", 1000] as const);
    const format = new Intl.NumberFormat(this.#locale, {
      style: "unit",
      unit,
      unitDisplay: "long",
      maximumFractionDigits: 1,
    });
    return format.format(ms / size);
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  /** "Ada, Bo, Cy" */
  names(names: readonly string[]): string {
    return this.#list.format(names);
  }
}
