import { assert } from "../../base/assert.ts";
import { LOBBY_NAME, MEMORY_ROOM_ID_BASE, type RoomId } from "../names.ts";
import type { StoredRoom } from "../store/store.ts";
import type { CommandOf, RequestName } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { MemoryTail } from "./memory-tail.ts";
import type { RoomOpening, WaitingJoin } from "./pending-request.ts";
import { Room } from "./room.ts";

/** Names that begin with this are direct conversations': no room that anybody can join has one. */
export const DIRECT_NAME_PREFIX = "@";

/**
 * The rooms that have members, and who is in them. A logged room is loaded by its first member and
 * unloaded after its last (once its appends are settled); a memory room ends with its last member, its
 * tail with it. The lobby always stays.
 */
export class RoomRegistry {
  readonly #context: HubContext;
  readonly #byId = new Map<RoomId, Room>();
  readonly #byName = new Map<string, Room>();
  readonly #openings = new Map<string, RoomOpening>();
  #lobby: Room | undefined;
  #nextMemoryRoomId = MEMORY_ROOM_ID_BASE;

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** The lobby included. */
  get count(): number {
    return this.#byId.size;
  }

  get openingCount(): number {
    return this.#openings.size;
  }

  /** Undefined until {@link openLobby}. */
  get lobby(): Room | undefined {
    return this.#lobby;
  }

