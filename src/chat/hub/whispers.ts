import { assert } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import type { Appended, StoredRoom } from "../store/store.ts";
import type { CommandOf, UserIdentity } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { DirectConversation, PendingWhisper, Whisper } from "./pending-request.ts";
import { DIRECT_NAME_PREFIX } from "./room-registry.ts";

/** Whispers with an uncertain outcome that are remembered; enough for a store's whole queue. */
const UNCERTAIN_LIMIT = 16_384;

/**
 * Whispers. Each pair of users has one log, a stored room of kind "direct" that nobody joins. A whisper
 * is delivered when it is in the log, to all sessions of the addressee and to the sender's others.
 * Somebody may whisper to himself: his other sessions get it.
 *
 * Whether the addressee is signed in is decided when the whisper comes: signing in a moment later does
 * not overtake the USER_OFFLINE that is on its way, so one sender's whispers never change places.
 */
export class Whispers {
  readonly #context: HubContext;
  /** By name; the longest unused first. */
  readonly #conversations = new Map<string, DirectConversation>();
  /**
   * Failed appends that the log may hold, so that a repeat is still to be delivered; with the newest
   * offset seen before, because a repeat of what is at or below that was delivered already.
   */
  readonly #uncertain = new Map<string, number>();

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** Direct conversations whose room is remembered. */
  get conversationCount(): number {
    return this.#conversations.size;
  }

  whisper(session: HubSession, command: CommandOf<"whisper">): void {
    const { requestId } = command;
    const nameKey = this.#context.options.normalizeName(command.to);
    const to = this.#context.users.byNameKey(nameKey);
    if (!this.#context.hold(session, requestId, "whisper")) return;
    if (to === undefined) {
      const ticket = this.#context.ticketFor({ kind: "findAccount", session, requestId });
      this.#context.effects.findAccount(ticket, nameKey);
      return;
    }
    const conversation = this.#conversation(session.user.id, to.id);
    if (
      conversation === undefined ||
      conversation.waiting.length >= this.#context.options.maxWaitingPerRoom
    ) {
      this.#context.release(session);
      this.#context.refuseBusy(session.key, requestId, "whisper", "too many whispers are waiting");
      return;
    }
    const whisper: Whisper = { session, command, toId: to.id, toName: to.name };
    conversation.pendingCount += 1;
    if (conversation.roomId !== undefined) {
      this.#append(conversation, conversation.roomId, whisper);
      return;
    }
    conversation.waiting.push(whisper);
    if (conversation.waiting.length === 1) {
      const ticket = this.#context.ticketFor({ kind: "openDirect", conversation });
      this.#context.effects.openRoom(ticket, conversation.name, "direct", this.#context.now.wallMs);
    }
  }

  /** The addressee was not signed in; the account says whether it exists at all. */
  accountFound(session: HubSession, requestId: number, user: UserIdentity | undefined): void {
    this.#context.release(session);
    if (session.isGone) return;
    if (user === undefined) {
      this.#context.refuse(session.key, requestId, "whisper", "USER_NOT_FOUND", "no user has this name");
    } else {
      this.#context.refuse(session.key, requestId, "whisper", "USER_OFFLINE", `${user.name} is not here now`);
    }
  }

  accountFindFailed(session: HubSession, requestId: number): void {
    this.#context.release(session);
    this.#context.refuseFailed(session, requestId, "whisper", false);
  }

  opened(conversation: DirectConversation, room: StoredRoom | undefined): void {
    if (room?.kind !== "direct") {
      this.openFailed(conversation);
      return;
    }
    conversation.roomId = room.id;
    conversation.lastOffset = room.lastOffset;
    for (const whisper of conversation.waiting.splice(0)) this.#append(conversation, room.id, whisper);
  }

  openFailed(conversation: DirectConversation): void {
    for (const { session, command } of conversation.waiting.splice(0)) {
      this.#done(conversation, session);
      this.#context.refuseFailed(session, command.requestId, "whisper", false);
    }
    if (conversation.pendingCount === 0) this.#conversations.delete(conversation.name);
  }

  appended(pending: PendingWhisper, result: Appended): void {
    const { whisper, conversation, message } = pending;
    const { session, command } = whisper;
    this.#done(conversation, session);
    const { offset, timeMs } = result;
    conversation.lastOffset = Math.max(conversation.lastOffset, offset);
    const wasUncertain = this.#forgetUncertain(pending, offset);
    if (!result.duplicate || wasUncertain) {
      const event = { type: "whisper", from: message.senderName, to: whisper.toName } as const;
      const notice = { ...event, offset, timeMs, text: message.text };
      this.#deliver(notice, whisper.toId, session);
      if (message.senderId !== whisper.toId) this.#deliver(notice, message.senderId, session);
    }
    if (session.isGone) return;
    const { requestId } = command;
    this.#context.effects.reply({ type: "whispered", session: session.key, requestId, offset, timeMs });
  }

  appendFailed(pending: PendingWhisper, busy: boolean): void {
    const { session, command } = pending.whisper;
    this.#done(pending.conversation, session);
    if (!busy) this.#rememberUncertain(pending);
    this.#context.refuseFailed(session, command.requestId, "whisper", busy);
  }

  #deliver(notice: WhisperNotice, userId: UserId, except: HubSession): void {
    for (const session of this.#context.users.byId(userId)?.sessions ?? []) {
      if (session !== except) this.#context.effects.reply({ ...notice, session: session.key });
    }
  }

