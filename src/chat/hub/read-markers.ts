import type { RoomId } from "../names.ts";
import type { CommandOf } from "./command.ts";
import type { DirectConversation } from "./direct-conversation.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { ReadableLogs } from "./readable-logs.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { Whispers } from "./whispers.ts";

/**
 * How far a user has read, in the rooms that the session is in and in conversations. It never goes back.
 * Of a memory room it is not kept: the user's other sessions hear of it, and that is all.
 */
export class ReadMarkers {
  readonly #context: HubContext;
  readonly #logs: ReadableLogs;

  constructor(context: HubContext, rooms: RoomRegistry, whispers: Whispers) {
    this.#context = context;
    this.#logs = new ReadableLogs(rooms, whispers);
  }

  /** Accounts only. */
  markRead(session: HubSession, command: CommandOf<"markRead">): void {
    const { requestId, roomId } = command;
    if (session.user.isGuest) {
      const detail = "guests have no read markers";
      this.#context.refuse(session.key, requestId, "markRead", "PERMISSION_DENIED", detail);
      return;
    }
    this.#logs.withLog(session, roomId, requestId, "markRead", (log) => this.#mark(session, command, log));
  }

  #mark(
    session: HubSession,
    { requestId, roomId, offset }: CommandOf<"markRead">,
    log: Room | DirectConversation,
  ): void {
    // A conversation may have whispers whose outcome the hub was not told; history shows them. The store
    // knows where it ends.
    const marked = log.kind === "direct" ? offset : Math.min(offset, log.lastOffset);
    if (log.kind === "memory") {
      this.#tellOthers(session, roomId, marked);
      this.#context.done(session, requestId, "markRead");
      return;
    }
    const asked = { roomId, userId: session.user.id, offset: marked };
    this.#context.askFor(session, requestId, "markRead", "markRead", asked, (readOffset) => {
      this.#tellOthers(session, roomId, readOffset);
      this.#context.done(session, requestId, "markRead");
    });
  }

  #tellOthers(session: HubSession, roomId: RoomId, offset: number): void {
    if (offset === 0) return;
    for (const other of session.user.sessions) {
      if (other === session) continue;
      this.#context.effects.reply({ type: "read", session: other.key, roomId, offset });
    }
  }
}
