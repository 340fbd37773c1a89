import type { RequestName } from "./command.ts";
import type { Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { Room } from "./room.ts";
import type { ServerRules } from "./server-rules.ts";

/** The longest wait that a refusal can name: retry_after_ms has 32 bits. */
const MAX_RETRY_MS = 0xffff_ffff;

/** Whether a session may speak now. For an ordinary member of an ordinary room: a few comparisons. */
export class Speech {
  readonly #context: HubContext;
  readonly #rules: ServerRules;

  constructor(context: HubContext, rules: ServerRules) {
    this.#context = context;
    this.#rules = rules;
  }

  /** Refuses the request (ROOM_ARCHIVED, LOCKDOWN, MUTED) when the session may not speak in the room. */
  mayInRoom(session: HubSession, room: Room, requestId: number, request: RequestName): boolean {
    return this.#may(this.#refusalIn(room, session), session, requestId, request);
  }

  /** The same for whispers, with what counts for the whole server. */
  mayAnywhere(session: HubSession, requestId: number, request: RequestName): boolean {
    return this.#may(this.#refusal(session), session, requestId, request);
  }

  /** Without a word to the session. `room` undefined: in a conversation. */
  isSilenced(session: HubSession, room: Room | undefined): boolean {
    const refusal = room === undefined ? this.#refusal(session) : this.#refusalIn(room, session);
    return refusal !== undefined;
  }

  #may(refusal: Refusal | undefined, session: HubSession, requestId: number, request: RequestName): boolean {
    if (refusal === undefined) return true;
    const { code, detail, retryAfterMs } = refusal;
    this.#context.refuse(session.key, requestId, request, code, detail, retryAfterMs);
    return false;
  }

  #refusalIn(room: Room, session: HubSession): Refusal | undefined {
    if (room.settings.archived) {
      return { code: "ROOM_ARCHIVED", detail: "the room is kept for reading only", retryAfterMs: 0 };
    }
    const { roster } = room;
    if (roster.size > 0) {
      const forMs = roster.mutedForMs(session.user.id, this.#context.now.wallMs);
      if (forMs > 0) return muted(forMs, "you may not speak in this room");
    }
    return this.#refusal(session);
  }

  #refusal({ user }: HubSession): Refusal | undefined {
    if (user.isGuest && !this.#rules.mayGuestsSpeak) {
      return { code: "LOCKDOWN", detail: "only accounts may speak for now", retryAfterMs: 0 };
    }
    const forMs = this.#rules.mutedForMs(user);
    return forMs > 0 ? muted(forMs, "you may not speak on this server") : undefined;
  }
}

function muted(forMs: number, detail: string): Refusal {
  return { code: "MUTED", detail, retryAfterMs: waitOf(forMs) };
}

/** How long to wait, as a refusal says it; 0 for a wait without an end. */
export function waitOf(forMs: number): number {
  return forMs === Number.POSITIVE_INFINITY ? 0 : Math.min(Math.ceil(forMs), MAX_RETRY_MS);
}
