import { assert } from "../../base/assert.ts";
import { LOBBY_NAME, MEMORY_ROOM_ID_BASE, type RoomId } from "../names.ts";
import { OPEN_ROOM_SETTINGS } from "../store/open-room-settings.ts";
import type { RoomSettings, StoredRoom } from "../store/store.ts";
import type { RequestName } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { MemberEntries } from "./member-entries.ts";
import { MemoryTail } from "./memory-tail.ts";
import type { Presence } from "./presence.ts";
import { Room } from "./room.ts";
import { RoomDepartures } from "./room-departures.ts";
import { SerialChanges } from "./serial-changes.ts";
import type { OnlineUser } from "./user-directory.ts";

/**
 * The rooms that are open, and who is in them. A logged room is loaded by its first member (or for an
 * administrator) and unloaded after its last, once its appends and changes are settled; a memory room
 * ends with its last member, its tail and settings with it. The lobby always stays.
 */
export class RoomRegistry {
  readonly #context: HubContext;
  readonly #presence: Presence;
  readonly #byId = new Map<RoomId, Room>();
  readonly #byName = new Map<string, Room>();
  /** What is under way to change each room; it stays open meanwhile. */
  readonly changes = new SerialChanges<RoomId>();
  readonly departures = new RoomDepartures();
  readonly entries: MemberEntries;
  #lobby: Room | undefined;
  #nextMemoryRoomId = MEMORY_ROOM_ID_BASE;

  constructor(context: HubContext, presence: Presence) {
    this.#context = context;
    this.#presence = presence;
    this.entries = new MemberEntries(context);
  }

  /** The lobby included. */
  get count(): number {
    return this.#byId.size;
  }

  /** Undefined until {@link openLobby}. */
  get lobby(): Room | undefined {
    return this.#lobby;
  }

