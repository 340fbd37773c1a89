import { prettyFactory } from "pino-pretty";

/** Makes what is written of a line of JSON as pino gives it, line feed included. */
export type LineFormat = (line: string) => string;

/** As it is: one JSON object in a line. */
export const jsonFormat: LineFormat = (line) => line;

/** For people: time, level, message, then the fields in one line. */
export function prettyFormat(hasColors: boolean): LineFormat {
  const format = prettyFactory({
    colorize: hasColors,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
  });
  return (line) => format(withoutControls(line));
}

/** The escape in JSON of a control character other than tab and line feed, an even number of backslashes before it. */
const ESCAPED_CONTROL = /(?<=(?:^|[^\\])(?:\\\\)*)\\(?=[bfr]|u00[01][0-9a-f])/g;

/** C1 controls, and what changes the direction of text: JSON has them as they are. */
const PLAIN_CONTROL = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Has control characters in a line of JSON shown as their escapes. Names and reasons come from clients: on a
 * terminal they must not move the cursor or change colours.
 */
export function withoutControls(line: string): string {
  return line
    .replaceAll(ESCAPED_CONTROL, "\\\\")
    .replaceAll(PLAIN_CONTROL, (each) => `\\\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
