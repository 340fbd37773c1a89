import type { StoredMessage } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { HistoryMessage } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingHistory } from "./pending-request.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";

/** What a member may look up about a room: its history and its users. */
export class RoomReader {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;

  constructor(context: HubContext, rooms: RoomRegistry) {
    this.#context = context;
    this.#rooms = rooms;
  }

  listUsers(session: HubSession, command: CommandOf<"listUsers">): void {
    const { requestId, roomId, after } = command;
    const room = this.#rooms.roomOf(session, roomId, requestId, "listUsers");
    if (room === undefined) return;
    const { normalizeName, maxUserPage } = this.#context.options;
    const afterKey = after === "" ? "" : normalizeName(after);
    const { users, more } = room.page(afterKey, clampPage(command.limit, maxUserPage));
    this.#context.effects.reply({
      type: "users",
      session: session.key,
      requestId,
      names: users.map((user) => user.name),
      total: room.memberCount,
      more,
    });
  }

  history(session: HubSession, command: CommandOf<"history">): void {
    const { requestId, roomId, direction, offset } = command;
    const room = this.#rooms.roomOf(session, roomId, requestId, "history");
    if (room === undefined) return;
    const limit = clampPage(command.limit, this.#context.options.maxHistoryPage);
    // One more than asked for tells whether there are more.
    if (room.tail !== undefined) {
      const { tail } = room;
      const found = direction === "after" ? tail.after(offset, limit + 1) : tail.before(offset, limit + 1);
      this.#answer(session, requestId, room, direction, limit, found);
      return;
    }
    if (!this.#context.hold(session, requestId, "history")) return;
    // What the log has and members have not seen yet is not history: it will come live.
    const end = room.lastOffset + 1;
    const from = direction === "before" && (offset === 0 || offset > end) ? end : offset;
    const ticket = this.#context.ticketFor({ kind: "history", session, requestId, room, direction, limit });
    this.#context.effects.readHistory(ticket, room.id, direction, from, limit + 1);
  }

  historyRead(pending: PendingHistory, stored: readonly StoredMessage[]): void {
    const { session, requestId, room, direction, limit } = pending;
    this.#context.release(session);
    if (session.isGone) return;
    const messages: HistoryMessage[] = [];
    for (const { offset, timeMs, senderName: sender, text } of stored) {
      if (offset <= room.lastOffset) messages.push({ offset, timeMs, sender, text });
    }
    this.#answer(session, requestId, room, direction, limit, messages);
  }

  historyReadFailed(pending: PendingHistory): void {
    this.#context.release(pending.session);
    this.#context.refuseFailed(pending.session, pending.requestId, "history", false);
  }

  #answer(
    session: HubSession,
    requestId: number,
    room: Room,
    direction: "after" | "before",
    limit: number,
    found: HistoryMessage[],
  ): void {
    const more = found.length > limit;
    // The one too many lies at the far end of the direction asked for.
    const messages = !more ? found : direction === "after" ? found.slice(0, limit) : found.slice(1);
    this.#context.effects.reply({
      type: "history",
      session: session.key,
      requestId,
      roomId: room.id,
      direction,
      messages,
      more,
    });
  }
}

function clampPage(limit: number, most: number): number {
  return Math.max(1, Math.min(limit, most));
}
