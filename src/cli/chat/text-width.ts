import stringWidth from "string-width";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// oxlint-disable-next-line eslint/no-control-regex -- printable ASCII is found by what it is not
const PLAIN = /^[ -~]*$/;

/** What a person sees as one character: "é" in two code points, a family in seven, a Hangul syllable. */
export function graphemesOf(text: string): string[] {
  return PLAIN.test(text) ? text.split("") : Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * Columns that a text takes in a terminal: 2 for wide East Asian characters and emoji (Unicode Standard
 * Annex 11), 0 for combining marks. Control characters count 0: see `harmless`.
 */
export function textWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true });
}

/** As much of the text as fits into `columns`; what is cut off shows as "…". */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let fitting = "";
  let width = 1;
  for (const grapheme of graphemesOf(text)) {
    width += textWidth(grapheme);
    if (width > columns) break;
    fitting += grapheme;
  }
  return columns < 1 ? "" : `${fitting}…`;
}

/** The text with spaces after it up to `columns`. Longer ones are left as they are. */
export function padText(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

/** Where the grapheme before `index` begins; 0 at the beginning. */
export function graphemeBefore(text: string, index: number): number {
  let start = 0;
  for (const grapheme of graphemesOf(text)) {
    if (start + grapheme.length >= index) return start;
    start += grapheme.length;
  }
  return start;
}

/** Where the grapheme at or around `index` ends: the next place for a cursor after `index`. */
export function graphemeAfter(text: string, index: number): number {
  let end = 0;
  for (const grapheme of graphemesOf(text)) {
    end += grapheme.length;
    if (end > index) return end;
  }
  return text.length;
}

/** `index` itself when it lies between two graphemes, else the end of the one it lies in. */
export function graphemeBoundary(text: string, index: number): number {
  return index <= 0 ? 0 : graphemeAfter(text, index - 1);
}
