import type { NewMessage } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { HubSession } from "./hub-session.ts";
import type { Room } from "./room.ts";

/** What a store request was made for, kept under its ticket until the answer comes. */
export type PendingRequest =
  | PendingPublish
  | PendingWhisper
  | PendingHistory
  | { readonly kind: "openLobby" }
  | { readonly kind: "openRoom"; readonly opening: RoomOpening }
  | { readonly kind: "openDirect"; readonly conversation: DirectConversation }
  | { readonly kind: "findAccount"; readonly session: HubSession; readonly requestId: number }
  | { readonly kind: "repair"; readonly room: Room };

export interface PendingPublish {
  readonly kind: "publish";
  readonly session: HubSession;
  readonly requestId: number;
  readonly room: Room;
  readonly message: NewMessage;
}

export interface PendingWhisper {
  readonly kind: "whisper";
  readonly whisper: Whisper;
  readonly conversation: DirectConversation;
  readonly message: NewMessage;
}

export interface PendingHistory {
  readonly kind: "history";
  readonly session: HubSession;
  readonly requestId: number;
  readonly room: Room;
  readonly direction: "after" | "before";
  readonly limit: number;
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

/** The log of what two users whisper to each other. */
export interface DirectConversation {
  readonly name: string;
  /** Undefined until the store has opened it. */
  roomId: number | undefined;
  /** The newest offset that an answer of the store has told of. */
  lastOffset: number;
  /** Whispers to be appended once it is open. */
  readonly waiting: Whisper[];
  /** Whispers waiting or being appended; it is not forgotten while there are any. */
  pendingCount: number;
}

export interface Whisper {
  readonly session: HubSession;
  readonly command: CommandOf<"whisper">;
  /** The addressee, as it was when the whisper was accepted. */
  readonly toId: number;
  readonly toName: string;
}
