import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

/** Where a client has time, timers and randomness from, so that a simulation can own all three. */
export interface ClientEnvironment {
  readonly clock: Clock;
  /** For delays between attempts, and for client message ids: 96 bits that no other client of the user draws. */
  readonly random: Random;
  /** Calls `onExpired` once, `delayMs` (≥ 0) from now. */
  startTimer(delayMs: number, onExpired: () => void): ClientTimer;
}

export interface ClientTimer {
  /** Harmless when called again, or too late. */
  cancel(): void;
}
