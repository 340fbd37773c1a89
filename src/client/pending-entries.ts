import type { LogEntry } from "./log-entry.ts";
import { OffsetGaps } from "./offset-gaps.ts";

/** Entries held back while what came before them is on its way; above it they are not kept. */
const HELD_LIMIT = 2000;

/** Entries of a room that are known by their offset and not told yet, and what the server has left out. */
export class PendingEntries {
  readonly #held = new Map<number, LogEntry>();
  readonly #own = new Map<number, LogEntry>();
  readonly #gaps = new OffsetGaps();

  /** From a notice. Above the limit it is not kept: history has it. */
  hold(entry: LogEntry): void {
    if (this.#held.size < HELD_LIMIT) this.#held.set(entry.offset, entry);
  }

  /** From a page that was asked for: bounded by that. */
  holdPage(page: readonly LogEntry[], position: number): void {
    for (const entry of page) if (entry.offset > position) this.#held.set(entry.offset, entry);
  }

  /** Of this client, for certain. */
  addOwn(entry: LogEntry): void {
    this.#own.set(entry.offset, entry);
  }

  addGap(fromOffset: number, toOffset: number): void {
    this.#gaps.add(fromOffset, toOffset);
  }

  /** True when something is known of the offset, be it that it was left out. */
  has(offset: number): boolean {
    return this.#held.has(offset) || this.#own.has(offset) || this.gapEnd(offset) !== undefined;
  }

  find(offset: number): { readonly entry: LogEntry; readonly isOwn: boolean } | undefined {
    const own = this.#own.get(offset);
    const entry = own ?? this.#held.get(offset);
    return entry === undefined ? undefined : { entry, isOwn: own !== undefined };
  }

  /** The last offset that was left out together with this one. */
  gapEnd(offset: number): number | undefined {
    return this.#gaps.endOf(offset);
  }

  /** The oldest offset after `position` whose entry is there; Infinity: none is. */
  nextAfter(position: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entries of [this.#held, this.#own])
      for (const offset of entries.keys()) if (offset > position) next = Math.min(next, offset);
    return next;
  }

  /** The entry has been told. */
  remove(offset: number): void {
    this.#own.delete(offset);
    this.#held.delete(offset);
  }

  forgetUpTo(position: number): void {
    for (const entries of [this.#held, this.#own])
      for (const offset of entries.keys()) if (offset <= position) entries.delete(offset);
    this.#gaps.forgetUpTo(position);
  }

  forgetGaps(): void {
    this.#gaps.clear();
  }

  clear(): void {
    this.#held.clear();
    this.#own.clear();
    this.#gaps.clear();
  }
}
