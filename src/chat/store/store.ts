import type { StoreRequests } from "./store-requests.ts";
import type { RoomId, UserId } from "../names.ts";

export type * from "./store-requests.ts";

/** A time that never comes: a ban or mute until it is taken back. */
export const FOREVER_MS: number = Number.MAX_SAFE_INTEGER;

/**
 * Where accounts, rooms and the message log are kept. One log per room; an entry's **offset** in it
 * counts from 1 without gaps. Every implementation passes `test/conformance/store-suite.ts`.
 *
 * A promise that resolves means durable (for an implementation that is durable at all): what it
 * promised is there after `kill -9`. A promise that rejects (StoreError) means that nothing of that
 * call was kept, or, after code "UNKNOWN_OUTCOME", that it may have been; asking again is safe.
 */
export interface Store {
  /**
   * Appends a group of entries in one transaction, in order. The answer has one outcome for each. An
   * entry whose (room, sender, client message id) is in the log already is not appended: its outcome has
   * the first one's offset and time, and `duplicate: true`. One is refused by itself, and takes no offset,
   * when there is no such room, or when it is about a message that is not there, another's, or so already.
   */
  append(messages: readonly NewMessage[]): Promise<readonly Appended[]>;

  /** One of the requests of store-requests.ts, in one transaction. In the order they are asked. */
  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): Promise<StoreRequests[Name]["result"]>;

  /**
   * Copies everything, as it is at one moment, into a new file while work goes on. Rejects with
   * STORE_UNUSABLE when the file exists or cannot be written, or when this store has no files.
   */
  backup(path: string): Promise<void>;

  /** Resolves when everything asked for earlier is done and the files are closed. */
  close(): Promise<void>;
}

export type StoreRequestName = keyof StoreRequests;

/** What an entry of a log is; every kind but "text" is about the message at `target`. */
export type MessageKind = "text" | "edit" | "delete" | "reaction" | "reactionRemoved";

export interface NewMessage {
  readonly roomId: RoomId;
  readonly senderId: UserId;
  readonly senderName: string;
  readonly clientMessageId: string;
  /** A reaction's characters; empty for "delete". */
  readonly text: string;
  readonly timeMs: number;
  readonly kind: MessageKind;
  /** Offset of the message that is changed; 0 for "text". */
  readonly target: number;
  /** Offset of the message that this answers; 0: none. Not checked. */
  readonly replyTo: number;
  /** "edit" and "delete" of another's message are allowed. */
  readonly asModerator: boolean;
}

export interface Appended {
  /** 0 when refused. */
  readonly offset: number;
  readonly timeMs: number;
  readonly duplicate: boolean;
  /**
   * Nothing was appended: there is no such room or text message (any more), the message is another's, or
   * the reaction is there (not there) already.
   */
  readonly refused?: "NO_TARGET" | "NOT_AUTHOR" | "NO_CHANGE";
}

/**
 * An entry of the log. A text message is shown as it is now: edited, or deleted with its text empty. An
 * edit whose message was deleted has an empty text too.
 */
export interface StoredMessage {
  readonly offset: number;
  readonly senderId: UserId;
  /** "(deleted)" when the account is no more. */
  readonly senderName: string;
  readonly text: string;
  readonly timeMs: number;
  readonly kind: MessageKind;
  readonly target: number;
  readonly replyTo: number;
  /** When it was last edited; 0: never. */
  readonly editedMs: number;
  readonly deleted: boolean;
  /** In the order they were first given. */
  readonly reactions: readonly Reaction[];
  /** The newest entry that changed it, and whose change is in what is shown; 0: none has. */
  readonly changedOffset: number;
}

export interface Reaction {
  readonly reaction: string;
  readonly count: number;
  /** The user who asked is among them. */
  readonly mine: boolean;
}

export type StoreErrorCode =
  /** The data directory or file cannot be made, read or written. */
  | "STORE_UNUSABLE"
  /** The database was written by a newer version of Portico. */
  | "STORE_TOO_NEW"
  /** Another process has the database. */
  | "STORE_LOCKED"
  /** More is waiting than the store's queue takes (`queueLimit`). */
  | "STORE_BUSY"
  /** Writing failed (disk full, I/O error); nothing was kept. */
  | "WRITE_FAILED"
  /** The store died while it had this request. */
  | "UNKNOWN_OUTCOME"
  | "STORE_CLOSED";

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}
