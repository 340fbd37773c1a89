/** Pongs that may wait to be sent one by one; of later pings only the latest is answered. */
const PONGS_AT_MOST = 16;

/**
 * Decides which pings are answered (RFC 6455, 5.5.3: the latest suffices), so that a peer that sends
 * pings and does not read makes nothing grow. Positions count the bytes given to the session.
 */
export class PongQueue {
  #waiting = 0;
  #lastAt = 0;
  #held: Uint8Array | undefined;

  /** Whether a ping is answered now; `takenAt`: up to where the kernel has taken what was sent. */
  mayAnswer(takenAt: number): boolean {
    if (takenAt >= this.#lastAt) this.#waiting = 0;
    return this.#waiting < PONGS_AT_MOST;
  }

  /** A pong was queued that ends at this position. */
  answered(endsAt: number): void {
    this.#waiting++;
    this.#lastAt = endsAt;
    this.#held = undefined;
  }

  /** Keeps a copy of what the latest ping had, bytes [start, end), until there is room for its pong. */
  hold(bytes: Uint8Array, start: number, end: number): void {
    // Not `slice`, which is no copy where the bytes are a Buffer.
    this.#held = Uint8Array.from(bytes.subarray(start, end));
  }

  /** Gives what was held, once. */
  take(): Uint8Array | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }
}
