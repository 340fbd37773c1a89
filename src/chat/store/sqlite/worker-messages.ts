import type { RoomId, UserId } from "../../names.ts";
import type {
  Account,
  NewAccount,
  StoredMessage,
  StoredRoom,
  StoredRoomKind,
  StoreErrorCode,
} from "../store.ts";
import type { AppendBatch, AppendOutcome } from "./append-batch.ts";

/** What the main thread may ask of the worker, and what each is answered with. */
export interface WorkerCalls {
  append: { request: AppendBatch; result: AppendOutcome };
  createAccount: { request: NewAccount; result: UserId | undefined };
  findAccount: { request: { nameKey: string }; result: Account | undefined };
  openRoom: {
    request: { name: string; kind: StoredRoomKind; epoch: string; nowMs: number };
    result: StoredRoom;
  };
  findRoom: { request: { name: string }; result: StoredRoom | undefined };
  historyAfter: { request: { roomId: RoomId; offset: number; limit: number }; result: StoredMessage[] };
  historyBefore: { request: { roomId: RoomId; offset: number; limit: number }; result: StoredMessage[] };
  /** Closes the database; the worker ends after it. */
  close: { request: undefined; result: undefined };
}

export type WorkerCallName = keyof WorkerCalls;

/** `id` comes back in the answer. */
export type WorkerRequest = {
  [Name in WorkerCallName]: {
    readonly id: number;
    readonly name: Name;
    readonly request: WorkerCalls[Name]["request"];
  };
}[WorkerCallName];

/** An error in a form that survives the way between threads (StoreError would lose its code). */
export interface PlainStoreError {
  readonly code: StoreErrorCode;
  readonly message: string;
}

export type WorkerReply =
  /** The database is open; said first, once. */
  | { readonly type: "opened" }
  /** It is not, and the worker ends. */
  | { readonly type: "openFailed"; readonly error: PlainStoreError }
  | { readonly type: "done"; readonly id: number; readonly result: WorkerCalls[WorkerCallName]["result"] }
  | { readonly type: "failed"; readonly id: number; readonly error: PlainStoreError };
