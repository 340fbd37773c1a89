import type { StoreErrorCode, StoreRequestName, StoreRequests } from "../store.ts";
import type { AppendBatch, AppendOutcome } from "./append-batch.ts";

/** What the main thread may ask of the worker, and what each is answered with. */
export interface WorkerCalls {
  append: { request: AppendBatch; result: AppendOutcome };
  /** One of store-requests.ts. */
  ask: { request: StoreAsk; result: StoreRequests[StoreRequestName]["result"] };
  /** Copies the database into a new file; other calls are answered meanwhile. */
  backup: { request: { readonly path: string }; result: undefined };
  /** Closes the database when what was asked for is done; the worker ends after it. */
  close: { request: undefined; result: undefined };
}

export interface StoreAsk {
  readonly name: StoreRequestName;
  readonly request: StoreRequests[StoreRequestName]["request"];
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
