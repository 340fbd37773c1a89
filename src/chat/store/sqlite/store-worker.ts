import { type Transferable, Worker } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import type { Clock } from "../../../base/clock.ts";
import { StoreError } from "../store.ts";
import type { DatabaseFileOptions } from "./database-file.ts";
import type { WorkerCallName, WorkerCalls, WorkerReply } from "./worker-messages.ts";

/** A worker that died young is started again only when this has passed since it was started. */
const RESTART_INTERVAL_MS = 1000;

/**
 * - starting: the thread runs, the database is not open yet; requests wait in the thread's port
 * - open
 * - down: there is no thread; the next start is set for a time
 * - stopping: the last request, close, is on its way
 * - stopped: for good
 */
type WorkerState = "starting" | "open" | "down" | "stopping" | "stopped";

const legalNext: Record<WorkerState, readonly WorkerState[]> = {
  starting: ["open", "down", "stopping", "stopped"],
  open: ["starting", "down", "stopping"],
  down: ["starting", "stopped"],
  stopping: ["stopped"],
  stopped: [],
};

export interface StoreWorkerOptions {
  readonly database: DatabaseFileOptions;
  /** The worker's entry; a test may give one that dies. */
  readonly entry: URL;
  readonly clock: Clock;
  /** Told each time the worker died or could not be started again. */
  readonly onTrouble: (error: StoreError) => void;
}

interface PendingCall {
  readonly resolve: (result: never) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The database's thread as seen from the main thread: calls with answers. When the thread dies, the
 * calls it had end with UNKNOWN_OUTCOME and a new one is started: at once, or one second after the last
 * start if that is less ago. Calls made while there is no thread, or that a thread had which then could
 * not open the database, end with STORE_CLOSED.
 */
export class StoreWorker {
  readonly #options: StoreWorkerOptions;
  readonly #clock: Clock;
  readonly #pending = new Map<number, PendingCall>();
  #state: WorkerState = "starting";
  #worker: Worker | undefined;
  #lastId = 0;
  #startedAtMs = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #openFailure: StoreError | undefined;
  #deathCause: unknown;
  #onFirstOpen: ((failure: StoreError | undefined) => void) | undefined;
  #onStopped: (() => void) | undefined;

  private constructor(options: StoreWorkerOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Resolves when the database is open; rejects as openDatabaseFile throws. */
  static async start(options: StoreWorkerOptions): Promise<StoreWorker> {
    const worker = new StoreWorker(options);
    const opened = new Promise<StoreError | undefined>((resolve) => {
      worker.#onFirstOpen = resolve;
    });
    worker.#startThread();
    const failure = await opened;
    if (failure !== undefined) throw failure;
    return worker;
  }

  /** Calls made and not answered. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Rejects with a StoreError only. What is in `transfer` is no longer the caller's. */
  call<Name extends WorkerCallName>(
    name: Name,
    request: WorkerCalls[Name]["request"],
    transfer: readonly Transferable[] = [],
  ): Promise<WorkerCalls[Name]["result"]> {
    const worker = this.#worker;
    if (worker === undefined || this.#state === "stopping") {
      return Promise.reject(this.#closedError());
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ id, name, request }, transfer);
    });
  }

  /** Closes the database after what was called before, and ends the thread. Resolves always. */
  async stop(): Promise<void> {
    if (this.#state === "down") {
      clearTimeout(this.#restartTimer);
      this.#enter("stopped");
      return;
    }
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    const closed = this.call("close", undefined);
    this.#enter("stopping");
    try {
      await closed;
    } catch (error) {
      // What was acknowledged is durable without a tidy end; the next opening recovers it.
      if (error instanceof StoreError) this.#options.onTrouble(error);
    }
    await stopped;
  }

  #startThread(): void {
    this.#startedAtMs = this.#clock.monotonicMs();
    this.#openFailure = undefined;
    this.#deathCause = undefined;
    const worker = new Worker(this.#options.entry, {
      name: "portico-store",
      // Flags such as --input-type or --eval are meant for the main thread, and stop a worker.
      execArgv: [],
      workerData: this.#options.database,
    });
    worker.on("message", (reply: WorkerReply) => this.#onReply(reply));
    worker.on("error", (error: unknown) => {
      this.#deathCause = error;
    });
    worker.on("exit", (exitCode) => this.#onExit(exitCode));
    this.#worker = worker;
  }

  #onReply(reply: WorkerReply): void {
    switch (reply.type) {
      case "opened":
        if (this.#state === "starting") this.#enter("open");
        this.#onFirstOpen?.(undefined);
        this.#onFirstOpen = undefined;
        break;
      case "openFailed":
        this.#openFailure = new StoreError(reply.error.code, reply.error.message);
        break;
      case "done":
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both sides compile against WorkerCalls: the call with this id is answered with its own result
        this.#take(reply.id).resolve(reply.result as never);
        break;
      case "failed":
        this.#take(reply.id).reject(new StoreError(reply.error.code, reply.error.message));
        break;
    }
  }

  #onExit(exitCode: number): void {
    this.#worker = undefined;
    const wasStarting = this.#state === "starting";
    const failure =
      this.#openFailure ??
      new StoreError(
        wasStarting ? "STORE_UNUSABLE" : "UNKNOWN_OUTCOME",
        `the store's thread ended unexpectedly (exit code ${exitCode})`,
        { cause: this.#deathCause },
      );
    if (this.#onFirstOpen !== undefined) {
      this.#enter("stopped");
      this.#onFirstOpen(failure);
      return;
    }
    // A thread that never opened the database has done nothing of what it was asked.
    const pendingFailure = wasStarting
      ? new StoreError("STORE_CLOSED", `the store is down: ${failure.message}`, { cause: failure })
      : failure;
    if (this.#state === "stopping") {
      this.#enter("stopped");
    } else {
      this.#options.onTrouble(failure);
      this.#restart();
    }
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) call.reject(pendingFailure);
    this.#onStopped?.();
  }

  #restart(): void {
    const sinceStartMs = this.#clock.monotonicMs() - this.#startedAtMs;
    if (this.#state === "open" && sinceStartMs >= RESTART_INTERVAL_MS) {
      this.#enter("starting");
      this.#startThread();
      return;
    }
    this.#enter("down");
    this.#restartTimer = setTimeout(
      () => {
        this.#enter("starting");
        this.#startThread();
      },
      Math.max(0, RESTART_INTERVAL_MS - sinceStartMs),
    );
  }

  #take(id: number): PendingCall {
    const call = this.#pending.get(id);
    assert(call !== undefined, "each call is answered once");
    this.#pending.delete(id);
    return call;
  }

  #closedError(): StoreError {
    const isForGood = this.#state === "stopped" || this.#state === "stopping";
    return new StoreError(
      "STORE_CLOSED",
      isForGood ? "the store is closed" : "the store is down and will be started again",
    );
  }

  #enter(next: WorkerState): void {
    assert(
      legalNext[this.#state].includes(next),
      `the store's worker cannot go from ${this.#state} to ${next}`,
    );
    this.#state = next;
  }
}
