import { assert } from "../../base/assert.ts";
import { OPEN_ROOM_SETTINGS } from "../store/open-room-settings.ts";
import type { RoomSettings, StoredRoom } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import { DIRECT_NAME_PREFIX } from "./direct-name.ts";
import type { Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomChange, RoomChanges } from "./room-changes.ts";
import { RoomOpenings, type RoomDecider, type RoomWaiter } from "./room-openings.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { isAtLeast } from "./room-roster.ts";
import type { Room } from "./room.ts";
import { waitOf } from "./speech.ts";

/** One answer for every room that is in the way, so that it says nothing about a private one. */
const NAME_IN_USE = "there is a room of this name";

/** Joining, creating and leaving rooms. None of them looks at each member: a join costs the same in any room. */
export class RoomEntrance implements RoomDecider {
  readonly openings: RoomOpenings;
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #changes: RoomChanges;

  constructor(context: HubContext, rooms: RoomRegistry, changes: RoomChanges) {
    this.#context = context;
    this.#rooms = rooms;
    this.#changes = changes;
    this.openings = new RoomOpenings(context, rooms, this);
  }

  join(session: HubSession, command: CommandOf<"joinRoom">): void {
    const { name, create } = command;
    const waiter = { session, command };
    if (name.startsWith(DIRECT_NAME_PREFIX)) {
      if (create === "none") this.#refuse(waiter, "ROOM_NOT_FOUND", "no such room");
      else this.#refuse(waiter, "NAME_INVALID", `names beginning with ${DIRECT_NAME_PREFIX} are not rooms`);
      return;
    }
    const room = this.#rooms.findByName(name);
    if (room !== undefined) this.enter(room, waiter, false);
    else if (!this.#isFull(waiter, name)) this.openings.wait(name, waiter);
  }

  create(session: HubSession, command: CommandOf<"createRoom">): void {
    const { name, kind, access, passwordHash } = command;
    const waiter = { session, command };
    if (name.startsWith(DIRECT_NAME_PREFIX)) {
      this.#refuse(waiter, "NAME_INVALID", `names beginning with ${DIRECT_NAME_PREFIX} are not rooms`);
    } else if (kind === "logged" && session.user.isGuest) {
      this.#refuse(waiter, "PERMISSION_DENIED", "guests own rooms in memory only");
    } else if (access === "password" && passwordHash === "") {
      this.#refuse(waiter, "PASSWORD_INVALID", "this room needs a password");
    } else if (this.#rooms.findByName(name) !== undefined) {
      this.#refuse(waiter, "ROOM_EXISTS", NAME_IN_USE);
    } else if (!this.#isFull(waiter, name)) {
      this.openings.wait(name, waiter);
    }
  }

  leave(session: HubSession, command: CommandOf<"leaveRoom">): void {
    const { requestId, roomId, giveUp } = command;
    const room = this.#rooms.roomOf(session, roomId, requestId, "leaveRoom");
    if (room === undefined) return;
    if (room === this.#rooms.lobby) {
      const detail = "the lobby cannot be left";
      this.#context.refuse(session.key, requestId, "leaveRoom", "PERMISSION_DENIED", detail);
    } else if (giveUp) {
      this.#changes.begin(session, command, "none", (change) => this.#giveUp(change));
    } else {
      this.#context.effects.reply({ type: "left", session: session.key, requestId, roomId });
      this.#rooms.remove(room, session);
    }
  }

  enter(room: Room, waiter: RoomWaiter, isNew: boolean): void {
    const { session, command } = waiter;
    const { user } = session;
    const isIn = session.findRoom(room.id) !== undefined;
    if (!isNew && !this.#isRoomMeant(room, waiter)) return;
    if (!isIn && !isNew && !this.#mayEnter(room, waiter)) return;
    if (!isIn && this.#hasTooManyRooms(waiter)) return;
    const isAnnounced = !isIn && this.#rooms.add(room, session);
    const { requestId, type: request } = command;
    const answer = { type: "joined", session: session.key, requestId, request } as const;
    this.#context.effects.reply({ ...answer, room: room.infoFor(user) });
    if (isAnnounced) this.#rooms.announce(room, session);
  }

  withoutRoom(waiter: RoomWaiter, name: string): void {
    const { session, command } = waiter;
    const kind = command.type === "joinRoom" ? command.create : command.kind;
    if (kind !== "memory") {
      this.#refuse(waiter, "ROOM_NOT_FOUND", "no such room");
      return;
    }
    if (this.#hasTooManyRooms(waiter) || this.#ownsTooMany(waiter)) return;
    const room = this.#rooms.addMemoryRoom(name, settingsFor(waiter));
    const { user } = session;
    room.roster.set(user.id, { role: "owner" });
    room.people?.note(user);
    this.enter(room, waiter, true);
  }

  make(
    waiter: RoomWaiter,
    onMade: (stored: StoredRoom | undefined) => void,
    onFailed: (busy: boolean) => void,
  ): void {
    const { session, command } = waiter;
    const { name } = command;
    const { user } = session;
    const nowMs = this.#context.now.wallMs;
    if (user.isGuest) {
      assert(command.type === "joinRoom", "guests create no logged rooms");
      this.#context.ask("openRoom", { name, kind: "logged", members: [], nowMs }, onMade, onFailed);
      return;
    }
    const maxOwned = this.#context.options.maxRoomsOwnedPerUser;
    this.#context.ask(
      "createRoom",
      { name, settings: settingsFor(waiter), ownerId: user.id, maxOwned, nowMs },
      (result) => {
        if (!result.created && !session.isGone) {
          if (result.why === "NAME_TAKEN") this.#refuse(waiter, "ROOM_EXISTS", NAME_IN_USE);
          else this.#refuse(waiter, "LIMIT_REACHED", `you own ${maxOwned} rooms already`);
        }
        onMade(result.created ? result.room : undefined);
      },
      onFailed,
    );
  }

  /** Refuses who wanted to make a room, or another one than this. */
  #isRoomMeant(room: Room, waiter: RoomWaiter): boolean {
    const { session, command } = waiter;
    if (command.type === "createRoom") return this.#refuse(waiter, "ROOM_EXISTS", NAME_IN_USE);
    const { create } = command;
    if (!room.isVisibleTo(session.user) && create === "none") {
      return this.#refuse(waiter, "ROOM_NOT_FOUND", "no such room");
    }
    if (!room.isVisibleTo(session.user) || (create !== "none" && create !== room.kind)) {
      return this.#refuse(waiter, "ROOM_EXISTS", NAME_IN_USE);
    }
    return true;
  }

  #mayEnter(room: Room, waiter: RoomWaiter): boolean {
    const { session, command } = waiter;
    const { user } = session;
    const { options, now } = this.#context;
    if (user.isAdmin || room.isPresent(user)) return true;
    const { roster, settings } = room;
    const bannedForMs = roster.bannedForMs(user.id, now.wallMs);
    if (bannedForMs > 0) {
      return this.#refuse(waiter, "BANNED", "you are banned from this room", waitOf(bannedForMs));
    }
    if (room.memberCount >= options.maxRoomMembers) {
      return this.#refuse(waiter, "USER_FULL", "the room has as many users as it may have");
    }
    const mayWithoutPassword = isAtLeast(room.roleOf(user), "member") || roster.isInvited(user.id);
    if (settings.access === "password" && !mayWithoutPassword) {
      const { hasPassword, provenHash } = command.type === "joinRoom" ? command : noPassword;
      if (!hasPassword) return this.#refuse(waiter, "ROOM_PASSWORD_WRONG", "the room asks for a password");
      if (provenHash !== settings.passwordHash) return this.#askForProof(waiter, settings.passwordHash);
    }
    return this.#hasPlaceInRoster(room, waiter);
  }

  #askForProof({ session, command }: RoomWaiter, passwordHash: string): false {
    const { requestId } = command;
    this.#context.effects.reply({ type: "passwordNeeded", session: session.key, requestId, passwordHash });
    return false;
  }

  #hasPlaceInRoster(room: Room, waiter: RoomWaiter): boolean {
    const { roster, settings } = room;
    const { maxRosterEntries } = this.#context.options;
    if (settings.access === "public" || roster.has(waiter.session.user.id)) return true;
    if (roster.size >= maxRosterEntries) room.prune(this.#context.now.wallMs);
    if (roster.size < maxRosterEntries) return true;
    return this.#refuse(waiter, "USER_FULL", "the room has as many members as it may have");
  }

  /** Refuses what would make the store be asked in vain. */
  #isFull(waiter: RoomWaiter, name: string): boolean {
    if (this.#hasTooManyRooms(waiter)) return true;
    if (this.openings.has(name) || this.#rooms.count + this.openings.count < this.#context.options.maxRooms) {
      return false;
    }
    this.#refuse(waiter, "USER_FULL", "the server has as many rooms as it may have");
    return true;
  }

  #hasTooManyRooms(waiter: RoomWaiter): boolean {
    if (waiter.session.rooms.length < this.#context.options.maxRoomsPerSession) return false;
    this.#refuse(waiter, "TOO_MANY_ROOMS", "leave another room first");
    return true;
  }

  #ownsTooMany(waiter: RoomWaiter): boolean {
    const { maxRoomsOwnedPerUser } = this.#context.options;
    const { id } = waiter.session.user;
    let ownedCount = 0;
    for (const room of this.#rooms.memoryRooms()) {
      if (room.roster.roleOf(id) === "owner") ownedCount += 1;
    }
    if (ownedCount < maxRoomsOwnedPerUser) return false;
    this.#refuse(waiter, "LIMIT_REACHED", `you own ${maxRoomsOwnedPerUser} rooms already`);
    return true;
  }

