import type { RoomId, SessionKey, UserId } from "../names.ts";
import type { Appended, StoredRoom } from "../store/store.ts";

/** What a gate asks of the hub. Plain data; request ids are echoed in the reply. */
export type Command =
  /** A session whose user the gate has authenticated. The hub decides on duplicates. */
  | { readonly type: "signIn"; readonly session: SessionKey; readonly requestId: number; readonly user: UserIdentity }
  /** The session ended or logged out. Harmless for a session that is not signed in. */
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
  | {
      readonly type: "joinRoom";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly name: string;
      readonly create: "none" | "logged" | "memory";
    }
  | { readonly type: "leaveRoom"; readonly session: SessionKey; readonly requestId: number; readonly roomId: RoomId }
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

export interface UserIdentity {
  readonly id: UserId;
  /** As written when the user registered. */
  readonly name: string;
  /** Normalised: what names are compared by. */
  readonly nameKey: string;
}

/** What the hub is told by whoever carries out its store requests; `ticket` is the request's. */
export type StoreReply =
  | { readonly type: "appended"; readonly ticket: number; readonly result: Appended }
  | { readonly type: "appendFailed"; readonly ticket: number; readonly busy: boolean }
  | { readonly type: "roomOpened"; readonly ticket: number; readonly room: StoredRoom | undefined }
  | { readonly type: "roomOpenFailed"; readonly ticket: number }
  | { readonly type: "accountFound"; readonly ticket: number; readonly user: UserIdentity | undefined }
  | { readonly type: "accountFindFailed"; readonly ticket: number };
