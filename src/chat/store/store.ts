import type { RoomId, UserId } from "../names.ts";

/**
 * Where accounts, rooms and the message log are kept. One log per room; a message's **offset** in it
 * counts from 1 without gaps. Every implementation passes `test/conformance/store-suite.ts`.
 *
 * A promise that resolves means durable (for an implementation that is durable at all): what it
 * promised is there after `kill -9`. A promise that rejects (StoreError) means that nothing of that
 * call was kept, or, after code "UNKNOWN_OUTCOME", that it may have been; asking again with the same
 * client message ids is safe.
 */
export interface Store {
  /** Makes an account; `nameKey` (the normalised name) is unique. */
  createAccount(
    account: NewAccount,
  ): Promise<{ readonly created: true; readonly id: UserId } | { readonly created: false }>;

  findAccount(nameKey: string): Promise<Account | undefined>;

  /** Finds the room of this name, or makes it with `kind`. An existing room keeps its own kind. */
  openRoom(name: string, kind: StoredRoomKind, nowMs: number): Promise<StoredRoom>;

  /** Finds a room without making it. */
  findRoom(name: string): Promise<StoredRoom | undefined>;

  /**
   * Appends a group of messages in one transaction, in order. The answer has one entry for each. A
   * message whose (room, sender, client message id) is in the log already is not appended: its entry
   * has the first one's offset and time, and `duplicate: true`.
   */
  append(messages: readonly NewMessage[]): Promise<readonly Appended[]>;

  /** Messages of a room with `after` < offset, oldest first, at most `limit`. */
  historyAfter(roomId: RoomId, after: number, limit: number): Promise<readonly StoredMessage[]>;

  /** The `limit` messages nearest below `before`, oldest first; `before` 0 means from the end. */
  historyBefore(roomId: RoomId, before: number, limit: number): Promise<readonly StoredMessage[]>;

  /** Resolves when everything asked for earlier is done and the files are closed. */
  close(): Promise<void>;
}

export interface NewAccount {
  readonly name: string;
  readonly nameKey: string;
  /** A PHC string ($argon2id$…); never a password. */
  readonly passwordHash: string;
  readonly nowMs: number;
}

export interface Account {
  readonly id: UserId;
  readonly name: string;
  readonly nameKey: string;
  readonly passwordHash: string;
}

export type StoredRoomKind = "logged" | "direct";

export interface StoredRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: StoredRoomKind;
  /** Changes if the log was ever lost or replaced; offsets of another epoch mean nothing. */
  readonly epoch: string;
  /** Offset of the oldest message kept, and of the newest; 0 and 0 when empty. */
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export interface NewMessage {
  readonly roomId: RoomId;
  readonly senderId: UserId;
  readonly senderName: string;
  readonly clientMessageId: string;
  readonly text: string;
  readonly timeMs: number;
}

export interface Appended {
  readonly offset: number;
  readonly timeMs: number;
  readonly duplicate: boolean;
}

export interface StoredMessage {
  readonly offset: number;
  readonly senderName: string;
  readonly text: string;
  readonly timeMs: number;
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
