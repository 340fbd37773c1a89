import { type Clock, realClock } from "../../../base/clock.ts";
import { type Random, realRandom } from "../../../base/random.ts";
import { prepareRequest } from "../prepared-request.ts";
import {
  type Appended,
  type NewMessage,
  type Store,
  StoreError,
  type StoreRequestName,
  type StoreRequests,
} from "../store.ts";
import { AppendQueue } from "./append-queue.ts";
import { StoreWorker } from "./store-worker.ts";

/** Calls other than appends that may be on their way to the worker. */
const CALL_LIMIT = 16_384;
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
      write: (batch) => worker.call("append", batch, [batch.numbers.buffer]),
    });
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    return this.#queue.append(messages);
  }

  async ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): Promise<StoreRequests[Name]["result"]> {
    const prepared = prepareRequest(name, request, () => this.#newEpoch());
    if (this.#closed !== undefined) throw closedError();
    if (this.#worker.pendingCount >= CALL_LIMIT) {
      throw new StoreError("STORE_BUSY", `${CALL_LIMIT} requests are waiting for the store`);
    }
    return this.#worker.call("ask", { name, request: prepared });
  }

  async backup(path: string): Promise<void> {
    if (this.#closed !== undefined) throw closedError();
    await this.#worker.call("backup", { path });
  }

  close(): Promise<void> {
    this.#closed ??= this.#queue.whenEmpty().then(() => this.#worker.stop());
    return this.#closed;
  }

  #newEpoch(): string {
    return Buffer.from(this.#random.bytes(EPOCH_BYTES)).toString("base64url");
  }
}

function closedError(): StoreError {
  return new StoreError("STORE_CLOSED", "the store is closed");
}