  /** Makes the lobby: the stored room, or a memory room. */
  openLobby(stored: StoredRoom | undefined): void {
    assert(this.#lobby === undefined, "the lobby is opened once");
    this.#lobby = stored === undefined ? this.#addMemoryRoom(LOBBY_NAME) : this.#addRoom(Room.logged(stored));
  }

  /** The room, if the session is in it; otherwise refuses the request. */
  roomOf(session: HubSession, roomId: RoomId, requestId: number, request: RequestName): Room | undefined {
    const room = session.findRoom(roomId);
    if (room !== undefined) return room;
    // Only open rooms are in #byId, so nobody can feel for direct conversations by their ids.
    if (this.#byId.has(roomId)) {
      this.#context.refuse(session.key, requestId, request, "NOT_A_MEMBER", "join the room first");
    } else {
      this.#context.refuse(session.key, requestId, request, "ROOM_NOT_FOUND", "no such room");
    }
    return undefined;
  }

  join(session: HubSession, command: CommandOf<"joinRoom">): void {
    const { requestId, name, create } = command;
    if (name.startsWith(DIRECT_NAME_PREFIX)) {
      const code = create === "none" ? "ROOM_NOT_FOUND" : "NAME_INVALID";
      this.#refuseJoin(session, requestId, code, `names beginning with ${DIRECT_NAME_PREFIX} are not rooms`);
      return;
    }
    const room = this.#byName.get(name);
    if (room !== undefined) {
      this.#joinRoom(room, session, command);
      return;
    }
    const opening = this.#openings.get(name);
    if (opening === undefined) {
      // A memory room asks too: the name may be a logged room's.
      if (this.#isFull(session, requestId) || !this.#context.hold(session, requestId, "joinRoom")) return;
      this.#open(name, create === "logged" ? "logged" : "none", [{ session, command }]);
    } else if (opening.waiting.length >= this.#context.options.maxWaitingPerRoom) {
      this.#context.refuseBusy(session.key, requestId, "joinRoom", "too many wait for this room");
    } else if (this.#context.hold(session, requestId, "joinRoom")) {
      opening.waiting.push({ session, command });
    }
  }

  /** The store's answer: the waiting joins are decided in the order they came. */
  opened(opening: RoomOpening, stored: StoredRoom | undefined): void {
    this.#openings.delete(opening.name);
    assert(stored === undefined || stored.name === opening.name, "the store gives the room asked for");
    // A direct conversation under another name would be a store's mistake; nobody joins it all the same.
    if (stored?.kind === "logged") this.#addRoom(Room.logged(stored));
    const { waiting } = opening;
    for (const [index, { session, command }] of waiting.entries()) {
      const room = this.#byName.get(opening.name);
      if (room === undefined && command.create === "logged" && !session.isGone && stored === undefined) {
        // Those before it only looked for the room; now it is made, and the rest waits for that.
        this.#open(opening.name, "logged", waiting.slice(index));
        return;
      }
      this.#context.release(session);
      if (session.isGone) continue;
      if (room !== undefined) {
        this.#joinRoom(room, session, command);
      } else if (command.create === "memory" && stored === undefined) {
        if (this.#isFull(session, command.requestId)) continue;
        this.#joinRoom(this.#addMemoryRoom(opening.name), session, command);
      } else {
        this.#refuseJoin(session, command.requestId, "ROOM_NOT_FOUND", "no such room");
      }
    }
    const room = this.#byName.get(opening.name);
    if (room !== undefined) this.dropIfUnused(room);
  }

  openFailed(opening: RoomOpening): void {
    this.#openings.delete(opening.name);
    for (const { session, command } of opening.waiting) {
      this.#context.release(session);
      this.#context.refuseFailed(session, command.requestId, "joinRoom", false);
    }
  }

  leave(session: HubSession, command: CommandOf<"leaveRoom">): void {
    const { requestId, roomId } = command;
    const room = this.roomOf(session, roomId, requestId, "leaveRoom");
    if (room === undefined) return;
    if (room === this.#lobby) {
      const detail = "the lobby cannot be left";
      this.#context.refuse(session.key, requestId, "leaveRoom", "PERMISSION_DENIED", detail);
      return;
    }
    this.#context.effects.reply({ type: "left", session: session.key, requestId, roomId });
    this.remove(room, session);
  }

  /** Subscribes the session's gate if need be. True: announce the user after the session was answered. */
  add(room: Room, session: HubSession): boolean {
    const { firstOfUser, firstOfGate } = room.add(session);
    session.addRoom(room);
    if (firstOfGate) this.#context.effects.subscribe(session.gateId, room.id);
    return firstOfUser;
  }

  announce(room: Room, session: HubSession): void {
    if (room.memberCount > this.#context.options.noticeMaxMembers) return;
    const { name } = session.user;
    this.#context.effects.publish({ type: "userJoined", roomId: room.id, name, except: session.key });
  }

  remove(room: Room, session: HubSession): void {
    const { effects, options } = this.#context;
    // Counted as before, so that whoever was announced is also seen to leave.
    const audible = room.memberCount <= options.noticeMaxMembers;
    const { lastOfUser, lastOfGate } = room.remove(session);
    session.removeRoom(room);
    if (lastOfGate) effects.unsubscribe(session.gateId, room.id);
    if (lastOfUser && audible) {
      effects.publish({ type: "userLeft", roomId: room.id, name: session.user.name });
    }
    this.dropIfUnused(room);
  }

  /** Forgets the room when nobody is in it and nothing of it waits for the store. */
  dropIfUnused(room: Room): void {
    if (!room.isEmpty || room.pendingAppends > 0 || room === this.#lobby) return;
    this.#byId.delete(room.id);
    this.#byName.delete(room.name);
  }

  #joinRoom(room: Room, session: HubSession, command: CommandOf<"joinRoom">): void {
    const { requestId, create } = command;
    const isMember = session.findRoom(room.id) !== undefined;
    if (create !== "none" && create !== room.kind) {
      this.#refuseJoin(session, requestId, "ROOM_EXISTS", `the room exists, and is ${room.kind}`);
    } else if (!isMember && session.rooms.length >= this.#context.options.maxRoomsPerSession) {
      this.#refuseJoin(session, requestId, "TOO_MANY_ROOMS", "leave another room first");
    } else {
      const announced = !isMember && this.add(room, session);
      this.#context.effects.reply({ type: "joined", session: session.key, requestId, room: room.info() });
      if (announced) this.announce(room, session);
    }
  }

  /** Refuses what would make the store be asked in vain. */
  #isFull(session: HubSession, requestId: number): boolean {
    const { maxRooms, maxRoomsPerSession } = this.#context.options;
    if (session.rooms.length >= maxRoomsPerSession) {
      this.#refuseJoin(session, requestId, "TOO_MANY_ROOMS", "leave another room first");
      return true;
    }
    if (this.#byId.size + this.#openings.size >= maxRooms) {
      this.#refuseJoin(session, requestId, "USER_FULL", "the server has as many rooms as it may have");
      return true;
    }
    return false;
  }

  #open(name: string, kind: "logged" | "none", waiting: WaitingJoin[]): void {
    const opening: RoomOpening = { name, waiting };
    this.#openings.set(name, opening);
    const ticket = this.#context.ticketFor({ kind: "openRoom", opening });
    this.#context.effects.openRoom(ticket, name, kind, this.#context.now.wallMs);
  }

  #addMemoryRoom(name: string): Room {
    const { bootEpoch, memoryTailMessages, memoryTailTextUnits } = this.#context.options;
    // Never used twice in a run of the server, so the epoch of a room that was made again differs.
    const id = this.#nextMemoryRoomId++;
    const tail = new MemoryTail(memoryTailMessages, memoryTailTextUnits);
    return this.#addRoom(Room.memory(id, name, `${bootEpoch}-${id}`, tail));
  }

  #addRoom(room: Room): Room {
    assert(!this.#byId.has(room.id) && !this.#byName.has(room.name), "a room is loaded once");
    this.#byId.set(room.id, room);
    this.#byName.set(room.name, room);
    return room;
  }

  #refuseJoin(
    session: HubSession,
    requestId: number,
    code: "ROOM_NOT_FOUND" | "NAME_INVALID" | "ROOM_EXISTS" | "TOO_MANY_ROOMS" | "USER_FULL",
    detail: string,
  ): void {
    this.#context.refuse(session.key, requestId, "joinRoom", code, detail);
  }
}