  /** Makes the lobby: the stored room, or a memory room. */
  openLobby(stored: StoredRoom | undefined): void {
    assert(this.#lobby === undefined, "the lobby is opened once");
    this.#lobby =
      stored === undefined
        ? this.addMemoryRoom(LOBBY_NAME, OPEN_ROOM_SETTINGS)
        : this.addRoom(Room.logged(stored));
  }

  /** The room of this id, if it is open. */
  find(roomId: RoomId): Room | undefined {
    return this.#byId.get(roomId);
  }

  findByName(name: string): Room | undefined {
    return this.#byName.get(name);
  }

  /** Rooms that are open, in no order. */
  all(): Iterable<Room> {
    return this.#byId.values();
  }

  /** Memory rooms that are open, in no order. */
  *memoryRooms(): Generator<Room> {
    for (const room of this.#byId.values()) if (room.kind === "memory") yield room;
  }

  /** The room, if the session is in it; otherwise refuses the request. */
  roomOf(session: HubSession, roomId: RoomId, requestId: number, request: RequestName): Room | undefined {
    const room = session.findRoom(roomId);
    if (room !== undefined) return room;
    // Only open rooms are in #byId, so nobody can feel for direct conversations by their ids; what is
    // private is, to a stranger, no room at all.
    if (this.#byId.get(roomId)?.isVisibleTo(session.user) === true) {
      this.#context.refuse(session.key, requestId, request, "NOT_A_MEMBER", "join the room first");
    } else {
      this.#context.refuse(session.key, requestId, request, "ROOM_NOT_FOUND", "no such room");
    }
    return undefined;
  }

  addMemoryRoom(name: string, settings: RoomSettings): Room {
    const { bootEpoch, memoryTailMessages, memoryTailTextUnits } = this.#context.options;
    // Never used twice in a run of the server, so the epoch of a room that was made again differs.
    const id = this.#nextMemoryRoomId++;
    const tail = new MemoryTail(memoryTailMessages, memoryTailTextUnits);
    return this.addRoom(Room.memory(id, name, `${bootEpoch}-${id}`, settings, tail));
  }

  addRoom(room: Room): Room {
    assert(!this.#byId.has(room.id) && !this.#byName.has(room.name), "a room is loaded once");
    this.#byId.set(room.id, room);
    this.#byName.set(room.name, room);
    return room;
  }

  /**
   * Its members are told. Should another room have the name here, then the store has kept a renaming of
   * that one and said it failed: it is found again by the name that it has in the store.
   */
  rename(room: Room, name: string): void {
    this.departures.note(room.id);
    this.#forgetName(room);
    room.name = name;
    this.#byName.set(name, room);
    this.tellUpdated(room);
  }

  /** Tells the room what it is now. */
  tellUpdated(room: Room): void {
    this.#context.effects.publish({ type: "roomUpdated", roomId: room.id, room: room.info("none") });
  }

  /** Takes everybody out; from now on nobody finds the room. */
  delete(room: Room): void {
    assert(room !== this.#lobby, "the lobby stays");
    this.#context.effects.publish({ type: "roomDeleted", roomId: room.id });
    room.isDeleted = true;
    this.#forget(room);
    for (const user of room.users) {
      for (const session of user.sessions) {
        if (session.findRoom(room.id) === undefined) continue;
        const { lastOfGate } = room.remove(session);
        session.removeRoom(room);
        if (lastOfGate) this.#context.effects.unsubscribe(session.gateId, room.id);
      }
    }
  }

  /** Subscribes the session's gate if need be. True: announce the user after the session was answered. */
  add(room: Room, session: HubSession): boolean {
    const { firstOfUser, firstOfGate } = room.add(session);
    session.addRoom(room);
    if (firstOfGate) this.#context.effects.subscribe(session.gateId, room.id);
    if (firstOfUser) this.#makeMember(room, session.user);
    return firstOfUser;
  }

  announce(room: Room, session: HubSession): void {
    this.#presence.joined(room, session);
  }

  remove(room: Room, session: HubSession): void {
    const { lastOfUser, lastOfGate } = room.remove(session);
    session.removeRoom(room);
    if (lastOfGate) this.#context.effects.unsubscribe(session.gateId, room.id);
    if (lastOfUser) this.#presence.left(room, session);
    this.dropIfUnused(room);
  }

  /** Takes all the user's sessions out, and tells them why; `except` has its own answer. */
  takeOut(
    room: Room,
    user: OnlineUser,
    cause: "kicked" | "banned" | "left",
    detail: string,
    except?: HubSession,
  ): void {
    for (const session of user.sessions) {
      if (session.findRoom(room.id) === undefined) continue;
      if (session !== except) {
        this.#context.effects.reply({
          type: "removed",
          session: session.key,
          roomId: room.id,
          cause,
          detail,
        });
      }
      this.remove(room, session);
    }
  }

  /** Forgets the room when nobody is in it and nothing of it waits for the store. */
  dropIfUnused(room: Room): void {
    if (!room.isEmpty || room.pendingAppends > 0 || room === this.#lobby) return;
    if (room.isDeleted || this.changes.isBusy(room.id)) return;
    this.#forget(room);
  }

  #forget(room: Room): void {
    if (this.#byId.get(room.id) !== room) return;
    this.departures.note(room.id);
    this.#byId.delete(room.id);
    this.#forgetName(room);
    this.#presence.forget(room);
  }

  #forgetName(room: Room): void {
    if (this.#byName.get(room.name) === room) this.#byName.delete(room.name);
  }

  /** Who comes into a room becomes a member of it. Guests do so in memory only. */
  #makeMember(room: Room, user: OnlineUser): void {
    const { roster } = room;
    if (roster.roleOf(user.id) !== "none" || (room.kind === "logged" && user.isGuest)) return;
    const wasInvited = roster.isInvited(user.id);
    if (room.settings.access !== "public" || roster.has(user.id)) {
      room.setMember(user.id, { role: "member", invited: false });
      room.people?.note(user);
    }
    if (room.kind === "logged") this.entries.add(room.id, user.id, wasInvited);
  }
}
