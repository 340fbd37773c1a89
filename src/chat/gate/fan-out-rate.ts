import type { UserId } from "../names.ts";
import { addressGroup } from "./address-rate.ts";
import type { GateRates } from "./gate-settings.ts";
import { RecentTable } from "./recent-table.ts";

/** Users and addresses that are remembered, each. */
const REMEMBERED = 32_768;

/** How many seconds' worth may be sent at once after a quiet time. */
const BURST_SECONDS = 4;

/** What a notice costs besides its text: header, ids, times, a name. */
export const NOTICE_OVERHEAD_BYTES = 32;

/** Who is charged: a session. */
export interface FanOutPayer {
  readonly userId: UserId;
  readonly address: string;
  /** Its buckets, found once. */
  fanOutAccount: FanOutAccount | undefined;
}

/** A user's and an address's bucket, shared by all their sessions. */
export interface FanOutAccount {
  readonly owner: FanOutRate;
  readonly user: Bucket;
  readonly address: Bucket;
}

/** A token bucket, told by when it will be full. */
interface Bucket {
  fullAtMs: number;
}

/**
 * How much may be fanned out for one user and for one address: what is said costs its bytes times the
 * members that are to get it, because that is the work it makes. So a large room takes fewer messages a
 * second of one user than a small one.
 */
export class FanOutRate {
  /** What one byte adds to when a bucket is full; 0: no limit. */
  readonly #userMsPerByte: number;
  readonly #addressMsPerByte: number;
  readonly #users = new RecentTable<UserId, Bucket>(REMEMBERED);
  readonly #addresses = new RecentTable<string, Bucket>(REMEMBERED);

  private constructor(userBytesPerSecond: number, addressBytesPerSecond: number) {
    this.#userMsPerByte = userBytesPerSecond > 0 ? 1000 / userBytesPerSecond : 0;
    this.#addressMsPerByte = addressBytesPerSecond > 0 ? 1000 / addressBytesPerSecond : 0;
  }

  /** undefined where there is no limit. */
  static of(rates: GateRates): FanOutRate | undefined {
    const { fanOutBytesPerSecondPerUser: user, fanOutBytesPerSecondPerAddress: address } = rates;
    return user > 0 || address > 0 ? new FanOutRate(user, address) : undefined;
  }

  /**
   * 0: charged, let it through. Above: nothing was charged, refuse it and tell to wait so many
   * milliseconds. What costs more than a full bucket is let through when the bucket is full.
   */
  take(payer: FanOutPayer, memberCount: number, textBytes: number, nowMs: number): number {
    const bytes = memberCount * (textBytes + NOTICE_OVERHEAD_BYTES);
    if (bytes === 0) return 0;
    let account = payer.fanOutAccount;
    if (account?.owner !== this) {
      account = this.#open(payer);
      payer.fanOutAccount = account;
    }
    const userFullAtMs = fullAtMs(account.user, bytes * this.#userMsPerByte, nowMs);
    const addressFullAtMs = fullAtMs(account.address, bytes * this.#addressMsPerByte, nowMs);
    const waitMs = Math.max(userFullAtMs, addressFullAtMs) - nowMs - BURST_MS;
    if (waitMs > 0) return Math.ceil(waitMs);
    account.user.fullAtMs = userFullAtMs;
    account.address.fullAtMs = addressFullAtMs;
    return 0;
  }

  #open({ userId, address }: FanOutPayer): FanOutAccount {
    return {
      owner: this,
      user: bucketOf(this.#users, userId),
      address: bucketOf(this.#addresses, addressGroup(address)),
    };
  }
}

const BURST_MS = BURST_SECONDS * 1000;

function fullAtMs(bucket: Bucket, costMs: number, nowMs: number): number {
  return Math.max(bucket.fullAtMs, nowMs) + Math.min(costMs, BURST_MS);
}

function bucketOf<Key>(table: RecentTable<Key, Bucket>, key: Key): Bucket {
  const known = table.get(key);
  if (known !== undefined) return known;
  const bucket = { fullAtMs: 0 };
  table.set(key, bucket);
  return bucket;
}
