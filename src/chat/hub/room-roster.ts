import type { UserId } from "../names.ts";
import type { MemberRole, RoomAccess, RosterEntry } from "../store/store.ts";

const ORDER: Readonly<Record<MemberRole, number>> = { none: 0, member: 1, moderator: 2, owner: 3 };

/** True when `role` may do what `least` may. */
export function isAtLeast(role: MemberRole, least: MemberRole): boolean {
  return ORDER[role] >= ORDER[least];
}

/** What is set of an entry; the rest stays. */
export type RosterChange = Partial<Omit<RosterEntry, "userId">>;

/**
 * Who is more or less than an ordinary member of a room: owners, moderators, the invited, muted and
 * banned; where a room is not public, the ordinary members too. So a public room of 15,000 has a short
 * one. Times that are over count as 0.
 */
export class RoomRoster {
  readonly #entries = new Map<UserId, RosterEntry>();
  #invitedCount = 0;

  constructor(entries: Iterable<RosterEntry> = []) {
    for (const entry of entries) this.set(entry.userId, entry);
  }

  get size(): number {
    return this.#entries.size;
  }

  get invitedCount(): number {
    return this.#invitedCount;
  }

  has(userId: UserId): boolean {
    return this.#entries.has(userId);
  }

  entries(): Iterable<RosterEntry> {
    return this.#entries.values();
  }

  /** "none" for ordinary members of public rooms too. */
  roleOf(userId: UserId): MemberRole {
    return this.#entries.get(userId)?.role ?? "none";
  }

  isInvited(userId: UserId): boolean {
    return this.#entries.get(userId)?.invited ?? false;
  }

  /** 0: not muted. */
  mutedUntilMs(userId: UserId): number {
    return this.#entries.get(userId)?.mutedUntilMs ?? 0;
  }

  /** Milliseconds until the user may speak again; 0: now; Infinity: not before somebody says so. */
  mutedForMs(userId: UserId, wallMs: number): number {
    return remainingMs(this.#entries.get(userId)?.mutedUntilMs ?? 0, wallMs);
  }

  /** The same for coming in. */
  bannedForMs(userId: UserId, wallMs: number): number {
    return remainingMs(this.#entries.get(userId)?.bannedUntilMs ?? 0, wallMs);
  }

  set(userId: UserId, change: RosterChange): void {
    const before = this.#entries.get(userId) ?? {
      userId,
      role: "none",
      invited: false,
      mutedUntilMs: 0,
      bannedUntilMs: 0,
    };
    const after = { ...before, ...change, userId };
    this.#invitedCount += Number(after.invited) - Number(before.invited);
    this.#entries.set(userId, after);
  }

  delete(userId: UserId): void {
    if (this.isInvited(userId)) this.#invitedCount -= 1;
    this.#entries.delete(userId);
  }

  /** The entry says nothing that is not so without it. */
  isOrdinary(userId: UserId, access: RoomAccess): boolean {
    const entry = this.#entries.get(userId);
    if (entry === undefined) return true;
    const { role, invited, mutedUntilMs, bannedUntilMs } = entry;
    if (invited || mutedUntilMs > 0 || bannedUntilMs > 0) return false;
    return role === "none" || (role === "member" && access === "public");
  }

  /** Removes the entries that say nothing any more, their mutes and bans being over. */
  prune(wallMs: number): void {
    for (const entry of this.#entries.values()) {
      const { role, invited, mutedUntilMs, bannedUntilMs } = entry;
      if (role === "none" && !invited && Math.max(mutedUntilMs, bannedUntilMs) <= wallMs) {
        this.#entries.delete(entry.userId);
      }
    }
  }

  /** Users whose role is `role`. */
  withRole(role: MemberRole): UserId[] {
    return [...this.#entries.values()].filter((entry) => entry.role === role).map(({ userId }) => userId);
  }
}

/** How long a mute or ban still lasts; Infinity for FOREVER_MS. */
export function remainingMs(untilMs: number, wallMs: number): number {
  if (untilMs === Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY;
  return Math.max(0, untilMs - wallMs);
}
