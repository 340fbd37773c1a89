import type { Clock } from "../base/clock.ts";
import type { PortTimer } from "./completion-port.ts";
import { TimerQueue } from "./timer-queue.ts";

/** The longest delay setTimeout knows, ms; a longer one is waited for in parts. */
const LONGEST_MS = 2_147_483_647;

/**
 * Timers of a port whose kernel has none of its own. The event loop knows one timeout, for the soonest; the
 * timeout keeps the loop alive, and is cleared with the last timer.
 */
export class LoopTimers {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #queue = new TimerQueue(() => this.#disarm());
  #timeout: NodeJS.Timeout | undefined;
  #armedMs = Number.POSITIVE_INFINITY;

  /**
   * `onDue` is called when something may be due: it has {@link expire} called, and {@link arm} after it. The
   * timeout may be up to 1 ms early by the port's clock; what is not due yet is then armed again.
   */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Until the soonest is due, ms; 0 when one is, Infinity when there is none. */
  get soonestDelayMs(): number {
    const { soonestMs } = this.#queue;
    if (soonestMs === Number.POSITIVE_INFINITY) return soonestMs;
    return Math.max(0, soonestMs - this.#clock.monotonicMs());
  }

  /** The event loop hears of it with the next {@link arm}. */
  start(delayMs: number, onExpired: () => void): PortTimer {
    return this.#queue.add(this.#clock.monotonicMs() + delayMs, onExpired);
  }

  /** Tells the event loop of the soonest deadline when it is sooner than what that knows. */
  arm(): void {
    const { soonestMs } = this.#queue;
    if (soonestMs >= this.#armedMs) return;
    clearTimeout(this.#timeout);
    this.#armedMs = soonestMs;
    this.#timeout = setTimeout(
      () => {
        this.#armedMs = Number.POSITIVE_INFINITY;
        this.#onDue();
      },
      Math.min(Math.ceil(this.soonestDelayMs), LONGEST_MS),
    );
  }

  #disarm(): void {
    clearTimeout(this.#timeout);
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  /** Runs what is due. */
  expire(): void {
    if (this.#queue.size > 0) this.#queue.expire(this.#clock.monotonicMs());
  }

  /** Forgets every timer. */
  clear(): void {
    this.#queue.clear();
    this.#disarm();
  }
}
