import type { RoomId, SessionKey, UserId } from "../names.ts";
import type { Appended, StoredMessage, StoredRoom } from "../store/store.ts";

/** What a gate asks of the hub. Plain data; request ids are echoed in the reply. */
export type Command =
  /** A session whose user the gate has authenticated. The hub decides on duplicates. */
  | {
      readonly type: "signIn";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly user: UserIdentity;
    }
  /**
   * The session ended or logged out. Harmless for a session that is not signed in. Its requests that are
   * still open get no answer any more (what they asked for may still happen).
   */
  | { readonly type: "signOut"; readonly session: SessionKey }
  | {
      readonly type: "publish";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
      readonly clientMessageId: string;
      readonly text: string;
    }
  | {
      readonly type: "whisper";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly to: string;
      readonly clientMessageId: string;
      readonly text: string;
    }
  /** `name` is the room name's key (src/protocol/names.ts): it is compared as it is. */
  | {
      readonly type: "joinRoom";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly name: string;
      readonly create: "none" | "logged" | "memory";
    }
  | {
      readonly type: "leaveRoom";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
    }
  | {
      readonly type: "history";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
      readonly direction: "after" | "before";
      readonly offset: number;
      readonly limit: number;
    }
  | {
      readonly type: "listUsers";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
      readonly after: string;
      readonly limit: number;
    }
  /** A gate started anew or was lost: all its sessions are gone. */
  | { readonly type: "gateReset"; readonly gateId: number };

/** The command of one type. */
export type CommandOf<Type extends Command["type"]> = Extract<Command, { readonly type: Type }>;

export interface UserIdentity {
  readonly id: UserId;
  /** As written when the user registered. */
  readonly name: string;
  /** Normalised: what names are compared by. */
  readonly nameKey: string;
}

/**
 * What the hub is told by whoever carries out its store requests (effect-sink.ts); `ticket` is the
 * request's. Each request gets exactly one reply. Replies to appends come in the order of the appends;
 * the others in any order.
 */
export type StoreReply =
  | { readonly type: "appended"; readonly ticket: number; readonly result: Appended }
  | { readonly type: "appendFailed"; readonly ticket: number; readonly busy: boolean }
  | { readonly type: "roomOpened"; readonly ticket: number; readonly room: StoredRoom | undefined }
  | { readonly type: "roomOpenFailed"; readonly ticket: number }
  | { readonly type: "accountFound"; readonly ticket: number; readonly user: UserIdentity | undefined }
  | { readonly type: "accountFindFailed"; readonly ticket: number }
  | { readonly type: "historyRead"; readonly ticket: number; readonly messages: readonly StoredMessage[] }
  | { readonly type: "historyReadFailed"; readonly ticket: number };

/** The type of a command that is answered, as a refusal names it. */
export type RequestName =
  "signIn" | "publish" | "whisper" | "joinRoom" | "leaveRoom" | "history" | "listUsers";
