/** Gaps remembered one by one; further ones are joined with the last. */
const GAP_LIMIT = 100;

/** Ranges of offsets that the server has left out of a room's stream, until the stream has passed them. */
export class OffsetGaps {
  #gaps: { readonly from: number; readonly to: number }[] = [];

  /** Offsets `from` … `to`, both included. */
  add(from: number, to: number): void {
    const last = this.#gaps.at(-1);
    if (last !== undefined && this.#gaps.length >= GAP_LIMIT) {
      this.#gaps[this.#gaps.length - 1] = { from: Math.min(last.from, from), to: Math.max(last.to, to) };
    } else {
      this.#gaps.push({ from, to });
    }
  }

  /** The last offset of the gap that the offset lies in; undefined: it lies in none. */
  endOf(offset: number): number | undefined {
    return this.#gaps.find(({ from, to }) => from <= offset && offset <= to)?.to;
  }

  forgetUpTo(offset: number): void {
    if (this.#gaps.length > 0) this.#gaps = this.#gaps.filter(({ to }) => to > offset);
  }

  clear(): void {
    this.#gaps = [];
  }
}
