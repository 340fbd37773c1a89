import type { RoomId, UserId } from "../names.ts";
import type { Appended, MessageKind, NewMessage } from "../store/store.ts";
import { kindOf, refuseEntry, textOf, type AmendRequest } from "./amendments.ts";
import type { CommandOf, RequestName } from "./command.ts";
import { ConversationCache } from "./conversation-cache.ts";
import type { DirectConversation, Partner } from "./direct-conversation.ts";
import { DirectLookup } from "./direct-lookup.ts";
import type { Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { newEntry } from "./new-entry.ts";
import { OfflineLookup } from "./offline-lookup.ts";
import type { PendingWhisper } from "./pending-request.ts";
import type { ServerRules } from "./server-rules.ts";
import { Speech } from "./speech.ts";
import { UncertainWhispers } from "./uncertain-whispers.ts";

/**
 * Whispers. Each pair of users has one log, a stored room of kind "direct" that nobody joins. A whisper,
 * and what is done to one, is delivered when it is in the log, to all sessions of the addressee and to
 * the sender's others. Somebody may whisper to himself: his other sessions get it.
 *
 * One sender's whispers to one name never change places, whether the addressee is signed in or is not.
 */
export class Whispers {
  readonly #context: HubContext;
  readonly #speech: Speech;
  readonly #cache: ConversationCache;
  readonly #lookup: DirectLookup;
  readonly #offline: OfflineLookup;
  readonly #uncertain = new UncertainWhispers();

  constructor(context: HubContext, rules: ServerRules) {
    this.#context = context;
    this.#speech = new Speech(context, rules);
    this.#cache = new ConversationCache(context);
    this.#lookup = new DirectLookup(context, this.#cache);
    this.#offline = new OfflineLookup(context, (session, command, to) => this.#send(session, command, to));
  }

  /** Direct conversations that are remembered. */
  get conversationCount(): number {
    return this.#cache.count;
  }

  whisper(session: HubSession, command: CommandOf<"whisper">): void {
    const { requestId } = command;
    if (!this.#speech.mayAnywhere(session, requestId, "whisper")) return;
    if (!this.#context.hold(session, requestId, "whisper")) return;
    const nameKey = this.#context.options.normalizeName(command.to);
    const to = this.#context.users.byNameKey(nameKey);
    if (to === undefined || this.#offline.mustWait(nameKey)) this.#offline.find(session, command, nameKey);
    else this.#send(session, command, to);
  }

  /** The request's session is one of the two. Deletions are for authors, muted or blocked as they may be. */
  amend(session: HubSession, conversation: DirectConversation, request: AmendRequest): void {
    const { requestId, type, clientMessageId, target } = request;
    if (type !== "deleteMessage") {
      if (!this.#speech.mayAnywhere(session, requestId, type)) return;
      if (this.#isBlocked(conversation, session)) {
        this.#refuse(session, requestId, type, "BLOCKED", "the other takes no whispers from you");
        return;
      }
    }
    if (!this.#context.hold(session, requestId, type)) return;
    conversation.useCount += 1;
    const { wallMs } = this.#context.now;
    const [kind, text] = [kindOf(request), textOf(request)];
    const { id } = conversation;
    const entry = newEntry(session, id, clientMessageId, wallMs, kind, text, target, 0, false);
    this.#append(type, session, requestId, conversation, entry);
  }

  /**
   * Calls `then`, now or later, with the conversation whose room this is, if the session's user is one of
   * its two; otherwise the request is refused with ROOM_NOT_FOUND.
   */
  withConversation(
    session: HubSession,
    roomId: RoomId,
    requestId: number,
    request: RequestName,
    then: (conversation: DirectConversation) => void,
  ): void {
    this.#lookup.find(session, roomId, requestId, request, then);
  }

  /** The same, if it is remembered. */
  knownConversation(session: HubSession, roomId: RoomId): DirectConversation | undefined {
    const conversation = this.#cache.byId(roomId);
    return conversation?.has(session.user.id) === true ? conversation : undefined;
  }

  /** From now on `userId` takes whispers from the other, or takes them no more. */
  blockChanged(userId: UserId, otherId: UserId, blocked: boolean): void {
    this.#cache.between(userId, otherId)?.setBlocked(userId, blocked);
  }

  appended(pending: PendingWhisper, result: Appended): void {
    const { request, session, requestId, conversation, message } = pending;
    this.#done(conversation, session);
    if (result.refused !== undefined) {
      if (request !== "whisper") {
        refuseEntry(this.#context, session, requestId, request, result.refused);
      } else if (!session.isGone) {
        this.#context.refuse(
          session.key,
          requestId,
          request,
          "USER_NOT_FOUND",
          "the conversation is no more",
        );
      }
      return;
    }
    const { offset, timeMs } = result;
    const wasUncertain = this.#uncertain.forget(pending, offset);
    conversation.advanceTo(offset);
    if (!result.duplicate || wasUncertain) this.#deliver(conversation, message, offset, timeMs, session);
    const answer = { session: session.key, requestId, offset, timeMs };
    if (request === "whisper") {
      this.#context.tell(session, { type: "whispered", roomId: conversation.id, ...answer });
    } else {
      this.#context.tell(session, { type: "published", request, ...answer });
    }
  }

  appendFailed(pending: PendingWhisper, busy: boolean): void {
    const { request, session, requestId, conversation } = pending;
    this.#done(conversation, session);
    if (!busy) this.#uncertain.remember(pending);
    this.#context.refuseFailed(session, requestId, request, busy);
  }

  /** The request is held. */
  #send(session: HubSession, command: CommandOf<"whisper">, to: Partner): void {
    const { requestId } = command;
    const { id, name } = session.user;
    const conversation = this.#cache.enter({ id, name }, { id: to.id, name: to.name });
    const isTaken =
      conversation !== undefined &&
      this.#cache.whenOpen(
        conversation,
        () => this.#appendWhisper(session, command, conversation),
        (busy) => {
          this.#context.release(session);
          this.#context.refuseFailed(session, requestId, "whisper", busy);
        },
      );
    if (isTaken) return;
    this.#context.release(session);
    if (session.isGone) return;
    this.#context.refuseBusy(session.key, requestId, "whisper", "too many whispers are waiting");
  }

  #appendWhisper(session: HubSession, command: CommandOf<"whisper">, conversation: DirectConversation): void {
    const { requestId, clientMessageId, text, replyTo } = command;
    if (this.#isBlocked(conversation, session)) {
      this.#context.release(session);
      this.#refuse(session, requestId, "whisper", "BLOCKED", `${command.to} takes no whispers from you`);
      return;
    }
    conversation.useCount += 1;
    const { wallMs } = this.#context.now;
    const { id } = conversation;
    const entry = newEntry(session, id, clientMessageId, wallMs, "text", text, 0, replyTo, false);
    this.#append("whisper", session, requestId, conversation, entry);
  }

  #append(
    request: PendingWhisper["request"],
    session: HubSession,
    requestId: number,
    conversation: DirectConversation,
    message: NewMessage,
  ): void {
    const pending: PendingWhisper = {
      kind: "whisper",
      request,
      session,
      requestId,
      conversation,
      message,
    };
    this.#context.effects.append(this.#context.ticketFor(pending), message);
  }

  #isBlocked(conversation: DirectConversation, { user }: HubSession): boolean {
    const { id } = conversation.partnerOf(user.id);
    return id !== user.id && conversation.isBlockedBy(id);
  }

  #deliver(
    conversation: DirectConversation,
    message: NewMessage,
    offset: number,
    timeMs: number,
    except: HubSession,
  ): void {
    const { senderId, senderName, text, kind, target, replyTo } = message;
    const partner = conversation.partnerOf(senderId);
    const to = this.#context.users.byId(partner.id)?.name ?? partner.name;
    const entry = { offset, timeMs, text, kind, target, replyTo };
    const notice: Notice = {
      type: "whisper",
      roomId: conversation.id,
      from: senderName,
      to,
      ...entry,
    };
    this.#tellAll(notice, partner.id, except);
    if (senderId !== partner.id) this.#tellAll(notice, senderId, except);
  }

  #tellAll(notice: Notice, userId: UserId, except: HubSession): void {
    for (const session of this.#context.users.byId(userId)?.sessions ?? []) {
      if (session !== except) this.#context.effects.reply({ ...notice, session: session.key });
    }
  }

  #done(conversation: DirectConversation, session: HubSession): void {
    conversation.useCount -= 1;
    this.#context.release(session);
  }

  #refuse(
    session: HubSession,
    requestId: number,
    request: RequestName,
    code: Refusal["code"],
    detail: string,
  ): void {
    if (!session.isGone) this.#context.refuse(session.key, requestId, request, code, detail);
  }
}

interface Notice {
  readonly type: "whisper";
  readonly roomId: RoomId;
  readonly from: string;
  readonly to: string;
  readonly offset: number;
  readonly timeMs: number;
  readonly text: string;
  readonly kind: MessageKind;
  readonly target: number;
  readonly replyTo: number;
}
