import { assert } from "../../base/assert.ts";
import type { Appended, StoredMessage } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingPublish } from "./pending-request.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { MemoryTail } from "./memory-tail.ts";
import type { Room } from "./room.ts";

/** Messages that a repair reads at most; of a longer gap the rest is left to history. */
const REPAIR_LIMIT = 1_000;

/** Answers of the store that wait until the messages before them have been read from the log. */
export interface LogRepair {
  readonly held: { readonly publish: PendingPublish; readonly result: Appended }[];
}

/**
 * Publishing. A logged room's message goes out when the store has it, in the order of its offsets and
 * without gaps: if the log turns out to hold messages that were never published (the store died after
 * it wrote them and before it said so), they are read and published first. A memory room's message
 * goes out at once.
 */
export class RoomLog {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  #publishedCount = 0;

  constructor(context: HubContext, rooms: RoomRegistry) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** Messages published to rooms so far. */
  get publishedCount(): number {
    return this.#publishedCount;
  }

  publish(session: HubSession, command: CommandOf<"publish">): void {
    const { requestId } = command;
    const room = this.#rooms.roomOf(session, command.roomId, requestId, "publish");
    if (room === undefined) return;
    if (room.tail !== undefined) {
      this.#publishInMemory(room, room.tail, session, command);
      return;
    }
    if (!this.#context.hold(session, requestId, "publish")) return;
    const message = {
      roomId: room.id,
      senderId: session.user.id,
      senderName: session.user.name,
      clientMessageId: command.clientMessageId,
      text: command.text,
      timeMs: this.#context.now.wallMs,
    };
    room.pendingAppends += 1;
    this.#context.effects.append(
      this.#context.ticketFor({ kind: "publish", session, requestId, room, message }),
      message,
    );
  }

  appended(publish: PendingPublish, result: Appended): void {
    const { room } = publish;
    if (room.repair === undefined) this.#settle(publish, result);
    else room.repair.held.push({ publish, result });
    this.#rooms.dropIfUnused(room);
  }

  appendFailed(publish: PendingPublish, busy: boolean): void {
    this.#context.refuseFailed(publish.session, publish.requestId, "publish", busy);
    this.#done(publish);
    this.#rooms.dropIfUnused(publish.room);
  }

  /** The missing messages, or undefined when they could not be read: then they are left to history. */
  repaired(room: Room, messages: readonly StoredMessage[] | undefined): void {
    const { repair } = room;
    assert(repair !== undefined, "a repair was asked for");
    room.repair = undefined;
    const cause = repair.held[0];
    assert(cause !== undefined, "a repair has a cause");
    let own: StoredMessage | undefined;
    for (const message of messages ?? []) {
      if (message.offset === cause.result.offset) own = message;
      else if (message.offset === room.lastOffset + 1) this.#publishMissed(room, message);
    }
    this.#settleRepaired(cause.publish, cause.result, own);
    for (const { publish, result } of repair.held.slice(1)) this.appended(publish, result);
    this.#rooms.dropIfUnused(room);
  }

  #settle(publish: PendingPublish, result: Appended): void {
    const { room } = publish;
    const next = room.lastOffset + 1;
    if (result.offset < next) {
      assert(result.duplicate, "the log gives an offset to one message");
      this.#acknowledge(publish, result);
      this.#done(publish);
    } else if (result.offset === next && !result.duplicate) {
      this.#deliver(publish, result, publish.message);
    } else {
      this.#beginRepair(room, publish, result);
    }
  }

  /** A repeat of a message that was never published is read as well: what was stored is what counts. */
  #beginRepair(room: Room, publish: PendingPublish, result: Appended): void {
    room.repair = { held: [{ publish, result }] };
    const end = result.duplicate ? result.offset : result.offset - 1;
    const limit = Math.min(end - room.lastOffset, REPAIR_LIMIT);
    const ticket = this.#context.ticketFor({ kind: "repair", room });
    this.#context.effects.readHistory(ticket, room.id, "after", room.lastOffset, limit);
  }

  #settleRepaired(publish: PendingPublish, result: Appended, own: StoredMessage | undefined): void {
    if (!result.duplicate) {
      this.#deliver(publish, result, publish.message);
    } else if (own !== undefined) {
      this.#deliver(publish, result, own);
    } else {
      this.#acknowledge(publish, result);
      this.#done(publish);
    }
  }

  /** Publishes with the publisher's own answer in its place. */
  #deliver(
    publish: PendingPublish,
    place: Appended,
    message: Pick<StoredMessage, "senderName" | "text">,
  ): void {
    const { session, room, requestId } = publish;
    const { offset, timeMs } = place;
    room.advanceTo(offset);
    // Who has left the room no longer hears its topic, so the answer must come to it directly.
    const hears = !session.isGone && session.findRoom(room.id) !== undefined;
    this.#publishedCount += 1;
    this.#context.effects.publish({
      type: "message",
      roomId: room.id,
      offset,
      timeMs,
      sender: message.senderName,
      text: message.text,
      publisher: hears ? session.key : 0,
      requestId: hears ? requestId : 0,
    });
    if (!hears) this.#acknowledge(publish, place);
    this.#done(publish);
  }

  /** Its sender was told that it failed, so it gets it like everybody else. */
  #publishMissed(room: Room, message: StoredMessage): void {
    const { offset, timeMs, senderName: sender, text } = message;
    room.advanceTo(offset);
    this.#publishedCount += 1;
    this.#context.effects.publish({
      type: "message",
      roomId: room.id,
      offset,
      timeMs,
      sender,
      text,
      publisher: 0,
      requestId: 0,
    });
  }

  #acknowledge(publish: PendingPublish, place: Appended): void {
    const { session, requestId } = publish;
    if (session.isGone) return;
    const { offset, timeMs } = place;
    this.#context.effects.reply({ type: "published", session: session.key, requestId, offset, timeMs });
  }

  #done(publish: PendingPublish): void {
    publish.room.pendingAppends -= 1;
    this.#context.release(publish.session);
  }

  #publishInMemory(room: Room, tail: MemoryTail, session: HubSession, command: CommandOf<"publish">): void {
    const { requestId, clientMessageId, text } = command;
    const { user } = session;
    const first = tail.find(user.id, clientMessageId);
    if (first !== undefined) {
      const { offset, timeMs } = first;
      this.#context.effects.reply({ type: "published", session: session.key, requestId, offset, timeMs });
      return;
    }
    const timeMs = this.#context.now.wallMs;
    const offset = tail.push(user.id, user.name, clientMessageId, text, timeMs);
    this.#publishedCount += 1;
    this.#context.effects.publish({
      type: "message",
      roomId: room.id,
      offset,
      timeMs,
      sender: user.name,
      text,
      publisher: session.key,
      requestId,
    });
  }
}
