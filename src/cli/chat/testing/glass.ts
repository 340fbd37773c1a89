import { graphemesOf, textWidth } from "../text-width.ts";

/** A control sequence, or what is between two. */
// oxlint-disable-next-line eslint/no-control-regex -- the escape sequences that a terminal obeys
const OUTPUT = /\u001b\[([?\d;]*)([A-Za-z])|([^\u001b]+)/gu;

/** As much of a terminal as the screen uses: what would be on the glass, and what is switched on. */
export class Glass {
  readonly modes: Set<string> = new Set();
  columns: number;
  rows: number;
  #cells: string[][];
  #x = 0;
  #y = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#cells = this.#blank();
  }

  write(text: string): void {
    for (const [, parameters = "", action, plain] of text.matchAll(OUTPUT)) {
      if (action !== undefined) this.#act(action, parameters);
      else if (plain !== undefined) for (const grapheme of graphemesOf(plain)) this.#put(grapheme);
    }
  }

  /** Rows without the spaces at their ends. */
  get shown(): string[] {
    return this.#cells.map((row) => row.join("").trimEnd());
  }

  get cursor(): string {
    return `${this.#x},${this.#y}`;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.#cells = this.#blank();
  }

  #blank(): string[][] {
    return Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => " "));
  }

  #act(action: string, parameters: string): void {
    if (action === "h" || action === "l") {
      if (action === "h") this.modes.add(parameters);
      else this.modes.delete(parameters);
    } else if (action === "H") {
      const [row = "1", column = "1"] = parameters.split(";");
      [this.#x, this.#y] = [Number(column) - 1, Number(row) - 1];
    } else if (action === "J" && parameters === "2") this.#cells = this.#blank();
    else if (action === "K" && parameters === "2") this.#cells[this.#y]?.fill(" ");
    else if (action !== "m") throw new Error(`the terminal does not know ${parameters}${action}`);
  }

  #put(grapheme: string): void {
    const width = textWidth(grapheme);
    if (this.#x + width > this.columns) throw new Error(`"${grapheme}" runs over the end of row ${this.#y}`);
    const row = this.#cells[this.#y];
    if (row === undefined) throw new Error(`there is no row ${this.#y}`);
    row[this.#x] = grapheme;
    for (let column = this.#x + 1; column < this.#x + width; column++) row[column] = "";
    this.#x += width;
  }
}
