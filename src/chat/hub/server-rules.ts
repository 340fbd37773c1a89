import { assert } from "../../base/assert.ts";
import { type Cidr, cidrContains, parseAddress, parseCidr } from "../../base/cidr.ts";
import type { UserId } from "../names.ts";
import type { AddressBan, LockdownLevel, ServerRules as StoredRules } from "../store/store.ts";
import type { UserIdentity } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import { remainingMs } from "./room-roster.ts";
import { SerialChanges } from "./serial-changes.ts";
import type { OnlineUser } from "./user-directory.ts";

/** Users whose changes are remembered; a gate's look at an account is never that old. */
const RECENT_LIMIT = 10_000;

/** What was done to a user in this run of the server. */
export interface UserChange {
  readonly displayName?: string;
  readonly isAdmin?: boolean;
  readonly mutedUntilMs?: number;
  readonly bannedUntilMs?: number;
  readonly banReason?: string;
  readonly deleted?: boolean;
}

/** Why somebody may not sign in. */
export interface SignInBan {
  /** Infinity: until it is taken back. */
  readonly forMs: number;
  readonly reason: string;
}

/**
 * What counts for everybody: the lockdown level and the banned addresses; and what was lately done to
 * users. A gate looks at an account and then asks for the sign-in: what was done between the two it
 * cannot have seen, so the hub remembers it.
 */
export class ServerRules {
  /** Changes of the rules that are under way. */
  readonly changes = new SerialChanges<"rules">();
  readonly #context: HubContext;
  #lockdown: LockdownLevel = 0;
  /** By the range in its normal form. */
  readonly #addressBans = new Map<string, { readonly ban: AddressBan; readonly range: Cidr | undefined }>();
  /** The longest unchanged first. */
  readonly #recent = new Map<UserId, UserChange>();
  readonly #revokedTokens = new Set<number>();
  #isLoaded = false;
  #isLoading = false;

  constructor(context: HubContext) {
    this.#context = context;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get lockdown(): LockdownLevel {
    return this.#lockdown;
  }

  /** Guests may publish, whisper and so on. */
  get mayGuestsSpeak(): boolean {
    return this.#lockdown < 3;
  }

  /** Milliseconds for which the user may not speak anywhere; Infinity: until it is taken back. */
  mutedForMs(user: OnlineUser): number {
    return remainingMs(user.mutedUntilMs, this.#context.now.wallMs);
  }

  /** Reads the rules, if that is not done or under way; `onSettled` is called when it was tried. */
  load(onSettled: () => void): void {
    if (this.#isLoaded || this.#isLoading) return;
    this.#isLoading = true;
    this.#context.ask(
      "readServerRules",
      { nowMs: this.#context.now.wallMs },
      (rules) => {
        this.#isLoading = false;
        this.#loaded(rules);
        onSettled();
      },
      () => {
        this.#isLoading = false;
        onSettled();
      },
    );
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Tells every gate. Before the rules are known there is nothing to tell. */
  tell(): void {
    if (!this.#isLoaded) return;
    const { wallMs } = this.#context.now;
    const addressBans = [...this.#addressBans.values()]
      .map(({ ban }) => ban)
      .filter(({ untilMs }) => untilMs > wallMs);
    this.#context.effects.broadcast({ type: "serverRules", lockdown: this.#lockdown, addressBans });
  }

  setLockdown(level: LockdownLevel): void {
    this.#lockdown = level;
    this.tell();
  }

  /** `untilMs` 0 lifts it. */
  setAddressBan(ban: AddressBan): void {
    this.#forgetOldAddressBans();
    this.#addressBans.delete(ban.cidr);
    if (ban.untilMs > 0) this.#keepAddressBan(ban);
    this.tell();
  }

  /** There are fewer than `maxAddressBans`, or this one is there already. */
  hasPlaceForAddressBan(cidr: string): boolean {
    this.#forgetOldAddressBans();
    return this.#addressBans.has(cidr) || this.#addressBans.size < this.#context.options.maxAddressBans;
  }

  #forgetOldAddressBans(): void {
    const { wallMs } = this.#context.now;
    for (const { ban } of this.#addressBans.values()) {
      if (ban.untilMs <= wallMs) this.#addressBans.delete(ban.cidr);
    }
  }

  /** Why nobody may sign in from this address. */
  addressBan(address: string): SignInBan | undefined {
    const parsed = parseAddress(address);
    if (parsed === undefined) return undefined;
    for (const { ban, range } of this.#addressBans.values()) {
      const forMs = remainingMs(ban.untilMs, this.#context.now.wallMs);
      if (forMs > 0 && range !== undefined && cidrContains(range, parsed))
        return { forMs, reason: ban.reason };
    }
    return undefined;
  }

  /** The ban of a user that was set in this run of the server. */
  userBan(userId: UserId): SignInBan | undefined {
    const { bannedUntilMs = 0, banReason = "" } = this.#recent.get(userId) ?? {};
    const forMs = remainingMs(bannedUntilMs, this.#context.now.wallMs);
    return forMs > 0 ? { forMs, reason: banReason } : undefined;
  }

  isDeleted(userId: UserId): boolean {
    return this.#recent.get(userId)?.deleted ?? false;
  }

  isRevoked(tokenId: number): boolean {
    return this.#revokedTokens.has(tokenId);
  }

  /** The identity as it is now, where the gate looked at the account too early. */
  upToDate(identity: UserIdentity): UserIdentity {
    const change = this.#recent.get(identity.id);
    if (change === undefined) return identity;
    const { displayName, isAdmin, mutedUntilMs } = change;
    return {
      ...identity,
      displayName: displayName ?? identity.displayName,
      isAdmin: isAdmin ?? identity.isAdmin,
      mutedUntilMs: mutedUntilMs ?? identity.mutedUntilMs,
    };
  }

  /** Applies a change to the user if signed in, and remembers it for sign-ins on their way. */
  changeUser(userId: UserId, change: UserChange): void {
    const user = this.#context.users.byId(userId);
    if (user !== undefined) {
      user.displayName = change.displayName ?? user.displayName;
      user.isAdmin = change.isAdmin ?? user.isAdmin;
      user.mutedUntilMs = change.mutedUntilMs ?? user.mutedUntilMs;
    }
    const known = this.#recent.get(userId);
    this.#recent.delete(userId);
    forgetOldest(this.#recent);
    this.#recent.set(userId, { ...known, ...change });
  }

  rememberRevoked(tokenIds: readonly number[]): void {
    for (const tokenId of tokenIds) {
      forgetOldest(this.#revokedTokens);
      this.#revokedTokens.add(tokenId);
    }
  }

  #loaded({ lockdown, addressBans }: StoredRules): void {
    assert(!this.#isLoaded, "the rules are read once");
    this.#isLoaded = true;
    this.#lockdown = lockdown;
    for (const ban of addressBans) this.#keepAddressBan(ban);
    this.tell();
  }

  #keepAddressBan(ban: AddressBan): void {
    this.#addressBans.set(ban.cidr, { ban, range: parseCidr(ban.cidr) });
  }
}

function forgetOldest<Key>(table: Map<Key, unknown> | Set<Key>): void {
  if (table.size < RECENT_LIMIT) return;
  const [oldest] = table.keys();
  if (oldest !== undefined) table.delete(oldest);
}
