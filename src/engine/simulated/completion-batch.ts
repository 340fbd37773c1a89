import type { FaultSource } from "./network-faults.ts";

interface Completion {
  /** Completions of one source keep their order. */
  readonly source: object;
  readonly run: () => void;
}

/** Completions that wait for a port's next turn. */
export class CompletionBatch {
  #waiting: Completion[] = [];
  #isStopped = false;
  readonly #faults: FaultSource;

  constructor(faults: FaultSource) {
    this.#faults = faults;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(source: object, run: () => void): void {
    if (!this.#isStopped) this.#waiting.push({ source, run });
  }

  /** For ever, even in the middle of a dispatch: the host has crashed. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  /** Runs what waits now; when one throws, the rest stays for the next turn. */
  dispatch(): void {
    if (this.#waiting.length > 1 && this.#faults.reorders()) this.#reorder();
    const batch = this.#waiting;
    this.#waiting = [];
    let next = 0;
    try {
      while (next < batch.length && !this.#isStopped) batch[next++]?.run();
    } finally {
      if (next < batch.length && !this.#isStopped) this.#waiting = [...batch.slice(next), ...this.#waiting];
    }
  }

  /** Any order in which each source's own completions stay in theirs. */
  #reorder(): void {
    const bySource = new Map<object, Completion[]>();
    for (const completion of this.#waiting) {
      const own = bySource.get(completion.source);
      if (own === undefined) bySource.set(completion.source, [completion]);
      else own.push(completion);
    }
    // Which source is next: a shuffle of each completion's source.
    const turns = this.#waiting.map(({ source }) => source);
    for (let last = turns.length - 1; last > 0; last--) {
      const other = this.#faults.below(last + 1);
      [turns[last], turns[other]] = [turns[other] as object, turns[last] as object];
    }
    const next = new Map<object, number>();
    this.#waiting = turns.map((source) => {
      const index = next.get(source) ?? 0;
      next.set(source, index + 1);
      return (bySource.get(source) as Completion[])[index] as Completion;
    });
  }
}
