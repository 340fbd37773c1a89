/** Numbers as people read them, in their language. Made once for each language. */
export interface Formats {
  /** 1,234 */
  readonly count: (value: number) => string;
  /** 12.5, 1,234: one decimal below a hundred. */
  readonly number: (value: number) => string;
  /** 1.5 kB: thousands, not 1,024s. */
  readonly bytes: (value: number) => string;
  /** 850 µs, 12 ms, 4.2 s, 3 min, 5 h 10 min, 2 d 4 h */
  readonly duration: (ms: number) => string;
  /** 12.5/s */
  readonly rate: (perSecond: number) => string;
  /** 14:03:59 */
  readonly time: (timeMs: number) => string;
  /** 14:03 */
  readonly clock: (timeMs: number) => string;
  /** 21 Nov 2026, 14:03:59 */
  readonly moment: (timeMs: number) => string;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Units are the same in both languages; digits and dates are the language's. `timeZone`: the browser's. */
export function formatsFor(language: string, timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const time = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23", ...zone });
  const clock = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...zone,
  });
  const moment = new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
    ...zone,
  });
  const rounded = (value: number): string => (value < 100 ? short : whole).format(value);

  return {
    count: (value) => whole.format(value),
    number: rounded,
    bytes: (value) => {
      let unit = 0;
      let amount = Math.max(0, value);
      while (amount >= 999.5 && unit < BYTE_UNITS.length - 1) {
        amount /= 1000;
        unit++;
      }
      return `${unit === 0 ? whole.format(amount) : rounded(amount)} ${BYTE_UNITS[unit]}`;
    },
    duration: (ms) => {
      if (ms <= 0) return "0 ms";
      if (ms < 1) return `${whole.format(ms * 1000)} µs`;
      if (ms < 1000) return `${ms < 10 ? short.format(ms) : whole.format(ms)} ms`;
      const seconds = ms / 1000;
      if (seconds < 60) return `${rounded(seconds)} s`;
      const minutes = Math.floor(seconds / 60);
      if (minutes < 60) return `${minutes} min`;
      const hours = Math.floor(minutes / 60);
      if (hours < 24) return pair(hours, "h", minutes % 60, "min");
      return pair(Math.floor(hours / 24), "d", hours % 24, "h");
    },
    rate: (perSecond) => `${rounded(Math.max(0, perSecond))}/s`,
    time: (timeMs) => time.format(timeMs),
    clock: (timeMs) => clock.format(timeMs),
    moment: (timeMs) => moment.format(timeMs),
  };
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** "90s", "30m", "2h", "7d", "1w", "1h 30m" in milliseconds; "" is 0; undefined: no duration. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "" || trimmed === "0") return 0;
  if (!/^(?:\d{1,6}(?:\.\d{1,3})?\s*(?:s|min|m|h|d|w)\s*)+$/.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, amount = "", unit = ""] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)/g)) {
    totalMs += Number(amount) * (DURATION_UNITS_MS[unit] ?? 0);
  }
  return Math.round(totalMs);
}

/** What parseDuration reads, as exact as whole units allow: "1h 30m". 0 is "". */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = Math.round(ms / 1000);
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const amount = Math.floor(rest / seconds);
    if (amount > 0) parts.push(`${amount}${unit}`);
    rest -= amount * seconds;
  }
  return parts.join(" ");
}