  #append(conversation: DirectConversation, roomId: number, whisper: Whisper): void {
    const { session, command } = whisper;
    const message = {
      roomId,
      senderId: session.user.id,
      senderName: session.user.name,
      clientMessageId: command.clientMessageId,
      text: command.text,
      timeMs: this.#context.now.wallMs,
    };
    const ticket = this.#context.ticketFor({ kind: "whisper", whisper, conversation, message });
    this.#context.effects.append(ticket, message);
  }

  #done(conversation: DirectConversation, session: HubSession): void {
    conversation.pendingCount -= 1;
    this.#context.release(session);
  }

  /** Finds or adds, as the one used last. Undefined when all that may be remembered are in use. */
  #conversation(one: UserId, other: UserId): DirectConversation | undefined {
    const name = `${DIRECT_NAME_PREFIX}${Math.min(one, other)}:${Math.max(one, other)}`;
    const known = this.#conversations.get(name);
    if (known !== undefined) {
      this.#conversations.delete(name);
      this.#conversations.set(name, known);
      return known;
    }
    if (this.#conversations.size >= this.#context.options.maxDirectConversations && !this.#forgetOldest()) {
      return undefined;
    }
    const added: DirectConversation = {
      name,
      roomId: undefined,
      lastOffset: 0,
      waiting: [],
      pendingCount: 0,
    };
    this.#conversations.set(name, added);
    return added;
  }

  #forgetOldest(): boolean {
    for (const conversation of this.#conversations.values()) {
      if (conversation.pendingCount > 0) continue;
      assert(conversation.waiting.length === 0, "who waits is counted");
      return this.#conversations.delete(conversation.name);
    }
    return false;
  }

  #rememberUncertain(pending: PendingWhisper): void {
    const key = uncertainKey(pending);
    if (this.#uncertain.has(key)) return;
    if (this.#uncertain.size >= UNCERTAIN_LIMIT) {
      const [oldest] = this.#uncertain.keys();
      if (oldest !== undefined) this.#uncertain.delete(oldest);
    }
    this.#uncertain.set(key, pending.conversation.lastOffset);
  }

  /** True when an earlier try of this whisper put it at `offset` and failed before it was delivered. */
  #forgetUncertain(pending: PendingWhisper, offset: number): boolean {
    if (this.#uncertain.size === 0) return false;
    const key = uncertainKey(pending);
    const seenOffset = this.#uncertain.get(key);
    this.#uncertain.delete(key);
    return seenOffset !== undefined && offset > seenOffset;
  }
}

interface WhisperNotice {
  readonly type: "whisper";
  readonly from: string;
  readonly to: string;
  readonly offset: number;
  readonly timeMs: number;
  readonly text: string;
}

function uncertainKey({ message }: PendingWhisper): string {
  return `${message.roomId} ${message.senderId} ${message.clientMessageId}`;
}
