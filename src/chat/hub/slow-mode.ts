import type { UserId } from "../names.ts";
import type { HubSession } from "./hub-session.ts";
import { isAtLeast } from "./room-roster.ts";
import type { Room } from "./room.ts";

/** Users of one room whose last message is remembered; above that the earliest is forgotten. */
const USER_LIMIT = 16_384;

interface Spoken {
  readonly clientMessageId: string;
  readonly atMs: number;
}

/** What `admit` says when the message is subject to no slow mode, or repeats the last one … */
export const NOT_COUNTED = 0;
/** … and when it was counted: `takeBack` undoes that. */
export const COUNTED = -1;

/**
 * Slow mode: in a room that has it, an ordinary member may publish once in `slowModeMs`. What turns out
 * not to have been published (a repeat, or the store failed) is taken back.
 */
export class SlowMode {
  /** Who spoke last, the earliest first. */
  readonly #rooms = new WeakMap<Room, Map<UserId, Spoken>>();

  /**
   * NOT_COUNTED, COUNTED, or how many milliseconds are to wait. `nowMs` is monotonic. An empty
   * `clientMessageId` is known to be no repeat.
   */
  admit(session: HubSession, room: Room, clientMessageId: string, nowMs: number): number {
    const { slowModeMs } = room.settings;
    if (slowModeMs === 0 || isAtLeast(room.roleOf(session.user), "moderator")) return NOT_COUNTED;
    const users = this.#usersOf(room);
    const { id } = session.user;
    const last = users.get(id);
    if (last !== undefined) {
      if (clientMessageId !== "" && last.clientMessageId === clientMessageId) return NOT_COUNTED;
      const waitMs = last.atMs + slowModeMs - nowMs;
      if (waitMs > 0) return waitMs;
      users.delete(id);
    }
    forgetEarliest(users, nowMs - slowModeMs);
    users.set(id, { clientMessageId, atMs: nowMs });
    return COUNTED;
  }

  /** The message that was counted was not published. */
  takeBack(room: Room, userId: UserId, clientMessageId: string): void {
    const users = this.#rooms.get(room);
    if (users?.get(userId)?.clientMessageId === clientMessageId) users.delete(userId);
  }

  #usersOf(room: Room): Map<UserId, Spoken> {
    const known = this.#rooms.get(room);
    if (known !== undefined) return known;
    const users = new Map<UserId, Spoken>();
    this.#rooms.set(room, users);
    return users;
  }
}

/** Forgets who may speak again, and the earliest when the table is full. */
function forgetEarliest(users: Map<UserId, Spoken>, untilMs: number): void {
  for (const [userId, { atMs }] of users) {
    if (atMs > untilMs && users.size < USER_LIMIT) return;
    users.delete(userId);
  }
}
