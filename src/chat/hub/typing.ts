import type { RoomId, SessionKey } from "../names.ts";
import type { CommandOf } from "./command.ts";
import type { DirectConversation } from "./direct-conversation.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { Room } from "./room.ts";
import type { ServerRules } from "./server-rules.ts";
import { Speech } from "./speech.ts";
import type { Whispers } from "./whispers.ts";

/** A session is heard typing in one room once in this time. */
const QUIET_MS = 2_000;
/** Sessions and rooms that are remembered for that; above it nobody is heard typing. */
const QUIET_LIMIT = 65_536;

/**
 * Who is typing: told to the room, or to the other of a conversation that is remembered, and never kept.
 * Like notices of who comes and goes, not in rooms of more than `noticeMaxMembers` users.
 */
export class Typing {
  readonly #context: HubContext;
  readonly #whispers: Whispers;
  readonly #speech: Speech;
  /** Until when a session is not heard in a room, by both; the earliest first. */
  readonly #quietUntilMs = new Map<string, number>();

  constructor(context: HubContext, whispers: Whispers, rules: ServerRules) {
    this.#context = context;
    this.#whispers = whispers;
    this.#speech = new Speech(context, rules);
  }

  typing({ session: key, roomId }: CommandOf<"typing">): void {
    const session = this.#context.sessions.get(key);
    if (session === undefined) return;
    const room = session.findRoom(roomId);
    if (room !== undefined) {
      this.#inRoom(session, room);
      return;
    }
    const conversation = this.#whispers.knownConversation(session, roomId);
    if (conversation !== undefined) this.#inConversation(session, conversation);
  }

  #inRoom(session: HubSession, room: Room): void {
    if (room.memberCount > this.#context.options.noticeMaxMembers) return;
    if (this.#speech.isSilenced(session, room) || !this.#isHeard(session.key, room.id)) return;
    const { name } = session.user;
    this.#context.effects.publish({ type: "typing", roomId: room.id, name, except: session.key });
  }

  #inConversation(session: HubSession, conversation: DirectConversation): void {
    const { user } = session;
    const partner = conversation.partnerOf(user.id);
    if (partner.id === user.id || conversation.isBlockedBy(partner.id)) return;
    if (this.#speech.isSilenced(session, undefined) || !this.#isHeard(session.key, conversation.id)) return;
    for (const { key } of this.#context.users.byId(partner.id)?.sessions ?? []) {
      const event = {
        type: "whisperTyping",
        session: key,
        roomId: conversation.id,
        name: user.name,
      } as const;
      this.#context.effects.reply(event);
    }
  }

  #isHeard(session: SessionKey, roomId: RoomId): boolean {
    const nowMs = this.#context.now.monotonicMs;
    for (const [id, untilMs] of this.#quietUntilMs) {
      if (untilMs > nowMs) break;
      this.#quietUntilMs.delete(id);
    }
    const id = `${session} ${roomId}`;
    if (this.#quietUntilMs.has(id) || this.#quietUntilMs.size >= QUIET_LIMIT) return false;
    this.#quietUntilMs.set(id, nowMs + QUIET_MS);
    return true;
  }
}
