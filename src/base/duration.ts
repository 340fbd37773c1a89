const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const msByUnit = new Map([
  ["ms", 1],
  ["s", SECOND],
  ["m", MINUTE],
  ["h", HOUR],
  ["d", DAY],
]);

/** What `parseDuration` takes, for messages. */
export const DURATION_FORMAT = 'a duration such as "1500ms", "25s", "2m", "1h" or "30d"';

/**
 * Milliseconds from "1500ms", "25s", "2m", "1h", "30d" or "1.5s"; the unit must be written. undefined when the
 * text is none, or is not a whole number of milliseconds that a number holds exactly.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<amount>\d+(?:\.\d+)?) ?(?<unit>ms|s|m|h|d)$/.exec(text.trim());
  if (match?.groups === undefined) return undefined;
  const { amount, unit = "" } = match.groups;
  const ms = Number(amount) * (msByUnit.get(unit) ?? Number.NaN);
  // 1.001 s is 1000.9999999999999 ms in floating point.
  const wholeMs = Math.round(ms);
  return Math.abs(wholeMs - ms) < 1e-6 && Number.isSafeInteger(wholeMs) ? wholeMs : undefined;
}

/** The shortest text that `parseDuration` reads back as `ms`, a whole number not below 0. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % DAY === 0) return `${ms / DAY}d`;
  if (ms % HOUR === 0) return `${ms / HOUR}h`;
  if (ms % MINUTE === 0) return `${ms / MINUTE}m`;
  if (ms % SECOND === 0) return `${ms / SECOND}s`;
  return `${ms}ms`;
}
