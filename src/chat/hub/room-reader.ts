import type { RoomId } from "../names.ts";
import type { StoredMessage } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { DirectConversation } from "./direct-conversation.ts";
import type { HistoryMessage } from "./event.ts";
import { historyMessage } from "./history-message.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { MemoryTail } from "./memory-tail.ts";
import { hasMore, pageRange } from "./page-range.ts";
import { ReadableLogs } from "./readable-logs.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { Whispers } from "./whispers.ts";

type HistoryRequest = CommandOf<"history">;

/**
 * Reading what was said: in the rooms that the session is in and in its user's conversations. What a
 * logged room's log has and its members have not seen yet is not shown: it will come live.
 *
 * A page "after" that says there is no `more` ends with the newest entry published: whoever has it is
 * exactly up to date at this point of the events.
 */
export class RoomReader {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #logs: ReadableLogs;

  constructor(context: HubContext, rooms: RoomRegistry, whispers: Whispers) {
    this.#context = context;
    this.#rooms = rooms;
    this.#logs = new ReadableLogs(rooms, whispers);
  }

  history(session: HubSession, command: HistoryRequest): void {
    const { roomId, requestId } = command;
    this.#logs.withLog(session, roomId, requestId, "history", (log) => {
      if (command.mode === "time") this.#fromTime(session, command, log);
      else this.#page(session, command, log, command.offset);
    });
  }

  search(session: HubSession, command: CommandOf<"search">): void {
    const { requestId, roomId, query, before } = command;
    if (session.findRoom(roomId)?.kind === "memory") {
      this.#context.tell(session, { type: "hits", session: session.key, requestId, hits: [], more: false });
      return;
    }
    const limit = clampPage(command.limit, this.#context.options.maxHistoryPage);
    const roomIds = session.rooms.filter((room) => room.kind === "logged").map((room) => room.id);
    const asked = { userId: session.user.id, roomIds, roomId, query, before, limit: limit + 1 };
    this.#context.askFor(session, requestId, "search", "search", asked, (found) => {
      if (found === undefined) {
        this.#refuseSearch(session, requestId, roomId);
        return;
      }
      const seen = found.filter((hit) => {
        const room = session.findRoom(hit.roomId);
        return room === undefined || hit.message.offset <= room.lastOffset;
      });
      const hits = seen.slice(0, limit).map(({ roomId: id, room, message }) => {
        return { roomId: id, room, message: historyMessage(message) };
      });
      const more = found.length > limit;
      this.#context.tell(session, { type: "hits", session: session.key, requestId, hits, more });
    });
  }

  #refuseSearch(session: HubSession, requestId: number, roomId: RoomId): void {
    if (session.isGone) return;
    const room = this.#rooms.roomOf(session, roomId, requestId, "search");
    if (room === undefined) return;
    // It came into the room after it had asked.
    this.#context.refuse(session.key, requestId, "search", "NOT_A_MEMBER", "join the room first");
  }

  #fromTime(session: HubSession, command: HistoryRequest, log: Room | DirectConversation): void {
    const { requestId, timeMs } = command;
    if (log.kind === "memory" && log.tail !== undefined) {
      this.#page(session, command, log, log.tail.offsetAtTime(timeMs) - 1);
      return;
    }
    const asked = { roomId: log.id, timeMs };
    this.#context.askFor(session, requestId, "history", "offsetAtTime", asked, (offset) => {
      if (!session.isGone) this.#page(session, command, log, offset - 1);
    });
  }

  /** `offset` is the mode's; of "time", the one before the first. */
  #page(session: HubSession, command: HistoryRequest, log: Room | DirectConversation, offset: number): void {
    const limit = clampPage(command.limit, this.#context.options.maxHistoryPage);
    if (log.kind === "direct") this.#pageOfConversation(session, command, log, offset, limit);
    else if (log.tail !== undefined) this.#pageOfTail(session, command, log, log.tail, offset, limit);
    else this.#pageOfRoom(session, command, log, offset, limit);
  }

  #pageOfTail(
    session: HubSession,
    command: HistoryRequest,
    room: Room,
    tail: MemoryTail,
    offset: number,
    limit: number,
  ): void {
    const range = pageRange(command.mode, offset, limit, room);
    const messages = tail.range(range.start, range.end, session.user.id);
    this.#answer(session, command, messages, hasMore(command.mode, range, room));
  }

  #pageOfRoom(session: HubSession, command: HistoryRequest, room: Room, offset: number, limit: number): void {
    const { requestId, mode } = command;
    const range = pageRange(mode, offset, limit, room);
    const { start, end } = range;
    const { recent } = this.#context;
    const known = end < start ? [] : recent.range(room, start, end);
    if (known !== undefined) {
      this.#answer(session, command, known, hasMore(mode, range, room));
      return;
    }
    const token = recent.fillToken(room.id);
    const asked = { roomId: room.id, userId: session.user.id };
    if (mode === "before") {
      // One more than asked for tells whether there are more: retention may be ahead of the hub.
      const page = { ...asked, before: end + 1, limit: limit + 1 };
      this.#context.askFor(session, requestId, "history", "historyBefore", page, (stored) => {
        recent.fill(token, room, stored);
        this.#answer(session, command, stored.slice(-limit).map(historyMessage), stored.length > limit);
      });
      return;
    }
    const page = { ...asked, after: start - 1, limit: end - start + 1 };
    this.#context.askFor(session, requestId, "history", "historyAfter", page, (stored) => {
      recent.fill(token, room, stored);
      // Where the oldest entries have gone, those that the store found instead may lie beyond the page.
      const last = mode === "around" ? end : room.lastOffset;
      const messages = stored.filter((message) => message.offset <= last).map(historyMessage);
      this.#answer(session, command, messages, (messages.at(-1)?.offset ?? end) < room.lastOffset);
    });
  }

  #pageOfConversation(
    session: HubSession,
    command: HistoryRequest,
    conversation: DirectConversation,
    offset: number,
    limit: number,
  ): void {
    const { requestId, mode } = command;
    const asked = { roomId: conversation.id, userId: session.user.id };
    if (mode === "before") {
      const page = { ...asked, before: offset, limit: limit + 1 };
      this.#context.askFor(session, requestId, "history", "historyBefore", page, (stored) => {
        this.#answer(session, command, stored.slice(-limit).map(historyMessage), stored.length > limit);
      });
      return;
    }
    const middle = Math.min(offset, Math.max(1, conversation.lastOffset));
    // The store may have entries whose outcome the hub was not told: it knows better where the log ends.
    const bounds = { firstOffset: 1, lastOffset: Number.MAX_SAFE_INTEGER };
    const around = mode === "around" ? pageRange(mode, middle, limit, bounds) : undefined;
    const after = around === undefined ? offset : around.start - 1;
    const count = around === undefined ? limit : around.end - after;
    const page = { ...asked, after, limit: count + 1 };
    this.#context.askFor(session, requestId, "history", "historyAfter", page, (stored) => {
      this.#answer(session, command, firstOf(stored, count), stored.length > count);
    });
  }

  #answer(
    session: HubSession,
    { requestId, roomId, mode, replay }: HistoryRequest,
    messages: readonly HistoryMessage[],
    more: boolean,
  ): void {
    this.#context.tell(session, {
      type: "history",
      session: session.key,
      requestId,
      roomId,
      mode,
      messages,
      more,
      replay,
    });
  }
}

function firstOf(stored: readonly StoredMessage[], limit: number): HistoryMessage[] {
  return stored.slice(0, limit).map(historyMessage);
}

function clampPage(limit: number, most: number): number {
  return Math.max(1, Math.min(limit, most));
}
