import type { ClientEnvironment, ClientTimer } from "../../../src/client/environment.ts";
import type { Notice } from "./contract.ts";

/** Notices that are shown at one time; above, the oldest goes. */
const NOTICE_LIMIT = 5;

/** How long one is shown: errors are read more slowly. */
const SHOWN_MS = { info: 6000, success: 4000, error: 10_000 } as const;

/** What is told for a moment. */
export class NoticeList {
  readonly #environment: ClientEnvironment;
  readonly #onChange: () => void;
  readonly #timers = new Map<number, ClientTimer>();
  #notices: readonly Notice[] = [];
  #count = 0;

  constructor(environment: ClientEnvironment, onChange: () => void) {
    this.#environment = environment;
    this.#onChange = onChange;
  }

  get all(): readonly Notice[] {
    return this.#notices;
  }

  /** The same told again takes the place of the earlier. */
  add(
    tone: Notice["tone"],
    code: Notice["code"],
    params: Notice["params"] = {},
    failure?: Notice["failure"],
  ): void {
    const id = ++this.#count;
    const told = JSON.stringify([code, params, failure?.code]);
    const others = this.#notices.filter(
      (notice) => JSON.stringify([notice.code, notice.params, notice.failure?.code]) !== told,
    );
    this.#notices = [...others, { id, tone, code, params, failure }].slice(-NOTICE_LIMIT);
    this.#timers.set(
      id,
      this.#environment.startTimer(SHOWN_MS[tone], () => this.dismiss(id)),
    );
    this.#onChange();
  }

  dismiss(id: number): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
    const left = this.#notices.filter((notice) => notice.id !== id);
    if (left.length === this.#notices.length) return;
    this.#notices = left;
    this.#onChange();
  }

  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#notices = [];
    this.#onChange();
  }
}
