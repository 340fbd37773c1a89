import { graphemeAfter, graphemeBefore, graphemeBoundary } from "./text-width.ts";
import { TypedLines } from "./typed-lines.ts";

/** UTF-16 units of a line at most; what is typed or pasted above is left out. */
export const LINE_LIMIT = 16_384;

/**
 * A line that is being typed: its text, where the cursor is, and what was typed before. It may hold line
 * feeds, pasted or typed with Alt-Enter. The cursor is always between two graphemes.
 */
export class LineEditor {
  readonly typed: TypedLines = new TypedLines();
  #text = "";
  #cursor = 0;
  /** What was cut last, for `yank`. */
  #cut = "";

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces everything; the cursor is at the end, or at `cursor`. */
  set(text: string, cursor: number = text.length): void {
    this.#text = text;
    this.#cursor = graphemeBoundary(text, cursor);
  }

  /** False when it would be longer than the limit: nothing is inserted then. */
  insert(text: string): boolean {
    if (this.#text.length + text.length > LINE_LIMIT) return false;
    const before = this.#text.slice(0, this.#cursor) + text;
    this.set(before + this.#text.slice(this.#cursor), before.length);
    return true;
  }

  /** Takes the text out, and keeps it among those typed before. */
  submit(): string {
    const text = this.#text;
    this.typed.add(text);
    this.set("");
    return text;
  }

  left(): void {
    this.#cursor = graphemeBefore(this.#text, this.#cursor);
  }

  right(): void {
    this.#cursor = graphemeAfter(this.#text, this.#cursor);
  }

  wordLeft(): void {
    this.#cursor = this.#wordBefore();
  }

  wordRight(): void {
    this.#cursor = this.#wordAfter();
  }

  home(): void {
    if (this.#cursor > 0) this.#cursor = this.#text.lastIndexOf("\n", this.#cursor - 1) + 1;
  }

  end(): void {
    const feed = this.#text.indexOf("\n", this.#cursor);
    this.#cursor = feed < 0 ? this.#text.length : feed;
  }

  backspace(): void {
    this.#remove(graphemeBefore(this.#text, this.#cursor), this.#cursor);
  }

  deleteAhead(): void {
    this.#remove(this.#cursor, graphemeAfter(this.#text, this.#cursor));
  }

  cutToStart(): void {
    this.#cutOut(0, this.#cursor);
  }

  cutToEnd(): void {
    this.#cutOut(this.#cursor, this.#text.length);
  }

  cutWordBefore(): void {
    this.#cutOut(this.#wordBefore(), this.#cursor);
  }

  cutWordAhead(): void {
    this.#cutOut(this.#cursor, this.#wordAfter());
  }

  yank(): void {
    this.insert(this.#cut);
  }

  /** The line typed before the one that is shown. */
  older(): void {
    const text = this.typed.older(this.#text);
    if (text !== undefined) this.set(text);
  }

  newer(): void {
    const text = this.typed.newer();
    if (text !== undefined) this.set(text);
  }

  #cutOut(start: number, end: number): void {
    if (start === end) return;
    this.#cut = this.#text.slice(start, end);
    this.#remove(start, end);
  }

  #remove(start: number, end: number): void {
    this.set(this.#text.slice(0, start) + this.#text.slice(end), start);
  }

  #wordBefore(): number {
    const before = this.#text.slice(0, this.#cursor);
    return before.replace(/[^\s]*\s*$/u, "").length;
  }

  #wordAfter(): number {
    const ahead = /^\s*\S*/u.exec(this.#text.slice(this.#cursor))?.[0] ?? "";
    return this.#cursor + ahead.length;
  }
}
