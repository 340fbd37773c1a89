import type { ErrorCodeName } from "../../protocol/codes.ts";
import type { RoomId, SessionKey } from "../names.ts";
import type {
  AddressBan,
  LockdownLevel,
  MemberRole,
  MessageKind,
  RoomAccess,
  SlowReaderPolicy,
  StoredAudit,
  StoredMember,
  StoredMessage,
  StoredSanction,
  StoredToken,
} from "../store/store.ts";
import type { RequestName } from "./command.ts";

/** What the hub says about a room to every gate that subscribed to the topic `room.<id>`. */
export type RoomEvent =
  | {
      readonly type: "message";
      readonly roomId: RoomId;
      readonly offset: number;
      readonly timeMs: number;
      readonly sender: string;
      readonly text: string;
      readonly kind: MessageKind;
      readonly target: number;
      readonly replyTo: number;
      /**
       * The session that published it: it gets no notice, but the response to its request (that of the
       * entry's kind: PublishResponse, EditMessageResponse, …) at this place of the order (rule 5). 0,
       * with request id 0, when that session is gone, or has left the room: then its answer is a
       * `published` of its own.
       */
      readonly publisher: SessionKey;
      readonly requestId: number;
    }
  /** The new member's own sessions hear it too; clients ignore their own name. */
  | { readonly type: "userJoined"; readonly roomId: RoomId; readonly name: string }
  | { readonly type: "userLeft"; readonly roomId: RoomId; readonly name: string }
  /** Instead of these two in large rooms, at most once a second. */
  | { readonly type: "memberCount"; readonly roomId: RoomId; readonly memberCount: number }
  | { readonly type: "typing"; readonly roomId: RoomId; readonly name: string; readonly except: SessionKey }
  /** Its `role` is "none": each member's own is known to it. */
  | { readonly type: "roomUpdated"; readonly roomId: RoomId; readonly room: RoomInfo }
  /** The room is no more; nobody is in it any more. */
  | { readonly type: "roomDeleted"; readonly roomId: RoomId };

/** What counts for everybody, to every gate: at its start and at each change. */
export interface ServerEvent {
  readonly type: "serverRules";
  readonly lockdown: LockdownLevel;
  readonly addressBans: readonly AddressBan[];
}

export interface RoomInfo {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: "logged" | "memory" | "direct";
  readonly epoch: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Distinct users, this one included. */
  readonly memberCount: number;
  readonly access: RoomAccess;
  readonly topic: string;
  readonly archived: boolean;
  readonly slowModeMs: number;
  readonly slowReader: SlowReaderPolicy;
  readonly retentionAgeMs: number;
  readonly retentionCount: number;
  /** The addressee's. */
  readonly role: MemberRole;
}

export interface Refusal {
  readonly code: Exclude<ErrorCodeName, "OK">;
  readonly detail: string;
  readonly retryAfterMs: number;
}

/** Why the hub ends a session. */
export type HubEndCode = "REPLACED" | "KICKED" | "BANNED" | "TOKEN_REVOKED" | "ACCOUNT_DELETED";

interface Answer {
  readonly session: SessionKey;
  readonly requestId: number;
}

