import type { DisconnectCodeName } from "../protocol/codes.ts";
import type { ChatError } from "./chat-error.ts";
import type { LogEntry } from "./log-entry.ts";
import type { RoomInfo } from "./room-info.ts";

/** Where a client is with its connection. */
export type ClientState =
  /** `connect` has not been called. */
  | { readonly name: "idle" }
  | { readonly name: "connecting" }
  /** Logged in. `user` is the name as the server writes it. */
  | { readonly name: "online"; readonly user: string; readonly server: string }
  /** No connection; the next attempt comes by itself, or with `retryNow`. */
  | {
      readonly name: "offline";
      /** Infinity: `suspend` was called, and only `retryNow` makes an attempt. */
      readonly retryInMs: number;
      readonly why: string;
      /** What the server's Disconnect said, if it said something. SHUTDOWN: it stops, and will be back. */
      readonly disconnectCode: DisconnectCodeName | undefined;
    }
  /** For good, until `connect` is called again. */
  | {
      readonly name: "closed";
      /** CLOSED when `close` was called, DISCONNECTED, why the login was refused, or TLS_… (`TransportFailure`). */
      readonly error: ChatError;
      readonly disconnectCode: DisconnectCodeName | undefined;
    };

/** An entry at its place in a room. */
export interface RoomMessage extends LogEntry {
  readonly roomId: number;
  /** The room's name; a direct conversation's: the other user's. */
  readonly room: string;
  /** The text names this user with "@", and somebody else wrote it. */
  readonly mentionsMe: boolean;
}

/** How an entry is told. */
export interface Told {
  /** From this client. Entries of the same user's other sessions have it false. */
  readonly isOwn: boolean;
  /** Said while this client was not there; a message is shown as it is now, the entries that changed it follow. */
  readonly isMissed: boolean;
}

/** Which room something is in. */
interface Place {
  readonly roomId: number;
  /** The room's name; a direct conversation's: the other user's. */
  readonly room: string;
}

/** Who changed the message at `target`; `offset` is the change's own place in the room. */
interface Change extends Place, Told {
  readonly offset: number;
  readonly timeMs: number;
  readonly sender: string;
  readonly target: number;
  /** In a direct conversation; `room` is the other user's name. */
  readonly direct: boolean;
}

export type ClientEvent =
  | { readonly type: "state"; readonly state: ClientState }
  /**
   * Log in with this the next time (credentials `{ token }`): keep it as safe as a password. Undefined:
   * the one there was is of no use any more.
   */
  | { readonly type: "token"; readonly token: string | undefined; readonly expiresMs: number }
  /**
   * The next message of a room. All entries of a room come, once each, in the order of their offsets,
   * this client's own too, when they are acknowledged: texts as `message`, others as `edited`, `deleted`
   * and `reaction`.
   */
  | ({ readonly type: "message" } & Told & RoomMessage)
  /** The same in a direct conversation: a whisper to this user, or by this user. `room` and `peer` are the other's name. */
  | ({
      readonly type: "whisper";
      readonly peer: string;
      readonly from: string;
      readonly to: string;
    } & Told &
      RoomMessage)
  /** The message at `target` has this text now. It may have been deleted since: then the text is empty. */
  | ({ readonly type: "edited"; readonly text: string; readonly mentionsMe: boolean } & Change)
  /** The message at `target` is no more. */
  | ({ readonly type: "deleted" } & Change)
  /** A reaction to the message at `target` was added, or taken back. It may have been there, or not, before. */
  | ({ readonly type: "reaction"; readonly reaction: string; readonly added: boolean } & Change)
  | ({ readonly type: "typing"; readonly name: string; readonly direct: boolean } & Place)
  /** Another session of this user has read the room up to here. */
  | ({ readonly type: "read"; readonly offset: number; readonly direct: boolean } & Place)
  /** Settings of the room changed, or this user's role in it (`hasNewRole`). */
  | ({ readonly type: "roomUpdated"; readonly info: RoomInfo; readonly hasNewRole: boolean } & Place)
  /** This client is in the room no more, without having asked. */
  | ({
      readonly type: "roomClosed";
      readonly cause: "deleted" | "kicked" | "banned" | "left";
      readonly detail: string;
    } & Place)
  /** `by` has invited this user to the room. */
  | ({ readonly type: "invited"; readonly by: string } & Place)
  /**
   * This user may not speak any more in the room (roomId 0, no room: anywhere on the server), or may again.
   * A mute that ends by itself is not told.
   */
  | ({
      readonly type: "muted";
      readonly isMuted: boolean;
      /** Milliseconds since 1970, the server's; 0: until it is taken back. */
      readonly untilMs: number;
      readonly reason: string;
      readonly by: string;
    } & Place)
  | ({ readonly type: "userJoined"; readonly name: string } & Place)
  | ({ readonly type: "userLeft"; readonly name: string } & Place)
  /** Instead of these two in large rooms, at most once a second. */
  | ({ readonly type: "memberCount"; readonly memberCount: number } & Place)
  /**
   * After a reconnect, once for each room. `recovered`: every missed entry (`replayedCount` of them)
   * has been told, before this event. Otherwise some are lost to this client, and what comes after this
   * event is not the continuation of what came before it. A direct conversation has it only when
   * something is lost.
   */
  | ({
      readonly type: "resumed";
      /** Another than `roomId` when the room was made anew. */
      readonly previousRoomId: number;
      readonly recovered: boolean;
      readonly replayedCount: number;
    } & Place)
  /**
   * Entries fromOffset … toOffset of the room were left out, because this client read too slowly or they
   * are not kept any more; what follows goes on after them. History may have them.
   */
  | ({ readonly type: "gap"; readonly fromOffset: number; readonly toOffset: number } & Place)
  /** After a reconnect the room could not be joined again; it is not one of the client's rooms any more. */
  | ({ readonly type: "roomLost"; readonly error: ChatError } & Place)
  /** The server complains about something that no request waits for, or said what cannot be read. */
  | { readonly type: "warning"; readonly error: ChatError }
  /** Only in `events()`: its buffer was full, and this many events at this place were dropped. */
  | { readonly type: "overflow"; readonly droppedCount: number };

export type ClientEventType = ClientEvent["type"];
export type ClientEventOf<Type extends ClientEventType> = Extract<ClientEvent, { readonly type: Type }>;
