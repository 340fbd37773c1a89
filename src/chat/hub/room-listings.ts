import type { UserId } from "../names.ts";
import type { MemberRole, RoomSummary, StoredMember } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { MemberInfo, RoomListing } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { membersInMemory } from "./memory-members.ts";
import type { RoomChanges } from "./room-changes.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { OnlineUser } from "./user-directory.ts";

type ListRooms = CommandOf<"listRooms">;

/** Lists of rooms, of their members, and of who is in them now. */
export class RoomListings {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #changes: RoomChanges;

  constructor(context: HubContext, rooms: RoomRegistry, changes: RoomChanges) {
    this.#context = context;
    this.#rooms = rooms;
    this.#changes = changes;
  }

  rooms(session: HubSession, command: ListRooms): void {
    const limit = clampPage(command.limit, this.#context.options.maxRoomPage);
    if (command.scope === "open") this.#openRooms(session, command, limit);
    else if (command.scope === "mine") this.#ownRooms(session, command, limit);
    else this.#conversations(session, command, limit);
  }

  /** Members of a logged room are the store's, of a memory room those who are in it or have a role. */
  members(session: HubSession, command: CommandOf<"listMembers">): void {
    const { requestId, roomId, after } = command;
    const limit = clampPage(command.limit, this.#context.options.maxUserPage);
    // Who may see it is decided in a turn of the room: it is open then, and its name settled.
    this.#changes.begin(session, command, "none", (change) => {
      const { room } = change;
      const answer = (found: readonly StoredMember[], total: number): void => {
        const members = found.slice(0, limit).map((member) => this.#memberInfo(room, member));
        const event = { type: "members", session: session.key, requestId, members, total } as const;
        this.#context.tell(session, { ...event, more: found.length > limit });
        change.end();
      };
      if (room.kind === "memory") {
        const { members, total } = membersInMemory(room, after, limit + 1, (userId) =>
          this.#isPresent(room, userId),
        );
        answer(members, total);
        return;
      }
      const request = { roomId, afterKey: after, limit: limit + 1 };
      change.ask("listMembers", request, ({ members, total }) => answer(members, total));
    });
  }

  users(session: HubSession, command: CommandOf<"listUsers">): void {
    const { requestId, roomId, after } = command;
    const open = session.user.isAdmin ? this.#rooms.find(roomId) : undefined;
    const room = open ?? this.#rooms.roomOf(session, roomId, requestId, "listUsers");
    if (room === undefined) return;
    const { users, more } = room.page(after, clampPage(command.limit, this.#context.options.maxUserPage));
    this.#context.effects.reply({
      type: "users",
      session: session.key,
      requestId,
      names: users.map((user) => user.name),
      total: room.memberCount,
      more,
    });
  }

  #openRooms(session: HubSession, command: ListRooms, limit: number): void {
    const { requestId, prefix, after } = command;
    const request = { prefix, after, limit: limit + 1 };
    this.#context.askFor(session, requestId, "listRooms", "listOpenRooms", request, (stored) => {
      const inMemory = [...this.#rooms.memoryRooms()].filter(
        ({ name, settings }) =>
          settings.access !== "private" && name.startsWith(prefix) && compareNames(name, after) > 0,
      );
      // One that was made private since the store was asked is hidden from now on.
      const shown = stored.filter(({ id }) => this.#rooms.find(id)?.settings.access !== "private");
      this.#answer(session, requestId, limit, shown, inMemory, stored.length > limit);
    });
  }

  #ownRooms(session: HubSession, command: ListRooms, limit: number): void {
    const { requestId, after } = command;
    const { user } = session;
    const answer = (stored: readonly RoomSummary[]): void => {
      const isOwn = (room: Room): boolean => room.roster.roleOf(user.id) !== "none" || room.isPresent(user);
      const memory = [...this.#rooms.memoryRooms()].filter(
        (room) => compareNames(room.name, after) > 0 && isOwn(room),
      );
      this.#answer(session, requestId, limit, stored, memory);
    };
    if (user.isGuest) {
      // The store knows no membership of guests.
      const present = new Set(user.sessions.flatMap((each) => each.rooms));
      const found = [...present].filter((room) => compareNames(room.name, after) > 0);
      this.#answer(session, requestId, limit, [], found);
      return;
    }
    const request = { userId: user.id, after, limit: limit + 1 };
    this.#context.askFor(session, requestId, "listRooms", "listRoomsOf", request, answer);
  }

  #conversations(session: HubSession, command: ListRooms, limit: number): void {
    const { requestId, after } = command;
    const { id: userId } = session.user;
    const request = { userId, after, limit: limit + 1 };
    this.#context.askFor(session, requestId, "listRooms", "listConversations", request, (stored) => {
      const { normalizeName } = this.#context.options;
      const listings = stored.slice(0, limit).map((summary): RoomListing => {
        const other = this.#context.users.byNameKey(normalizeName(summary.name));
        return { ...summary, memberCount: other === undefined || other === session.user ? 1 : 2 };
      });
      const event = { type: "rooms", session: session.key, requestId, rooms: listings } as const;
      this.#context.tell(session, { ...event, more: stored.length > limit });
    });
  }

  /** Stored rooms and open ones, by name; each page ends where the nearer of the two goes on. */
  #answer(
    session: HubSession,
    requestId: number,
    limit: number,
    stored: readonly RoomSummary[],
    open: readonly Room[],
    hasMore = false,
  ): void {
    const listings = [
      ...stored.map((summary) => this.#stored(session, summary)),
      ...open.map((room) => listing(session, room)),
    ].sort((left, right) => compareNames(left.name, right.name));
    const rooms = listings.slice(0, limit);
    const event = { type: "rooms", session: session.key, requestId, rooms } as const;
    this.#context.tell(session, { ...event, more: hasMore || listings.length > limit });
  }

  #stored(session: HubSession, summary: RoomSummary): RoomListing {
    const room = this.#rooms.find(summary.id);
    if (room === undefined) return { ...summary, memberCount: 0 };
    const role = summary.role === "none" ? roleIn(room, session.user) : summary.role;
    return { ...summary, role, memberCount: room.memberCount };
  }

  #isPresent(room: Room, userId: UserId): boolean {
    const online = this.#context.users.byId(userId);
    return online !== undefined && room.isPresent(online);
  }

  #memberInfo(room: Room, member: StoredMember): MemberInfo {
    const { userId, name, displayName, role, mutedUntilMs } = member;
    const present = this.#isPresent(room, userId);
    return { name, displayName, role, mutedUntilMs, present };
  }
}

