/** What stopping may take beyond the time for answers under way: farewells, the last writes, closing. Milliseconds. */
export const CLOSING_TIME_MS = 30_000;

export interface StopDeadlineOptions {
  /** A timer that does not keep the process alive, and not one of what is being stopped. */
  readonly startTimer: (delayMs: number, onExpired: () => void) => void;
  /** What keeps the process alive now, for the message. */
  readonly heldBy: () => readonly string[];
  /** Prints the line, and ends the process. */
  readonly onLate: (line: string) => void;
}

/**
 * The bound of a stop as a whole. Each of its steps has one of its own, but a disk that answers nothing, or a
 * mistake of ours, must not leave a process that neither serves nor ends: whoever waits for it starts no other.
 * What was acknowledged is on the disk by then.
 */
export class StopDeadline {
  readonly #options: StopDeadlineOptions;
  #step = "";
  #hasBegun = false;

  constructor(options: StopDeadlineOptions) {
    this.#options = options;
  }

  /** The stop begins; `answersMs`: what it may wait for answers under way. Only the first call counts. */
  begin(answersMs: number): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const limitMs = answersMs + CLOSING_TIME_MS;
    this.#options.startTimer(limitMs, () => {
      const held = [...new Set(this.#options.heldBy())].join(", ");
      this.#options.onLate(
        `portico: not stopped after ${Math.round(limitMs / 1000)} s, while ${this.#step} (open: ${held}); the process ends now`,
      );
    });
  }

  /** What is being done from now on, as in "while closing the store". */
  reach(step: string): void {
    this.#step = step;
  }
}
