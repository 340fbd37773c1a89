import { assert } from "../../base/assert.ts";
import type { Appended, NewMessage, StoredMessage } from "../store/store.ts";
import { refuseEntry, type EntryRequestName } from "./amendments.ts";
import type { EntryPublisher } from "./entry-publisher.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingPublish } from "./pending-request.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { SlowMode } from "./slow-mode.ts";

/** Entries that a repair reads at most; of a longer gap the rest is left to history. */
const REPAIR_LIMIT = 1_000;

/** Answers of the store that wait until the entries before them have been read from the log. */
export interface LogRepair {
  readonly held: { readonly publish: PendingPublish; readonly result: Appended }[];
}

/**
 * A logged room's entries go out when the store has them, in the order of their offsets and without
 * gaps: if the log turns out to hold entries that were never published (the store died after it wrote
 * them and before it said so), they are read and published first.
 */
export class LogOrder {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #publisher: EntryPublisher;
  readonly #slowMode: SlowMode;

  constructor(context: HubContext, rooms: RoomRegistry, publisher: EntryPublisher, slowMode: SlowMode) {
    this.#context = context;
    this.#rooms = rooms;
    this.#publisher = publisher;
    this.#slowMode = slowMode;
  }

  /** Asks the store to append the entry of a request that is held. */
  append(
    request: EntryRequestName,
    session: HubSession,
    requestId: number,
    room: Room,
    message: NewMessage,
    isCounted: boolean,
  ): void {
    room.pendingAppends += 1;
    const pending: PendingPublish = {
      kind: "publish",
      request,
      session,
      requestId,
      room,
      message,
      isCounted,
    };
    this.#context.effects.append(this.#context.ticketFor(pending), message);
  }

  appended(publish: PendingPublish, result: Appended): void {
    const { room } = publish;
    if (result.refused !== undefined) {
      refuseEntry(this.#context, publish.session, publish.requestId, publish.request, result.refused);
      this.#done(publish);
    } else if (room.repair === undefined) {
      this.#settle(publish, result);
    } else {
      room.repair.held.push({ publish, result });
    }
    this.#rooms.dropIfUnused(room);
  }

  appendFailed(publish: PendingPublish, busy: boolean): void {
    this.#context.refuseFailed(publish.session, publish.requestId, publish.request, busy);
    this.#takeBack(publish);
    this.#done(publish);
    this.#rooms.dropIfUnused(publish.room);
  }

  #settle(publish: PendingPublish, result: Appended): void {
    const { room } = publish;
    const next = room.lastOffset + 1;
    if (result.offset < next) {
      assert(result.duplicate, "the log gives an offset to one entry");
      this.#repeated(publish, result);
    } else if (result.offset === next && !result.duplicate) {
      this.#deliver(publish, result, publish.message);
    } else {
      this.#beginRepair(room, publish, result);
    }
  }

  /** A repeat of an entry that was never published is read as well: what was stored is what counts. */
  #beginRepair(room: Room, publish: PendingPublish, result: Appended): void {
    room.repair = { held: [{ publish, result }] };
    const after = room.lastOffset;
    const end = result.duplicate ? result.offset : result.offset - 1;
    this.#context.ask(
      "historyAfter",
      { roomId: room.id, after, limit: Math.min(end - after, REPAIR_LIMIT), userId: 0 },
      (messages) => this.#repaired(room, messages),
      () => this.#repaired(room, undefined),
    );
  }

  /** The missing entries, or undefined when they could not be read: then they are left to history. */
  #repaired(room: Room, messages: readonly StoredMessage[] | undefined): void {
    const { repair } = room;
    assert(repair !== undefined, "a repair was asked for");
    room.repair = undefined;
    const [cause, ...held] = repair.held;
    assert(cause !== undefined, "a repair has a cause");
    let own: StoredMessage | undefined;
    for (const message of messages ?? []) {
      if (message.offset === cause.result.offset) own = message;
      else if (message.offset === room.lastOffset + 1) this.#publishMissed(room, message);
    }
    this.#settleRepaired(cause.publish, cause.result, own);
    for (const { publish, result } of held) this.appended(publish, result);
    this.#rooms.dropIfUnused(room);
  }

  #settleRepaired(publish: PendingPublish, result: Appended, own: StoredMessage | undefined): void {
    if (!result.duplicate) {
      this.#deliver(publish, result, publish.message);
    } else if (own?.kind === publish.message.kind) {
      this.#deliver(publish, result, own);
    } else {
      // Who uses one id for two kinds is answered for the first: it is not the answer to this request's kind.
      if (own !== undefined) this.#publishMissed(publish.room, own);
      this.#repeated(publish, result);
    }
  }

  /** Publishes with the publisher's own answer in its place. */
  #deliver(publish: PendingPublish, place: Appended, entry: NewMessage | StoredMessage): void {
    const { session, room } = publish;
    const { offset, timeMs } = place;
    room.advanceTo(offset);
    // Who has left the room no longer hears its topic, so the answer must come to it directly.
    const hears = !session.isGone && session.findRoom(room.id) !== undefined;
    this.#publisher.publish(
      room,
      offset,
      timeMs,
      entry.senderName,
      entry.text,
      entry.kind,
      entry.target,
      entry.replyTo,
      hears ? session.key : 0,
      hears ? publish.requestId : 0,
    );
    // An account that is being deleted is shown without its name, and one that is stored already as it is now.
    const isPlain = entry === publish.message && timeMs === entry.timeMs && !session.isGone;
    if (isPlain) this.#context.recent.push(room.id, offset, entry);
    else this.#context.recent.forget(room.id);
    if (!hears) this.#acknowledge(publish, place);
    this.#done(publish);
  }

  /** Its sender was told that it failed, so it gets it like everybody else. */
  #publishMissed(room: Room, missed: StoredMessage): void {
    const { offset, timeMs, senderName, text, kind, target, replyTo } = missed;
    room.advanceTo(offset);
    this.#context.recent.forget(room.id);
    this.#publisher.publish(room, offset, timeMs, senderName, text, kind, target, replyTo, 0, 0);
  }

  #repeated(publish: PendingPublish, first: Appended): void {
    this.#takeBack(publish);
    this.#acknowledge(publish, first);
    this.#done(publish);
  }

  #acknowledge(publish: PendingPublish, { offset, timeMs }: Appended): void {
    const { session, requestId, request } = publish;
    this.#context.tell(session, {
      type: "published",
      session: session.key,
      requestId,
      request,
      offset,
      timeMs,
    });
  }

  #takeBack({ isCounted, room, message }: PendingPublish): void {
    if (isCounted) this.#slowMode.takeBack(room, message.senderId, message.clientMessageId);
  }

  #done(publish: PendingPublish): void {
    publish.room.pendingAppends -= 1;
    this.#context.release(publish.session);
  }
}
