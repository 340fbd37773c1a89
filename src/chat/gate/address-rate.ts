import { TokenBucket } from "../../base/token-bucket.ts";

/** Addresses that are remembered; the one unseen for longest is forgotten first. */
const REMEMBERED_ADDRESSES = 8192;

/**
 * A rate limit for each address that something comes from: so many in a period, all of them at once if
 * they like. Memory is bounded: whoever comes from thousands of addresses makes the oldest forgotten.
 */
export class AddressRate {
  readonly #ratePerSecond: number;
  readonly #burst: number;
  readonly #remembered: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /** `count` in `periodMs`; `count` 0: no limit. */
  constructor(count: number, periodMs: number, remembered = REMEMBERED_ADDRESSES) {
    this.#ratePerSecond = (count * 1000) / periodMs;
    this.#burst = count;
    this.#remembered = remembered;
  }

  /** Addresses that are remembered now. */
  get addressCount(): number {
    return this.#buckets.size;
  }

  /** Takes one and gives 0, or gives the milliseconds to wait. */
  take(host: string, nowMs: number): number {
    if (this.#burst === 0) return 0;
    const address = addressGroup(host);
    let bucket = this.#buckets.get(address);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#ratePerSecond, this.#burst, nowMs);
      if (this.#buckets.size >= this.#remembered) this.#forgetOldest();
    } else {
      this.#buckets.delete(address);
    }
    // A Map keeps the order of insertion: the one used last is put at the end.
    this.#buckets.set(address, bucket);
    return bucket.take(1, nowMs);
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}

const IPV4_IN_IPV6 = /^::ffff:(?<four>\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What counts as one address: an IPv4 address, also one written as IPv6; of an IPv6 address the first
 * 64 bits, because whoever has one of those has all of them (RFC 6177).
 */
export function addressGroup(host: string): string {
  if (!host.includes(":")) return host;
  const four = IPV4_IN_IPV6.exec(host)?.groups?.four;
  if (four !== undefined) return four;
  const [left = "", right] = host.split("%", 1)[0]?.split("::") ?? [];
  const groups = left === "" ? [] : left.split(":");
  if (right !== undefined) {
    const tail = right === "" ? 0 : right.split(":").length;
    for (let missing = 8 - groups.length - tail; missing > 0; missing--) groups.push("0");
    if (right !== "") groups.push(...right.split(":"));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}
