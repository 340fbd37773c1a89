import { parseAddress, parseCidr } from "../../base/cidr.ts";
import type { ServerEvent } from "../hub/event.ts";
import { type AddressBan, FOREVER_MS, type LockdownLevel } from "../store/store.ts";
import type { Refused } from "./refusals.ts";

const ADDRESS_BITS = 128;

/** What the hub says counts for everybody: how much is taken, and which addresses are banned. */
export class ServerRules {
  #lockdown: LockdownLevel = 0;
  /** By the length of the range's prefix, then by its first address. */
  #bans = new Map<number, Map<bigint, AddressBan>>();

  get lockdown(): LockdownLevel {
    return this.#lockdown;
  }

  apply({ lockdown, addressBans }: ServerEvent): void {
    this.#lockdown = lockdown;
    this.#bans = new Map();
    for (const ban of addressBans) this.#add(ban);
  }

  #add(ban: AddressBan): void {
    const cidr = parseCidr(ban.cidr);
    if (cidr === undefined) return;
    let bans = this.#bans.get(cidr.prefixBits);
    if (bans === undefined) {
      bans = new Map();
      this.#bans.set(cidr.prefixBits, bans);
    }
    bans.set(cidr.base, ban);
  }

  /**
   * Why nobody may be here from this address; undefined: it is under no ban. The longest ban counts. It
   * takes one look for each length of prefix that there is, however many bans there are.
   */
  banRefusal(host: string, wallMs: number): Refused | undefined {
    if (this.#bans.size === 0) return undefined;
    const address = parseAddress(host);
    if (address === undefined) return undefined;
    let longest: AddressBan | undefined;
    for (const [prefixBits, bans] of this.#bans) {
      const freeBits = BigInt(ADDRESS_BITS - prefixBits);
      const ban = bans.get((address >> freeBits) << freeBits);
      if (ban !== undefined && ban.untilMs > (longest?.untilMs ?? 0)) longest = ban;
    }
    return longest === undefined
      ? undefined
      : banRefusal(longest.untilMs, longest.reason, wallMs, "your address is");
  }
}

/** The refusal of somebody, or of an address, that is banned; undefined when the ban is over. */
export function banRefusal(
  untilMs: number,
  reason: string,
  wallMs: number,
  who: string,
): Refused | undefined {
  if (untilMs <= wallMs) return undefined;
  return {
    code: "BANNED",
    detail: reason === "" ? `${who} banned` : `${who} banned: ${reason}`,
    // Until it is taken back: waiting does not help.
    retryAfterMs: untilMs === FOREVER_MS ? 0 : untilMs - wallMs,
  };
}
