import type { Clock } from "../../base/clock.ts";
import type { PortTimer } from "../completion-port.ts";
import { TimerQueue } from "../timer-queue.ts";

/** The longest delay setTimeout knows, ms; a longer one is waited for in parts. */
const LONGEST_MS = 2_147_483_647;

/** Timers of a port: ordered by deadline, with one setTimeout for the soonest. */
export class LibuvTimers {
  readonly #clock: Clock;
  readonly #queue = new TimerQueue(() => this.#disarm());
  #timeout: NodeJS.Timeout | undefined;
  #armedMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(delayMs: number, onExpired: () => void): PortTimer {
    const timer = this.#queue.add(this.#clock.monotonicMs() + delayMs, onExpired);
    this.#arm();
    return timer;
  }

  clear(): void {
    this.#queue.clear();
    this.#disarm();
  }

  #arm(): void {
    const soonestMs = this.#queue.soonestMs;
    if (soonestMs >= this.#armedMs) return;
    clearTimeout(this.#timeout);
    this.#armedMs = soonestMs;
    const delayMs = Math.max(0, Math.ceil(soonestMs - this.#clock.monotonicMs()));
    this.#timeout = setTimeout(() => this.#expire(), Math.min(delayMs, LONGEST_MS));
  }

  #disarm(): void {
    clearTimeout(this.#timeout);
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  /** setTimeout may be up to 1 ms early by the port's clock: what is not due yet is armed again. */
  #expire(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    try {
      for (let timer = this.#queue.takeExpired(nowMs); timer; timer = this.#queue.takeExpired(nowMs)) {
        timer.onExpired();
      }
    } finally {
      this.#arm();
    }
  }
}
