import type { ErrorCodeName } from "../../protocol/codes.ts";
import type { RoomId, SessionKey } from "../names.ts";
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
      /**
       * The session that published it: it gets no notice, but a PublishResponse at this place of the
       * order (rule 5). 0, with request id 0, when that session is gone, or has left the room: then its
       * answer is a `published` of its own.
       */
      readonly publisher: SessionKey;
      readonly requestId: number;
    }
  | {
      readonly type: "userJoined";
      readonly roomId: RoomId;
      readonly name: string;
      readonly except: SessionKey;
    }
  | { readonly type: "userLeft"; readonly roomId: RoomId; readonly name: string };

export interface RoomInfo {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: "logged" | "memory" | "direct";
  readonly epoch: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Distinct users, this one included. */
  readonly memberCount: number;
}

export interface Refusal {
  readonly code: Exclude<ErrorCodeName, "OK">;
  readonly detail: string;
  readonly retryAfterMs: number;
}

/** What the hub says to one session; sent to its gate, in order with the room events. */
export type SessionEvent =
  /** Signed in; the session is a member of the lobby from this event on. */
  | {
      readonly type: "signedIn";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly user: string;
      readonly lobby: RoomInfo;
    }
  /**
   * The session is signed out, of all its rooms too, and gets no answer to what it still asked for. The
   * gate ends it with the disconnect code; the signOut that follows is harmless.
   */
  | { readonly type: "ended"; readonly session: SessionKey; readonly code: "REPLACED" | "KICKED" }
  /** The session is a member of the room from this event on: the gate adds it to its fan-out list. */
  | {
      readonly type: "joined";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly room: RoomInfo;
    }
  /** The session is no member any more. */
  | {
      readonly type: "left";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
    }
  /** Answer to a publish that was a duplicate (no RoomEvent follows), or of a session that left the room meanwhile. */
  | {
      readonly type: "published";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly offset: number;
      readonly timeMs: number;
    }
  | {
      readonly type: "whispered";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly offset: number;
      readonly timeMs: number;
    }
  | {
      readonly type: "whisper";
      readonly session: SessionKey;
      readonly from: string;
      readonly to: string;
      readonly offset: number;
      readonly timeMs: number;
      readonly text: string;
    }
  | {
      readonly type: "history";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly roomId: RoomId;
      /** As asked for: a page that must be cut is cut at its far end. */
      readonly direction: "after" | "before";
      readonly messages: readonly HistoryMessage[];
      readonly more: boolean;
    }
  | {
      readonly type: "users";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly names: readonly string[];
      readonly total: number;
      readonly more: boolean;
    }
  /** The request is refused; `request` says which response packet carries it. */
  | {
      readonly type: "refused";
      readonly session: SessionKey;
      readonly requestId: number;
      readonly request: RequestName;
      readonly refusal: Refusal;
    };

export interface HistoryMessage {
  readonly offset: number;
  readonly timeMs: number;
  readonly sender: string;
  readonly text: string;
}
