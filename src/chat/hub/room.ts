import { assert } from "../../base/assert.ts";
import type { RoomId } from "../names.ts";
import type { StoredRoom } from "../store/store.ts";
import type { RoomInfo } from "./event.ts";
import type { HubSession } from "./hub-session.ts";
import type { MemoryTail } from "./memory-tail.ts";
import { NameOrder } from "./name-order.ts";
import type { LogRepair } from "./room-log.ts";
import type { OnlineUser } from "./user-directory.ts";

/**
 * A room with its members. Membership is kept for each user (how many of its sessions are in) and for
 * each gate (how many of its sessions are in); which sessions these are, sessions and gates know. So
 * publishing costs the same whatever the number of members.
 */
export class Room {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: "logged" | "memory";
  readonly epoch: string;
  /** The messages of a memory room; a logged room's are in the store. */
  readonly tail: MemoryTail | undefined;
  /** The list of rooms of every session that is in this one alone. */
  readonly alone: readonly Room[] = [this];
  /** Appends of a logged room that are not settled; the room stays until they are. */
  pendingAppends = 0;
  /** Set while messages that the log has and members have not seen are being read. */
  repair: LogRepair | undefined;

  readonly #users = new Map<OnlineUser, number>();
  readonly #gates = new Map<number, number>();
  /** Made when the users are first listed, kept up to date from then on. */
  #order: NameOrder | undefined;
  #firstOffset: number;
  #lastOffset: number;

  private constructor(
    stored: Pick<StoredRoom, "id" | "name" | "epoch" | "firstOffset" | "lastOffset">,
    tail: MemoryTail | undefined,
  ) {
    this.id = stored.id;
    this.name = stored.name;
    this.kind = tail === undefined ? "logged" : "memory";
    this.epoch = stored.epoch;
    this.tail = tail;
    this.#firstOffset = stored.firstOffset;
    this.#lastOffset = stored.lastOffset;
  }

  static logged(stored: StoredRoom): Room {
    return new Room(stored, undefined);
  }

  static memory(id: RoomId, name: string, epoch: string, tail: MemoryTail): Room {
    return new Room({ id, name, epoch, firstOffset: 0, lastOffset: 0 }, tail);
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

  info(): RoomInfo {
    return {
      id: this.id,
      name: this.name,
      kind: this.kind,
      epoch: this.epoch,
      firstOffset: this.firstOffset,
      lastOffset: this.lastOffset,
      memberCount: this.memberCount,
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
