import { nameKey } from "../../protocol/names.ts";

/** How a piece of text is shown; `name0` … are colours of people. */
export type Style = "dim" | "bold" | "accent" | "alarm" | "inverse" | `name${number}`;

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type Painter = (span: Span) => string;

/** Without any control sequence. */
export const plainPainter: Painter = ({ text }) => text;

/** Colours of names: SGR foregrounds (ECMA-48 section 8.3.117) that are legible on dark and on light, not red. */
const NAME_COLORS = [32, 33, 34, 35, 36, 92, 94, 95, 96] as const;

const sequences: Readonly<Record<Exclude<Style, `name${number}`>, string>> = {
  dim: "2",
  bold: "1",
  accent: "35",
  alarm: "31",
  inverse: "7",
};

/** With SGR sequences. */
export const colorPainter: Painter = ({ text, style }) => {
  if (style === undefined || text === "") return text;
  return `\u001b[${sequenceOf(style)}m${text}\u001b[0m`;
};

function sequenceOf(style: Style): string {
  if (!isNameStyle(style)) return sequences[style];
  return `1;${NAME_COLORS[Number(style.slice(4))] ?? 39}`;
}

function isNameStyle(style: Style): style is `name${number}` {
  return style.startsWith("name");
}

/** The colour of somebody: always the same for a name, however it is written. */
export function nameStyle(name: string): Style {
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (const unit of nameKey(name)) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  return `name${(hash >>> 0) % NAME_COLORS.length}`;
}

export function paintSpans(spans: readonly Span[], painter: Painter): string {
  return spans.map(painter).join("");
}

export function plainText(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join("");
}
