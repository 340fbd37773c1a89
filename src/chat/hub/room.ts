import { assert } from "../../base/assert.ts";
import type { RoomId, UserId } from "../names.ts";
import type { MemberRole, RoomSettings, StoredRoom } from "../store/store.ts";
import type { RoomInfo } from "./event.ts";
import type { HubSession } from "./hub-session.ts";
import { MemoryPeople } from "./memory-people.ts";
import type { MemoryTail } from "./memory-tail.ts";
import { NameOrder } from "./name-order.ts";
import type { LogRepair } from "./room-log.ts";
import { RoomRoster, type RosterChange } from "./room-roster.ts";
import type { OnlineUser } from "./user-directory.ts";

/** A room as administrators see it in a list; private ones too. */
export interface OpenRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: "logged" | "memory";
  readonly access: RoomSettings["access"];
  readonly archived: boolean;
  /** Users who are in it now. */
  readonly members: number;
  /** Offset of the newest entry. */
  readonly lastOffset: number;
  /** Entries since the room was opened: since somebody came into it, or since the start. */
  readonly messages: number;
}

/**
 * A room with its settings and who is in it. Membership is kept for each user (how many of its sessions are in) and for
 * each gate (how many of its sessions are in); which sessions these are, sessions and gates know. So
 * publishing costs the same whatever the number of members.
 */
export class Room {
  readonly id: RoomId;
  /** Changed by the registry alone. */
  name: string;
  readonly kind: "logged" | "memory";
  readonly epoch: string;
  /** The messages of a memory room; a logged room's are in the store. */
  readonly tail: MemoryTail | undefined;
  /** Names that a memory room's roster belongs to. */
  readonly people: MemoryPeople | undefined;
  settings: RoomSettings;
  /** Changed by who administers the room, and replaced as a whole when the store has told it anew. */
  roster: RoomRoster;
  /** The list of rooms of every session that is in this one alone. */
  readonly alone: readonly Room[] = [this];
  /** Appends of a logged room that are not settled; the room stays until they are. */
  pendingAppends = 0;
  /** Set while messages that the log has and members have not seen are being read. */
  repair: LogRepair | undefined;
  /** Nobody is in it, and nobody finds it any more. */
  isDeleted = false;

  readonly #users = new Map<OnlineUser, number>();
  readonly #gates = new Map<number, number>();
  /** Made when the users are first listed, kept up to date from then on. */
  #order: NameOrder | undefined;
  #firstOffset: number;
  #lastOffset: number;
  readonly #offsetAtOpening: number;

  private constructor(
    stored: Omit<StoredRoom, "kind" | "roster" | "blockedBy">,
    roster: RoomRoster,
    tail: MemoryTail | undefined,
  ) {
    this.id = stored.id;
    this.name = stored.name;
    this.kind = tail === undefined ? "logged" : "memory";
    this.epoch = stored.epoch;
    this.tail = tail;
    this.people = tail === undefined ? undefined : new MemoryPeople();
    this.settings = stored.settings;
    this.roster = roster;
    this.#firstOffset = stored.firstOffset;
    this.#lastOffset = stored.lastOffset;
    this.#offsetAtOpening = stored.lastOffset;
  }

  static logged(stored: StoredRoom): Room {
    return new Room(stored, new RoomRoster(stored.roster), undefined);
  }

  static memory(id: RoomId, name: string, epoch: string, settings: RoomSettings, tail: MemoryTail): Room {
    return new Room({ id, name, epoch, settings, firstOffset: 0, lastOffset: 0 }, new RoomRoster(), tail);
  }

  /** Distinct users. */
  get memberCount(): number {
    return this.#users.size;
  }

  /** Offset of the newest message that was published (in a logged room the store may be ahead of it). */
  get lastOffset(): number {
    return this.tail?.lastOffset ?? this.#lastOffset;
  }

  get firstOffset(): number {
    return this.tail?.firstOffset ?? this.#firstOffset;
  }

  get isEmpty(): boolean {
    return this.#users.size === 0;
  }

