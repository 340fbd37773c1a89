import type { RoomId, UserId } from "../names.ts";
import type { StoredMember } from "../store/store.ts";
import type { RequestName } from "./command.ts";
import type { ConversationCache } from "./conversation-cache.ts";
import type { DirectConversation, Partner } from "./direct-conversation.ts";
import { directPair } from "./direct-name.ts";
import { DELETED_NAME } from "./history-message.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";

/** A request that waits until it is known whose conversation its room is. */
interface Waiting {
  readonly session: HubSession;
  readonly requestId: number;
  readonly request: RequestName;
  readonly onFound: (conversation: DirectConversation) => void;
}

/**
 * Finds conversations by their room's id, for their two users alone: to everybody else there is no room
 * of this id, and the answer takes the same way. Requests for one room keep their order.
 */
export class DirectLookup {
  readonly #context: HubContext;
  readonly #cache: ConversationCache;
  readonly #waiting = new Map<RoomId, Waiting[]>();

  constructor(context: HubContext, cache: ConversationCache) {
    this.#context = context;
    this.#cache = cache;
  }

  /** Calls `onFound` with it, now or later, unless the session is gone; otherwise the request is refused. */
  find(
    session: HubSession,
    roomId: RoomId,
    requestId: number,
    request: RequestName,
    onFound: (conversation: DirectConversation) => void,
  ): void {
    const waiting = this.#waiting.get(roomId);
    const known = waiting === undefined ? this.#cache.byId(roomId) : undefined;
    if (known?.has(session.user.id) === true) {
      onFound(known);
      return;
    }
    if (waiting !== undefined && waiting.length >= this.#context.options.maxWaitingPerRoom) {
      this.#context.refuseBusy(session.key, requestId, request, "too many wait for this conversation");
      return;
    }
    if (!this.#context.hold(session, requestId, request)) return;
    const added = { session, requestId, request, onFound };
    if (waiting !== undefined) {
      waiting.push(added);
      return;
    }
    this.#waiting.set(roomId, [added]);
    this.#context.ask(
      "findRoomById",
      { id: roomId },
      (room) => {
        const pair = room?.kind === "direct" ? directPair(room.name) : undefined;
        if (pair === undefined || !this.#isWantedBy(roomId, pair)) this.#settle(roomId, undefined);
        else this.#findNames(roomId, pair);
      },
      (busy) => this.#fail(roomId, busy),
    );
  }

  #isWantedBy(roomId: RoomId, pair: readonly [UserId, UserId]): boolean {
    const waiting = this.#waiting.get(roomId) ?? [];
    return waiting.some(({ session }) => pair.includes(session.user.id));
  }

  #findNames(roomId: RoomId, [low, high]: readonly [UserId, UserId]): void {
    this.#context.ask(
      "listMembers",
      { roomId, afterKey: "", limit: 2 },
      ({ members }) => this.#open(roomId, partner(members, low), partner(members, high)),
      (busy) => this.#fail(roomId, busy),
    );
  }

  #open(roomId: RoomId, one: Partner, other: Partner): void {
    const conversation = this.#cache.enter(one, other);
    const isAsked =
      conversation !== undefined &&
      this.#cache.whenOpen(
        conversation,
        () => this.#settle(roomId, conversation),
        (busy) => this.#fail(roomId, busy),
      );
    if (!isAsked) this.#fail(roomId, true);
  }

  #settle(roomId: RoomId, conversation: DirectConversation | undefined): void {
    for (const { session, requestId, request, onFound } of this.#take(roomId)) {
      if (session.isGone) continue;
      if (conversation?.has(session.user.id) === true) onFound(conversation);
      else this.#context.refuse(session.key, requestId, request, "ROOM_NOT_FOUND", "no such room");
    }
  }

  #fail(roomId: RoomId, busy: boolean): void {
    for (const { session, requestId, request } of this.#take(roomId)) {
      this.#context.refuseFailed(session, requestId, request, busy);
    }
  }

  #take(roomId: RoomId): readonly Waiting[] {
    const waiting = this.#waiting.get(roomId) ?? [];
    this.#waiting.delete(roomId);
    for (const { session } of waiting) this.#context.release(session);
    return waiting;
  }
}

function partner(members: readonly StoredMember[], id: UserId): Partner {
  return { id, name: members.find(({ userId }) => userId === id)?.name ?? DELETED_NAME };
}