/** What the hub says to one session; sent to its gate, in order with the room events. */
export type SessionEvent =
  // ---- answers
  /** Signed in; the session is a member of the lobby from this event on. */
  | ({ readonly type: "signedIn"; readonly lobby: RoomInfo } & Answer)
  /** The session is in the room from this event on: the gate adds it to its fan-out list. */
  | ({
      readonly type: "joined";
      readonly request: "joinRoom" | "createRoom";
      readonly room: RoomInfo;
    } & Answer)
  /**
   * No answer yet: the room has a password. The gate compares the one the client gave with the hash, and
   * sends the joinRoom again with `provenHash`, or refuses it.
   */
  | ({ readonly type: "passwordNeeded"; readonly passwordHash: string } & Answer)
  /** The session is in the room no more. */
  | ({ readonly type: "left"; readonly roomId: RoomId } & Answer)
  /**
   * Answer to an entry that was a duplicate (no RoomEvent follows), of a conversation, or of a session
   * that left the room meanwhile.
   */
  | ({
      readonly type: "published";
      readonly request: "publish" | "editMessage" | "deleteMessage" | "react";
      /** 0: a reaction that changed nothing, and has no entry. */
      readonly offset: number;
      readonly timeMs: number;
    } & Answer)
  | ({
      readonly type: "whispered";
      readonly roomId: RoomId;
      readonly offset: number;
      readonly timeMs: number;
    } & Answer)
  | ({
      readonly type: "history";
      readonly roomId: RoomId;
      /** As asked for: a page that must be cut is cut at its far end ("around", "time": at its end). */
      readonly mode: "after" | "before" | "around" | "time";
      readonly messages: readonly HistoryMessage[];
      readonly more: boolean;
      readonly replay: boolean;
    } & Answer)
  | ({ readonly type: "hits"; readonly hits: readonly Hit[]; readonly more: boolean } & Answer)
  | ({
      readonly type: "users";
      readonly names: readonly string[];
      readonly total: number;
      readonly more: boolean;
    } & Answer)
  | ({
      readonly type: "members";
      readonly members: readonly MemberInfo[];
      readonly total: number;
      readonly more: boolean;
    } & Answer)
  | ({ readonly type: "rooms"; readonly rooms: readonly RoomListing[]; readonly more: boolean } & Answer)
  /** The room as it is after updateRoom. */
  | ({ readonly type: "updated"; readonly room: RoomInfo } & Answer)
  | ({
      readonly type: "tokens";
      readonly tokens: readonly StoredToken[];
      readonly currentId: number;
    } & Answer)
  | ({ readonly type: "revoked"; readonly count: number } & Answer)
  | ({ readonly type: "blocks"; readonly names: readonly string[] } & Answer)
  | ({ readonly type: "invitation"; readonly invitationCode: string; readonly expiresMs: number } & Answer)
  | ({ readonly type: "audit"; readonly entries: readonly StoredAudit[]; readonly more: boolean } & Answer)
  | ({
      readonly type: "sanctions";
      readonly sanctions: readonly StoredSanction[];
      readonly more: boolean;
    } & Answer)
  /** Done, and nothing more to say. */
  | ({ readonly type: "done"; readonly request: DoneRequest } & Answer)
  /** The request is refused; `request` says which response packet carries it. */
  | ({ readonly type: "refused"; readonly request: RequestName; readonly refusal: Refusal } & Answer)

  // ---- notices
  /**
   * The session is signed out, of all its rooms too, and gets no answer to what it still asked for. The
   * gate ends it with the disconnect code; the signOut that follows is harmless.
   */
  | {
      readonly type: "ended";
      readonly session: SessionKey;
      readonly code: HubEndCode;
      /** Why, in words; empty: as the code says. */
      readonly detail: string;
    }
  /** The session is in the room no more, without having asked. */
  | {
      readonly type: "removed";
      readonly session: SessionKey;
      readonly roomId: RoomId;
      readonly cause: "kicked" | "banned" | "left";
      readonly detail: string;
    }
  /** An entry of a conversation. */
  | {
      readonly type: "whisper";
      readonly session: SessionKey;
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
  /** In a conversation. */
  | {
      readonly type: "whisperTyping";
      readonly session: SessionKey;
      readonly roomId: RoomId;
      readonly name: string;
    }
  /** Another session of the user has read so far. */
  | {
      readonly type: "read";
      readonly session: SessionKey;
      readonly roomId: RoomId;
      readonly offset: number;
    }
  | {
      readonly type: "invited";
      readonly session: SessionKey;
      readonly roomId: RoomId;
      readonly room: string;
      readonly by: string;
    }
  /** The user may not speak any more, or may again. */
  | {
      readonly type: "muted";
      readonly session: SessionKey;
      /** 0: anywhere on the server. */
      readonly roomId: RoomId;
      readonly room: string;
      /** 0: taken back. */
      readonly untilMs: number;
      readonly reason: string;
      readonly by: string;
    }
  /** The user's own role in a room changed. */
  | { readonly type: "roleChanged"; readonly session: SessionKey; readonly room: RoomInfo };

/** Requests that are answered with `done`. */
export type DoneRequest =
  | "markRead"
  | "deleteRoom"
  | "invite"
  | "setRole"
  | "moderate"
  | "changePassword"
  | "setDisplayName"
  | "deleteAccount"
  | "blockUser"
  | "adminUser"
  | "adminAddress"
  | "adminLockdown";

/** An entry as history shows it (StoredMessage says how); its sender's id stays on the server. */
export type HistoryMessage = Omit<StoredMessage, "senderId" | "senderName"> & { readonly sender: string };

export interface Hit {
  readonly roomId: RoomId;
  readonly room: string;
  readonly message: HistoryMessage;
}

export type MemberInfo = Pick<StoredMember, "name" | "displayName" | "role" | "mutedUntilMs"> & {
  readonly present: boolean;
};

export interface RoomListing {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: "logged" | "memory" | "direct";
  readonly access: RoomAccess;
  readonly topic: string;
  readonly archived: boolean;
  readonly epoch: string;
  /** Users who are in it now. */
  readonly memberCount: number;
  readonly role: MemberRole;
  readonly lastOffset: number;
  readonly lastTimeMs: number;
  readonly readOffset: number;
  readonly unreadCount: number;
  readonly mentionCount: number;
  readonly cursor: string;
}
