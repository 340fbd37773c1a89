/**
 * Characters that act instead of being shown: C0 and C1 controls (terminal escape sequences begin with
 * one of them), and direction controls, with which a text could show itself as another.
 */
// oxlint-disable-next-line eslint/no-control-regex -- finding control characters is what it is for
const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]/g;
/** More marks on one letter than any script has: they would reach into the rows above and below. */
const PILED_MARKS = /(\p{M}{6})\p{M}+/gu;
const LINE_BREAKS = /\r\n|[\n\r\u2028\u2029]/g;

/** Text of others as it may be shown: on one line, and nothing in it can act on the terminal. */
export function harmless(text: string): string {
  return text
    .replaceAll(LINE_BREAKS, " ⏎ ")
    .replaceAll("\t", " ")
    .replaceAll(ACTING, "�")
    .replaceAll(PILED_MARKS, "$1")
    .toWellFormed();
}

/** The lines of such a text. */
export function harmlessLines(text: string): string[] {
  return text.split(LINE_BREAKS).map(harmless);
}

/** "09:05" in the time zone of this machine. */
export function clockTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

/** "2026-03-09" in the time zone of this machine. */
export function calendarDay(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** "1 message", "2 messages". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "0.3 s", "12 s". */
export function seconds(ms: number): string {
  return ms < 10_000 ? `${(Math.round(ms / 100) / 10).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** "2026-03-09 09:05" in the time zone of this machine. */
export function dateAndTime(timeMs: number): string {
  return `${calendarDay(timeMs)} ${clockTime(timeMs)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
