import { TokenBucket } from "../../base/token-bucket.ts";
import type { GateRates } from "./gate-settings.ts";

/** What became of a packet: how long to wait (ms) when it is refused, 0 when it is let through. */
export const FLOOD = -1;

/** How many seconds of refusals a window has at least; in it, a session may be refused `burst` times. */
const WINDOW_LEAST_MS = 1000;

/**
 * How fast one session's packets may come: `packetsPerSecond`, and `packetsBurst` at once. Above it they
 * are refused, with the time to wait. A session that goes on regardless, so that in the time an empty
 * bucket takes to fill it is refused as often as the bucket is large, floods.
 */
export class PacketRate {
  readonly #bucket: TokenBucket;
  readonly #windowMs: number;
  readonly #refusalLimit: number;
  #windowStartMs = 0;
  #refusalCount = 0;

  private constructor(rates: GateRates, nowMs: number) {
    const burst = Math.max(rates.packetsBurst, 1);
    this.#bucket = new TokenBucket(rates.packetsPerSecond, burst, nowMs);
    this.#windowMs = Math.max((burst / rates.packetsPerSecond) * 1000, WINDOW_LEAST_MS);
    this.#refusalLimit = burst;
  }

  /** undefined where packets may come as fast as they like. */
  static of(rates: GateRates, nowMs: number): PacketRate | undefined {
    return rates.packetsPerSecond > 0 ? new PacketRate(rates, nowMs) : undefined;
  }

  /** 0: let it through. Above: refuse it, and tell to wait so many milliseconds. FLOOD: end the session. */
  take(nowMs: number): number {
    const waitMs = this.#bucket.take(1, nowMs);
    if (waitMs === 0) return 0;
    if (nowMs - this.#windowStartMs > this.#windowMs) {
      this.#windowStartMs = nowMs;
      this.#refusalCount = 0;
    }
    this.#refusalCount++;
    return this.#refusalCount > this.#refusalLimit ? FLOOD : waitMs;
  }
}
