/** Lines kept at most. */
const LIMIT = 500;

/** What was typed before, for the arrow keys. A line that is being typed is not lost by looking. */
export class TypedLines {
  readonly #lines: string[] = [];
  /** Of the line that is shown; the number of lines when it is the one being typed. */
  #index = 0;
  #draft = "";

  add(line: string): void {
    if (line.trim() !== "" && line !== this.#lines.at(-1)) {
      this.#lines.push(line);
      if (this.#lines.length > LIMIT) this.#lines.shift();
    }
    this.#index = this.#lines.length;
    this.#draft = "";
  }

  /** `shown`: what is in the line now. Undefined when there is nothing older. */
  older(shown: string): string | undefined {
    if (this.#index === 0) return undefined;
    if (this.#index === this.#lines.length) this.#draft = shown;
    return this.#lines[--this.#index];
  }

  newer(): string | undefined {
    if (this.#index === this.#lines.length) return undefined;
    this.#index++;
    return this.#lines[this.#index] ?? this.#draft;
  }
}
