import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { RefusalReason, ServiceLimits } from "./session-host.ts";

/** Addresses whose accept rate is remembered; the oldest is forgotten first. */
const REMEMBERED_ADDRESSES = 8192;

/** How many sessions one listener has of each address, and how fast they come. */
export class AddressLimits {
  readonly #limits: ServiceLimits;
  readonly #clock: Clock;
  readonly #sessionsByHost = new Map<string, number>();
  readonly #acceptRate: TokenBucket | undefined;
  readonly #acceptRateByHost = new Map<string, TokenBucket>();

  constructor(limits: ServiceLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    const rate = limits.acceptsPerSecond;
    if (rate > 0) this.#acceptRate = new TokenBucket(rate, rate, clock.monotonicMs());
  }

  /** Whether one more session of any address comes too fast. */
  refusesAccept(): RefusalReason | undefined {
    if (this.#acceptRate === undefined) return undefined;
    return this.#acceptRate.take(1, this.#clock.monotonicMs()) > 0 ? "ACCEPT_RATE" : undefined;
  }

  /** Whether the address has as many sessions as it may have. */
  refusesCount(host: string): RefusalReason | undefined {
    const count = this.#sessionsByHost.get(host) ?? 0;
    return count >= this.#limits.sessionsPerAddress ? "ADDRESS_LIMIT" : undefined;
  }

  /** Whether the sessions of the address come too fast. */
  refusesRate(host: string): RefusalReason | undefined {
    const rate = this.#limits.acceptsPerSecondPerAddress;
    if (rate === 0) return undefined;
    const nowMs = this.#clock.monotonicMs();
    return this.#bucketOf(host, rate, nowMs).take(1, nowMs) > 0 ? "ADDRESS_ACCEPT_RATE" : undefined;
  }

  /** One more session is of this address. */
  count(host: string): void {
    this.#sessionsByHost.set(host, (this.#sessionsByHost.get(host) ?? 0) + 1);
  }

  /** One session less is of this address. */
  forget(host: string): void {
    const left = (this.#sessionsByHost.get(host) ?? 1) - 1;
    if (left === 0) this.#sessionsByHost.delete(host);
    else this.#sessionsByHost.set(host, left);
  }

  #bucketOf(host: string, rate: number, nowMs: number): TokenBucket {
    let bucket = this.#acceptRateByHost.get(host);
    if (bucket === undefined) {
      bucket = new TokenBucket(rate, rate, nowMs);
      if (this.#acceptRateByHost.size >= REMEMBERED_ADDRESSES) {
        for (const oldest of this.#acceptRateByHost.keys()) {
          this.#acceptRateByHost.delete(oldest);
          break;
        }
      }
      this.#acceptRateByHost.set(host, bucket);
    }
    return bucket;
  }
}
