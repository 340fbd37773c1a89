import type { Clock } from "../../base/clock.ts";
import type { PortTimer } from "../completion-port.ts";
import { TimerQueue } from "../timer-queue.ts";

/** The longest delay setTimeout knows, ms; a longer one is waited for in parts. */
const LONGEST_MS = 2_147_483_647;

/**
 * Timers of a port. The event loop knows one timeout, for the soonest, which asks for a turn; what is due
 * expires in turns. A completion port has no timers of its own.
 */
export class IocpTimers {
  readonly #clock: Clock;
  readonly #askForTurn: () => void;
  readonly #queue = new TimerQueue(() => this.#disarm());
  #timeout: NodeJS.Timeout | undefined;
  #armedMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, askForTurn: () => void) {
    this.#clock = clock;
    this.#askForTurn = askForTurn;
  }

  /** Until the soonest is due, ms; 0 when one is, Infinity when there is none. */
  get soonestDelayMs(): number {
    const { soonestMs } = this.#queue;
    if (soonestMs === Number.POSITIVE_INFINITY) return soonestMs;
    return Math.max(0, soonestMs - this.#clock.monotonicMs());
  }

  start(delayMs: number, onExpired: () => void): PortTimer {
    return this.#queue.add(this.#clock.monotonicMs() + delayMs, onExpired);
  }

  /** Tells the event loop of the soonest deadline when it is sooner than what that knows. */
  arm(): void {
    const { soonestMs } = this.#queue;
    if (soonestMs >= this.#armedMs) return;
    clearTimeout(this.#timeout);
    this.#armedMs = soonestMs;
    const delayMs = Math.min(Math.ceil(this.soonestDelayMs), LONGEST_MS);
    this.#timeout = setTimeout(() => {
      // It may be up to 1 ms early by the port's clock: what is not due yet is armed again.
      this.#armedMs = Number.POSITIVE_INFINITY;
      this.#askForTurn();
    }, delayMs);
  }

  #disarm(): void {
    clearTimeout(this.#timeout);
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  /** Runs what is due. */
  expire(): void {
    if (this.#queue.size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    for (let timer = this.#queue.takeExpired(nowMs); timer; timer = this.#queue.takeExpired(nowMs)) {
      timer.onExpired();
    }
  }

  /** Forgets every timer. */
  clear(): void {
    this.#queue.clear();
    this.#disarm();
  }
}
