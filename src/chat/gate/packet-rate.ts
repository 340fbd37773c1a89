import type { GateRates } from "./gate-settings.ts";

/** What became of a packet: how long to wait (ms) when it is refused, 0 when it is let through. */
export const FLOOD = -1;

/** How many seconds of refusals a window has at least; in it, a session may be refused `burst` times. */
const WINDOW_LEAST_MS = 1000;

/** What rounding may add to a waiting time, so that waiting exactly as long as told is enough. */
const SLACK_MS = 1e-5;

/** How fast packets may come, in every session of a gate. */
export interface PacketLimits {
  /** Between packets, on average. */
  readonly intervalMs: number;
  /** From none left until as many as may come at once. */
  readonly refillMs: number;
  readonly windowMs: number;
  readonly refusalLimit: number;
}

/** undefined where packets may come as fast as they like. */
export function packetLimits({ packetsPerSecond, packetsBurst }: GateRates): PacketLimits | undefined {
  if (!(packetsPerSecond > 0)) return undefined;
  const burst = Math.max(packetsBurst, 1);
  const intervalMs = 1000 / packetsPerSecond;
  const refillMs = burst * intervalMs;
  return { intervalMs, refillMs, windowMs: Math.max(refillMs, WINDOW_LEAST_MS), refusalLimit: burst };
}

/**
 * How fast one session's packets may come: `packetsPerSecond`, and `packetsBurst` at once. Above it they
 * are refused, with the time to wait. A session that goes on regardless, so that in the time an empty
 * bucket takes to fill it is refused as often as the bucket is large, floods.
 *
 * A token bucket, told by one number: when it will be full. (65 bytes; with a
 * TokenBucket it was 162, and each session has one.)
 */
export class PacketRate {
  #fullAtMs = 0;
  /** Whole milliseconds: a fraction would take sixteen bytes more. */
  #windowStartMs = 0;
  #refusalCount = 0;

  /** 0: let it through. Above: refuse it, and tell to wait so many milliseconds. FLOOD: end the session. */
  take(limits: PacketLimits, nowMs: number): number {
    const { intervalMs, refillMs, windowMs, refusalLimit } = limits;
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + intervalMs;
    const waitMs = fullAtMs - refillMs - nowMs;
    if (waitMs <= SLACK_MS) {
      this.#fullAtMs = fullAtMs;
      return 0;
    }
    if (nowMs - this.#windowStartMs > windowMs) {
      this.#windowStartMs = Math.floor(nowMs);
      this.#refusalCount = 0;
    }
    this.#refusalCount++;
    return this.#refusalCount > refusalLimit ? FLOOD : Math.max(1, Math.ceil(waitMs - SLACK_MS / 2));
  }
}
