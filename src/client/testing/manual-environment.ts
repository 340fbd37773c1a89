import { ManualClock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import type { ClientEnvironment, ClientTimer } from "../environment.ts";

interface Timer {
  readonly dueMs: number;
  readonly onExpired: () => void;
}

/** Time that moves only when a test says so, and random numbers from a seed. */
export class ManualEnvironment implements ClientEnvironment {
  readonly clock = new ManualClock();
  readonly random: SeededRandom;
  readonly #timers = new Set<Timer>();

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
  }

  /** Timers that run: none may be left when a client is closed. */
  get timerCount(): number {
    return this.#timers.size;
  }

  startTimer(delayMs: number, onExpired: () => void): ClientTimer {
    const timer: Timer = { dueMs: this.clock.monotonicMs() + delayMs, onExpired };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Lets `byMs` pass, calling timers in the order of their time, those they start included. */
  advance(byMs: number): void {
    const untilMs = this.clock.monotonicMs() + byMs;
    for (let next = this.#next(); next !== undefined && next.dueMs <= untilMs; next = this.#next()) {
      this.clock.advance(Math.max(next.dueMs - this.clock.monotonicMs(), 0));
      this.#timers.delete(next);
      next.onExpired();
    }
    this.clock.advance(untilMs - this.clock.monotonicMs());
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    return next;
  }
}