/** A room that is open here; what the store alone knows of a user's reading is left at 0. */
function listing(session: HubSession, room: Room): RoomListing {
  const { id, name, kind, epoch, memberCount, settings, lastOffset } = room;
  const { access, topic, archived } = settings;
  const role = roleIn(room, session.user);
  const counts = { lastTimeMs: room.tail?.lastTimeMs ?? 0, readOffset: 0, unreadCount: 0, mentionCount: 0 };
  const identity = { id, name, kind, access, topic, archived, epoch, memberCount, role, lastOffset };
  return { ...identity, ...counts, cursor: name };
}

/** By code points, as stores do; UTF-16 units would put the characters above U+FFFF before some others. */
function compareNames(left: string, right: string): number {
  let index = 0;
  while (index < left.length && left.charCodeAt(index) === right.charCodeAt(index)) index += 1;
  // Behind a common first half of a pair the second halves decide, which are in the right order.
  return (left.codePointAt(index) ?? -1) - (right.codePointAt(index) ?? -1);
}

/** "none" for who may come in and is not there. */
function roleIn(room: Room, user: OnlineUser): MemberRole {
  return room.isPresent(user) ? room.roleOf(user) : room.roster.roleOf(user.id);
}

function clampPage(limit: number, most: number): number {
  return Math.max(1, Math.min(limit, most));
}
