import type { Span } from "./styles.ts";
import { graphemesOf, textWidth } from "./text-width.ts";

/** Indentation of the rows after the first takes at most this part of the width. */
const INDENT_PART = 4;

/**
 * Breaks a line into rows of at most `columns`: between words where that is possible, else between
 * graphemes. Rows after the first begin with `indent` spaces. There is always one row.
 */
export function wrapSpans(spans: readonly Span[], columns: number, indent = 0): Span[][] {
  const width = Math.max(columns, 2);
  const breaker = new RowBreaker(width, Math.min(indent, Math.floor(width / INDENT_PART)));
  for (const { text, style } of spans) {
    for (const word of text.match(/\s+|\S+/gu) ?? []) breaker.add(word, style);
  }
  return breaker.rows;
}

class RowBreaker {
  readonly #width: number;
  readonly #indent: number;
  #row: Span[] = [];
  #used = 0;
  readonly rows: Span[][] = [this.#row];

  constructor(width: number, indent: number) {
    this.#width = width;
    this.#indent = indent;
  }

  add(word: string, style: Span["style"]): void {
    const width = textWidth(word);
    if (this.#used + width <= this.#width) {
      this.#put(word, width, style);
      return;
    }
    // A space at the end of a row is where it is broken.
    if (word.trim() === "") {
      this.#feed();
      return;
    }
    if (width <= this.#width - this.#indent) {
      this.#feed();
      this.#put(word, width, style);
      return;
    }
    for (const grapheme of graphemesOf(word)) {
      const size = textWidth(grapheme);
      if (this.#used + size > this.#width) this.#feed();
      this.#put(grapheme, size, style);
    }
  }

  #put(text: string, width: number, style: Span["style"]): void {
    const last = this.#row.at(-1);
    if (last !== undefined && last.style === style) {
      this.#row[this.#row.length - 1] = { text: last.text + text, style };
    } else {
      this.#row.push({ text, style });
    }
    this.#used += width;
  }

  #feed(): void {
    this.#row = this.#indent > 0 ? [{ text: " ".repeat(this.#indent) }] : [];
    this.#used = this.#indent;
    this.rows.push(this.#row);
  }
}
