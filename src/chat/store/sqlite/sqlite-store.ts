import { type Clock, realClock } from "../../../base/clock.ts";
import { type Random, realRandom } from "../../../base/random.ts";
import type { RoomId, UserId } from "../../names.ts";
import {
  type Account,
  type Appended,
  type NewAccount,
  type NewMessage,
  type Store,
  type StoredMessage,
  type StoredRoom,
  type StoredRoomKind,
  StoreError,
} from "../store.ts";
import { AppendQueue } from "./append-queue.ts";
import { StoreWorker } from "./store-worker.ts";
import type { WorkerCallName, WorkerCalls } from "./worker-messages.ts";

/** Calls other than appends that may be on their way to the worker. */
const CALL_LIMIT = 4096;
const EPOCH_BYTES = 12;

export interface SqliteStoreOptions {
  /** The data directory; made when missing, readable by its owner alone. Holds portico.db. */
  readonly directory: string;
  /** Messages that may wait to be written, at most; more are refused with STORE_BUSY. Default 65,536. */
  readonly queueLimit?: number;
  /** Text of messages that may wait, in UTF-16 units. Default 64 Mi (64 MiB of ASCII). */
  readonly queueTextLimit?: number;
  /** The most the database may grow to; then writing ends with WRITE_FAILED. Default: no limit. */
  readonly sizeLimitBytes?: number;
  /** Where epochs come from. Default: the machine. */
  readonly random?: Random;
  /** Tells how long ago the thread was started. Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Told, for the log, each time the store's thread died (code UNKNOWN_OUTCOME) or could not open the
   * database again (the code says why).
   */
  readonly onTrouble?: (error: StoreError) => void;
  /** Another entry for the worker thread; for tests of its death. */
  readonly workerEntry?: URL;
}

/**
 * Opens the store that keeps everything in one SQLite database, in a thread of its own. Rejects with
 * StoreError STORE_UNUSABLE, STORE_LOCKED or STORE_TOO_NEW.
 *
 * Its promises resolve after the transaction has been flushed to the disk (`synchronous=FULL`). When
 * the thread dies, what it had ends with UNKNOWN_OUTCOME, and it is started again at once, or a second
 * after its last start; until it is back, calls end with STORE_CLOSED.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, sizeLimitBytes } = options;
  const worker = await StoreWorker.start({
    database: { directory, sizeLimitBytes },
    entry: options.workerEntry ?? defaultWorkerEntry(),
    clock: options.clock ?? realClock,
    onTrouble: options.onTrouble ?? (() => undefined),
  });
  return new SqliteStore(worker, options);
}

/** The worker's file beside this one, whether these are the sources or the compiled package. */
function defaultWorkerEntry(): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`./sqlite-worker.${extension}`, import.meta.url);
}

class SqliteStore implements Store {
  readonly #worker: StoreWorker;
  readonly #queue: AppendQueue;
  readonly #random: Random;
  #closed: Promise<void> | undefined;

  constructor(worker: StoreWorker, options: SqliteStoreOptions) {
    this.#worker = worker;
    this.#random = options.random ?? realRandom;
    this.#queue = new AppendQueue({
      limitMessages: options.queueLimit ?? 65_536,
      limitTextUnits: options.queueTextLimit ?? 64 * 1024 * 1024,
      write: (batch) => worker.call("append", batch, [batch.numbers.buffer, batch.callEnds.buffer]),
    });
  }

  async createAccount(
    account: NewAccount,
  ): Promise<{ readonly created: true; readonly id: UserId } | { readonly created: false }> {
    const { name, nameKey, passwordHash, nowMs } = account;
    const id = await this.#call("createAccount", { name, nameKey, passwordHash, nowMs });
    return id === undefined ? { created: false } : { created: true, id };
  }

  findAccount(nameKey: string): Promise<Account | undefined> {
    return this.#call("findAccount", { nameKey });
  }

  openRoom(name: string, kind: StoredRoomKind, nowMs: number): Promise<StoredRoom> {
    const epoch = Buffer.from(this.#random.bytes(EPOCH_BYTES)).toString("base64url");
    return this.#call("openRoom", { name, kind, epoch, nowMs });
  }

  findRoom(name: string): Promise<StoredRoom | undefined> {
    return this.#call("findRoom", { name });
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    return this.#queue.append(messages);
  }

  historyAfter(roomId: RoomId, after: number, limit: number): Promise<readonly StoredMessage[]> {
    return this.#call("historyAfter", { roomId, offset: after, limit: checkedLimit(limit) });
  }

  historyBefore(roomId: RoomId, before: number, limit: number): Promise<readonly StoredMessage[]> {
    return this.#call("historyBefore", { roomId, offset: before, limit: checkedLimit(limit) });
  }

  close(): Promise<void> {
    this.#closed ??= this.#queue.whenEmpty().then(() => this.#worker.stop());
    return this.#closed;
  }

  async #call<Name extends WorkerCallName>(
    name: Name,
    request: WorkerCalls[Name]["request"],
  ): Promise<WorkerCalls[Name]["result"]> {
    if (this.#closed !== undefined) throw closedError();
    if (this.#worker.pendingCount >= CALL_LIMIT) {
      throw new StoreError("STORE_BUSY", `${CALL_LIMIT} requests are waiting for the store`);
    }
    return this.#worker.call(name, request);
  }
}

function closedError(): StoreError {
  return new StoreError("STORE_CLOSED", "the store is closed");
}

/** SQLite takes a negative limit for none at all. */
function checkedLimit(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new RangeError(`limit must be a whole number not below 0, got ${limit}`);
  }
  return limit;
}
