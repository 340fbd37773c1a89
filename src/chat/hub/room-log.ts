import type { Appended } from "../store/store.ts";
import { kindOf, refuseEntry, textOf, type AmendRequest, type EntryRequestName } from "./amendments.ts";
import type { CommandOf } from "./command.ts";
import { EntryPublisher } from "./entry-publisher.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { LogOrder } from "./log-order.ts";
import type { MemoryTail } from "./memory-tail.ts";
import { newEntry } from "./new-entry.ts";
import type { PendingPublish } from "./pending-request.ts";
import { ReadableLogs } from "./readable-logs.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { isAtLeast } from "./room-roster.ts";
import type { Room } from "./room.ts";
import type { ServerRules } from "./server-rules.ts";
import { COUNTED, SlowMode } from "./slow-mode.ts";
import { waitOf, Speech } from "./speech.ts";
import type { Whispers } from "./whispers.ts";

export type { LogRepair } from "./log-order.ts";

/**
 * What is said in rooms: messages, and edits, deletions and reactions, which are entries of the same log.
 * A logged room's go to the store first (log-order.ts), a memory room's out at once.
 */
export class RoomLog {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #whispers: Whispers;
  readonly #logs: ReadableLogs;
  readonly #speech: Speech;
  readonly #slowMode = new SlowMode();
  readonly #publisher: EntryPublisher;
  readonly #order: LogOrder;

  constructor(context: HubContext, rooms: RoomRegistry, whispers: Whispers, rules: ServerRules) {
    this.#context = context;
    this.#rooms = rooms;
    this.#whispers = whispers;
    this.#logs = new ReadableLogs(rooms, whispers);
    this.#speech = new Speech(context, rules);
    this.#publisher = new EntryPublisher(context);
    this.#order = new LogOrder(context, rooms, this.#publisher, this.#slowMode);
  }

  /** Entries published to rooms so far. */
  get publishedCount(): number {
    return this.#publisher.count;
  }

  publish(session: HubSession, command: CommandOf<"publish">): void {
    const { requestId, clientMessageId, text, replyTo } = command;
    const room = this.#rooms.roomOf(session, command.roomId, requestId, "publish");
    if (room === undefined || !this.#speech.mayInRoom(session, room, requestId, "publish")) return;
    const { tail } = room;
    if (tail !== undefined) {
      if (this.#isRepeat(tail, session, requestId, clientMessageId, "publish")) return;
      if (this.#admit(session, room, requestId, "") === undefined) return;
      const { wallMs } = this.#context.now;
      const { id, name } = session.user;
      const offset = tail.push(id, name, clientMessageId, text, wallMs, replyTo);
      this.#publisher.publish(room, offset, wallMs, name, text, "text", 0, replyTo, session.key, requestId);
      return;
    }
    const isCounted = this.#admit(session, room, requestId, clientMessageId);
    if (isCounted === undefined) return;
    if (!this.#context.hold(session, requestId, "publish")) {
      if (isCounted) this.#slowMode.takeBack(room, session.user.id, clientMessageId);
      return;
    }
    const { wallMs } = this.#context.now;
    const message = newEntry(session, room.id, clientMessageId, wallMs, "text", text, 0, replyTo, false);
    this.#order.append("publish", session, requestId, room, message, isCounted);
  }

  /** Edits and reactions are for who may speak; deletions for authors and moderators, always. */
  amend(session: HubSession, request: AmendRequest): void {
    this.#logs.withLog(session, request.roomId, request.requestId, request.type, (log) => {
      if (log.kind === "direct") this.#whispers.amend(session, log, request);
      else this.#amendInRoom(session, log, request);
    });
  }

  appended(publish: PendingPublish, result: Appended): void {
    this.#order.appended(publish, result);
  }

  appendFailed(publish: PendingPublish, busy: boolean): void {
    this.#order.appendFailed(publish, busy);
  }

  #amendInRoom(session: HubSession, room: Room, request: AmendRequest): void {
    const { requestId, type, clientMessageId, target } = request;
    const isDelete = type === "deleteMessage";
    if (!isDelete && !this.#speech.mayInRoom(session, room, requestId, type)) return;
    const asModerator = isDelete && isAtLeast(room.roleOf(session.user), "moderator");
    const { wallMs } = this.#context.now;
    const [kind, text] = [kindOf(request), textOf(request)];
    const entry = newEntry(session, room.id, clientMessageId, wallMs, kind, text, target, 0, asModerator);
    const { tail } = room;
    if (tail === undefined) {
      if (!this.#context.hold(session, requestId, type)) return;
      this.#order.append(type, session, requestId, room, entry, false);
      return;
    }
    if (this.#isRepeat(tail, session, requestId, clientMessageId, type)) return;
    const offset = tail.amend(entry);
    if (typeof offset !== "number") {
      refuseEntry(this.#context, session, requestId, type, offset);
      return;
    }
    const { name } = session.user;
    this.#publisher.publish(room, offset, wallMs, name, text, kind, target, 0, session.key, requestId);
  }

  /** Answers what a memory room has already. */
  #isRepeat(
    tail: MemoryTail,
    session: HubSession,
    requestId: number,
    clientMessageId: string,
    request: EntryRequestName,
  ): boolean {
    const first = tail.find(session.user.id, clientMessageId);
    if (first === undefined) return false;
    const { offset, timeMs } = first;
    this.#context.effects.reply({
      type: "published",
      session: session.key,
      requestId,
      request,
      offset,
      timeMs,
    });
    return true;
  }

  /** Whether slow mode counted the message; undefined when it is refused. */
  #admit(session: HubSession, room: Room, requestId: number, clientMessageId: string): boolean | undefined {
    if (room.settings.slowModeMs === 0) return false;
    const admitted = this.#slowMode.admit(session, room, clientMessageId, this.#context.now.monotonicMs);
    if (admitted <= 0) return admitted === COUNTED;
    const detail = "each member may speak only so often here";
    this.#context.refuse(session.key, requestId, "publish", "SLOW_MODE", detail, waitOf(admitted));
    return undefined;
  }
}
