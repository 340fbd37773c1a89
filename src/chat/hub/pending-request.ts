import type { NewMessage } from "../store/store.ts";
import type { EntryRequestName } from "./amendments.ts";
import type { CommandOf } from "./command.ts";
import type { DirectConversation } from "./direct-conversation.ts";
import type { HubSession } from "./hub-session.ts";
import type { Room } from "./room.ts";

/**
 * What an append was made for, kept under its ticket until the answer comes. Other store requests have
 * a continuation (HubContext.ask).
 */
export type PendingRequest = PendingPublish | PendingWhisper;

/** An entry for a room. */
export interface PendingPublish {
  readonly kind: "publish";
  readonly request: EntryRequestName;
  readonly session: HubSession;
  readonly requestId: number;
  readonly room: Room;
  readonly message: NewMessage;
  /** Slow mode counted it. */
  readonly isCounted: boolean;
}

/** An entry for a conversation. */
export interface PendingWhisper {
  readonly kind: "whisper";
  readonly request: "whisper" | EntryRequestName;
  readonly session: HubSession;
  readonly requestId: number;
  readonly conversation: DirectConversation;
  readonly message: NewMessage;
}

/** A room that the store is asked for, and who waits for it. */
export interface RoomOpening {
  readonly name: string;
  readonly waiting: WaitingJoin[];
}

export interface WaitingJoin {
  readonly session: HubSession;
  readonly command: CommandOf<"joinRoom">;
}