  #giveUp(change: RoomChange): void {
    const { room, session } = change;
    const { user } = session;
    const { roster, id: roomId } = room;
    if (session.findRoom(roomId) === undefined) {
      change.refuse("NOT_A_MEMBER", "join the room first");
    } else if (roster.roleOf(user.id) === "owner" && roster.withRole("owner").length === 1) {
      change.refuse("PERMISSION_DENIED", "make somebody else an owner first, or delete the room");
    } else if (room.kind === "memory" || user.isGuest) {
      this.#gaveUp(change);
    } else {
      this.#rooms.entries.hold(roomId, user.id);
      const release = (): void => this.#rooms.entries.release(roomId, user.id);
      const entry = { roomId, userId: user.id, nowMs: this.#context.now.wallMs };
      change.ask(
        "setMember",
        { ...entry, role: "none", invited: false },
        () => {
          release();
          this.#gaveUp(change);
        },
        release,
      );
    }
  }

  #gaveUp(change: RoomChange): void {
    const { room, session, requestId } = change;
    const { user } = session;
    if (room.roster.has(user.id)) room.setMember(user.id, { role: "none", invited: false });
    this.#context.tell(session, { type: "left", session: session.key, requestId, roomId: room.id });
    this.#rooms.takeOut(room, user, "left", "", session);
    change.end();
  }

  #refuse(waiter: RoomWaiter, code: Refusal["code"], detail: string, retryAfterMs = 0): false {
    const { session, command } = waiter;
    this.#context.refuse(session.key, command.requestId, command.type, code, detail, retryAfterMs);
    return false;
  }
}

const noPassword = { hasPassword: false, provenHash: "" };

function settingsFor({ command }: RoomWaiter): RoomSettings {
  if (command.type === "joinRoom") return OPEN_ROOM_SETTINGS;
  const { access, topic, slowReader } = command;
  const passwordHash = access === "password" ? command.passwordHash : "";
  return { ...OPEN_ROOM_SETTINGS, access, passwordHash, topic, slowReader };
}
