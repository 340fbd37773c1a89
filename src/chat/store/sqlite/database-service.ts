import { type MessagePort, receiveMessageOnPort, type Transferable } from "node:worker_threads";
import { writeBackup } from "./backup-file.ts";
import type { GroupOutcome, SqliteDatabase } from "./sqlite-database.ts";
import { isFlushFailure, requestFailure } from "./sqlite-failure.ts";
import type { WorkerCallName, WorkerCalls, WorkerReply, WorkerRequest } from "./worker-messages.ts";

/** Calls in one transaction, at most. */
const GROUP_LIMIT = 1024;

/**
 * What the worker thread does with the database that `open` gives: what has been asked for meanwhile in
 * one transaction, in the order it came, until it is asked to close; a backup goes on beside the others.
 * `open` throws StoreError.
 */
export function serveDatabase(port: MessagePort, open: () => SqliteDatabase): void {
  try {
    const service = new DatabaseService(port, open());
    port.postMessage({ type: "opened" } satisfies WorkerReply);
    port.on("message", (message: WorkerRequest) => service.serve([message, ...waitingIn(port)]));
  } catch (error) {
    const { code, message } = requestFailure("STORE_UNUSABLE", "the database cannot be opened", error);
    port.postMessage({ type: "openFailed", error: { code, message } } satisfies WorkerReply);
  }
}

function waitingIn(port: MessagePort): WorkerRequest[] {
  const waiting: WorkerRequest[] = [];
  while (waiting.length < GROUP_LIMIT - 1) {
    const next: { readonly message: WorkerRequest } | undefined = receiveMessageOnPort(port);
    if (next === undefined) break;
    waiting.push(next.message);
  }
  return waiting;
}

type Call = Extract<WorkerRequest, { readonly name: "append" | "ask" }>;
type Result = WorkerCalls[WorkerCallName]["result"];

class DatabaseService {
  readonly #port: MessagePort;
  readonly #database: SqliteDatabase;
  /** Backups under way. */
  #backupCount = 0;
  #closeId: number | undefined;

  constructor(port: MessagePort, database: SqliteDatabase) {
    this.#port = port;
    this.#database = database;
  }

  serve(messages: readonly WorkerRequest[]): void {
    let calls: Call[] = [];
    for (const message of messages) {
      if (message.name === "append" || message.name === "ask") {
        calls.push(message);
        continue;
      }
      this.#call(calls);
      calls = [];
      if (message.name === "backup") {
        void this.#backup(message.id, message.request.path);
      } else {
        this.#closeId = message.id;
        this.#closeWhenDone();
      }
    }
    this.#call(calls);
  }

  #call(calls: readonly Call[]): void {
    // One alone, or what only reads, needs no transaction around it.
    const shares = calls.filter((call) => !this.#isRead(call)).length > 1;
    if (shares) this.#callTogether(calls);
    else for (const call of calls) this.#callAlone(call);
  }

  #callAlone(call: Call): void {
    try {
      this.#done(call.id, this.#do(call));
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  /** Nothing is answered before all of it is on the disk. */
  #callTogether(calls: readonly Call[]): void {
    let outcomes: GroupOutcome<Result>[];
    try {
      outcomes = this.#database.group(calls.map((call) => () => this.#do(call)));
    } catch (error) {
      for (const call of calls) this.#refuse(call, error);
      return;
    }
    for (const [index, outcome] of outcomes.entries()) {
      const call = calls[index] as Call;
      if (outcome.ok) this.#done(call.id, outcome.result);
      else this.#refuse(call, outcome.error);
    }
  }

  #do(call: Call): Result {
    return call.name === "append"
      ? this.#database.append(call.request)
      : this.#database.ask(call.request.name, call.request.request);
  }

  #isRead(call: Call): boolean {
    return call.name === "ask" && this.#database.isRead(call.request.name);
  }

  #refuse(call: Call, error: unknown): void {
    // Nothing that this thread knows of the files is certain any more: end, and be started afresh.
    if (isFlushFailure(error)) throw error;
    this.#failed(call.id, ...this.#failureOf(call), error);
  }

  async #backup(id: number, path: string): Promise<void> {
    this.#backupCount++;
    try {
      await writeBackup(this.#database, path);
      this.#done(id, undefined);
    } catch (error) {
      this.#failed(id, "STORE_UNUSABLE", `the backup ${path} cannot be written`, error);
    }
    this.#backupCount--;
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    const id = this.#closeId;
    if (id === undefined || this.#backupCount > 0) return;
    try {
      this.#database.close();
      this.#done(id, undefined);
    } catch (error) {
      this.#failed(id, "STORE_UNUSABLE", "the database could not be closed", error);
    }
    this.#port.close();
  }

  #done(id: number, result: Result): void {
    const reply: WorkerReply = { type: "done", id, result };
    this.#port.postMessage(reply, transferOf(result));
  }

  #failed(id: number, code: "WRITE_FAILED" | "STORE_UNUSABLE", doing: string, error: unknown): void {
    const { code: finalCode, message } = requestFailure(code, doing, error);
    this.#port.postMessage({ type: "failed", id, error: { code: finalCode, message } } satisfies WorkerReply);
  }

  #failureOf(message: Call): ["WRITE_FAILED" | "STORE_UNUSABLE", string] {
    if (message.name !== "ask") return ["WRITE_FAILED", "the messages could not be written"];
    const { name } = message.request;
    return this.#database.isRead(name)
      ? ["STORE_UNUSABLE", `the database could not be read (${name})`]
      : ["WRITE_FAILED", `the database could not be written (${name})`];
  }
}

function transferOf(result: Result): Transferable[] {
  return typeof result === "object" && "offsets" in result ? [result.offsets.buffer] : [];
}
