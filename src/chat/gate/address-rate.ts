import { RecentTable } from "./recent-table.ts";

/** Addresses that are remembered; the one unseen for longest is forgotten first. */
const REMEMBERED_ADDRESSES = 8192;

/** What rounding may add to a waiting time, so that waiting exactly as long as told is enough. */
const SLACK_MS = 1e-5;

/**
 * A rate limit for each address that something comes from: so many in a period, all of them at once if
 * they like. Memory is bounded: whoever comes from thousands of addresses makes the oldest forgotten.
 */
export class AddressRate {
  readonly #periodMs: number;
  #count: number;
  /** When each address may do all of it at once again. */
  readonly #fullAtMs: RecentTable<string, number>;

  /** `count` in `periodMs`; `count` 0: no limit. */
  constructor(count: number, periodMs: number, remembered = REMEMBERED_ADDRESSES) {
    this.#count = count;
    this.#periodMs = periodMs;
    this.#fullAtMs = new RecentTable(remembered);
  }

  /** Addresses that are remembered now. */
  get addressCount(): number {
    return this.#fullAtMs.size;
  }

  /** Another limit from now on. */
  setCount(count: number): void {
    this.#count = count;
  }

  /** Takes one and gives 0, or gives the milliseconds to wait. */
  take(host: string, nowMs: number): number {
    if (this.#count === 0) return 0;
    const address = addressGroup(host);
    const fullAtMs = this.#next(address, nowMs);
    const waitMs = this.#wait(fullAtMs, nowMs);
    if (waitMs === 0) this.#fullAtMs.set(address, fullAtMs);
    return waitMs;
  }

  /** What `take` would give, without taking. */
  waitMs(host: string, nowMs: number): number {
    return this.#count === 0 ? 0 : this.#wait(this.#next(addressGroup(host), nowMs), nowMs);
  }

  #next(address: string, nowMs: number): number {
    return Math.max(this.#fullAtMs.get(address) ?? nowMs, nowMs) + this.#periodMs / this.#count;
  }

  #wait(fullAtMs: number, nowMs: number): number {
    const waitMs = fullAtMs - this.#periodMs - nowMs;
    return waitMs <= SLACK_MS ? 0 : Math.max(1, Math.ceil(waitMs - SLACK_MS / 2));
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
