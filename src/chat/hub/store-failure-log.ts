import type { Clock } from "../../base/clock.ts";
import { StoreError } from "../store/store.ts";

/** The part of a logger that the hub uses; pino's fits. */
export interface HubLog {
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/**
 * Writes store failures to the log: each kind (what was asked and the error's code) at once when it is
 * new, then once in an interval with how many were left out. A full disk must not fill the log too.
 */
export class StoreFailureLog {
  readonly #log: HubLog;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** By kind; there are as many as requests × error codes. */
  readonly #kinds = new Map<string, { quietUntilMs: number; leftOutCount: number }>();
  #count = 0;

  constructor(log: HubLog, clock: Clock, intervalMs: number) {
    this.#log = log;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Failures since the start, logged or not. */
  get count(): number {
    return this.#count;
  }

  report(request: string, error: unknown): void {
    this.#count += 1;
    const code = error instanceof StoreError ? error.code : "UNEXPECTED";
    const kind = `${request} ${code}`;
    const nowMs = this.#clock.monotonicMs();
    const state = this.#kinds.get(kind) ?? { quietUntilMs: 0, leftOutCount: 0 };
    this.#kinds.set(kind, state);
    if (nowMs < state.quietUntilMs) {
      state.leftOutCount += 1;
      return;
    }
    const fields = { err: error, request, code, leftOutCount: state.leftOutCount };
    state.quietUntilMs = nowMs + this.#intervalMs;
    state.leftOutCount = 0;
    // Being busy passes; everything else needs somebody to look.
    if (code === "STORE_BUSY") this.#log.warn(fields, "the store has too much to do");
    else this.#log.error(fields, "the store failed");
  }
}