  /** Logged rooms: the offset being published. */
  advanceTo(offset: number): void {
    assert(offset > this.#lastOffset, "offsets of a room rise");
    if (this.#firstOffset === 0) this.#firstOffset = offset;
    this.#lastOffset = offset;
  }

  /** Everything before `firstOffset` is removed (retention). The newest entry is always kept. */
  trimTo(firstOffset: number): void {
    assert(this.tail === undefined, "a memory room trims itself");
    if (this.#lastOffset === 0) return;
    this.#firstOffset = Math.min(Math.max(this.#firstOffset, firstOffset), this.#lastOffset);
  }

  /** What the user may do here. Administrators count as owners, whoever is in as a member. */
  roleOf(user: OnlineUser): MemberRole {
    if (user.isAdmin) return "owner";
    const role = this.roster.roleOf(user.id);
    if (role !== "none") return role;
    return this.settings.access === "public" || this.#users.has(user) ? "member" : "none";
  }

  /** Changes the user's entry of the roster, and drops it when it says no more than that of others. */
  setMember(userId: UserId, change: RosterChange): void {
    this.roster.set(userId, change);
    if (!this.roster.isOrdinary(userId, this.settings.access)) return;
    this.roster.delete(userId);
    this.people?.forget(userId);
  }

  /** Drops what mutes and bans that are over have left in the roster. */
  prune(wallMs: number): void {
    this.roster.prune(wallMs);
    this.people?.prune(this.roster);
  }

  /** Everybody may find the room; private ones are hidden from strangers. */
  isVisibleTo(user: OnlineUser): boolean {
    if (this.settings.access !== "private") return true;
    return this.roleOf(user) !== "none" || this.roster.isInvited(user.id);
  }

  isPresent(user: OnlineUser): boolean {
    return this.#users.has(user);
  }

  /** Users who are in it. O(1); iterating is for rare changes only. */
  get users(): Iterable<OnlineUser> {
    return this.#users.keys();
  }

  get overview(): OpenRoom {
    const { id, name, kind, settings, lastOffset } = this;
    return {
      id,
      name,
      kind,
      access: settings.access,
      archived: settings.archived,
      members: this.memberCount,
      lastOffset,
      messages: lastOffset - this.#offsetAtOpening,
    };
  }

  infoFor(user: OnlineUser): RoomInfo {
    return this.info(this.roleOf(user));
  }

  info(role: MemberRole): RoomInfo {
    const { settings } = this;
    return {
      id: this.id,
      name: this.name,
      kind: this.kind,
      epoch: this.epoch,
      firstOffset: this.firstOffset,
      lastOffset: this.lastOffset,
      memberCount: this.memberCount,
      access: settings.access,
      topic: settings.topic,
      archived: settings.archived,
      slowModeMs: settings.slowModeMs,
      slowReader: settings.slowReader,
      retentionAgeMs: settings.retentionAgeMs,
      retentionCount: settings.retentionCount,
      role,
    };
  }

  /** Says whether this is the first session of its user, and of its gate, in the room. */
  add(session: HubSession): { readonly firstOfUser: boolean; readonly firstOfGate: boolean } {
    const { user, gateId } = session;
    const ofUser = this.#users.get(user) ?? 0;
    const ofGate = this.#gates.get(gateId) ?? 0;
    this.#users.set(user, ofUser + 1);
    this.#gates.set(gateId, ofGate + 1);
    if (ofUser === 0) this.#order?.add(user);
    return { firstOfUser: ofUser === 0, firstOfGate: ofGate === 0 };
  }

  /** Says whether this was the last session of its user, and of its gate, in the room. */
  remove(session: HubSession): { readonly lastOfUser: boolean; readonly lastOfGate: boolean } {
    const { user, gateId } = session;
    const ofUser = this.#users.get(user) ?? 0;
    assert(ofUser > 0, "only a member is removed");
    if (ofUser === 1) {
      this.#users.delete(user);
      this.#order?.remove(user);
    } else {
      this.#users.set(user, ofUser - 1);
    }
    // Undefined after forgetGate: the gate was unsubscribed already.
    const ofGate = this.#gates.get(gateId);
    if (ofGate === 1) this.#gates.delete(gateId);
    else if (ofGate !== undefined) this.#gates.set(gateId, ofGate - 1);
    return { lastOfUser: ofUser === 1, lastOfGate: ofGate === 1 };
  }

  /** Takes a lost gate out at once, before its sessions are removed. True when it had members here. */
  forgetGate(gateId: number): boolean {
    return this.#gates.delete(gateId);
  }

  /** Names after `afterKey` in the order of their keys. */
  page(afterKey: string, limit: number): { readonly users: readonly OnlineUser[]; readonly more: boolean } {
    this.#order ??= new NameOrder(this.#users.keys());
    return this.#order.page(afterKey, limit);
  }
}
