import type { MessagePort, Transferable } from "node:worker_threads";
import { unreachable } from "../../../base/assert.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { isFlushFailure, requestFailure } from "./sqlite-failure.ts";
import type { WorkerCallName, WorkerCalls, WorkerReply, WorkerRequest } from "./worker-messages.ts";

/**
 * What the worker thread does with the database that `open` gives: one request at a time, in the order
 * they came, until it is asked to close. `open` throws StoreError.
 */
export function serveDatabase(port: MessagePort, open: () => SqliteDatabase): void {
  const reply = (message: WorkerReply, transfer: Transferable[] = []): void => {
    port.postMessage(message, transfer);
  };
  let database: SqliteDatabase;
  try {
    database = open();
  } catch (error) {
    const { code, message } = requestFailure("STORE_UNUSABLE", "the database cannot be opened", error);
    reply({ type: "openFailed", error: { code, message } });
    return;
  }
  reply({ type: "opened" });
  port.on("message", (message: WorkerRequest) => {
    try {
      const result = answer(database, message);
      const transfer = message.name === "append" ? transferOf(result) : [];
      reply({ type: "done", id: message.id, result }, transfer);
    } catch (error) {
      // Nothing that this thread knows of the files is certain any more: end, and be started afresh.
      if (isFlushFailure(error)) throw error;
      const { code, message: text } = requestFailure(...failureOf(message.name), error);
      reply({ type: "failed", id: message.id, error: { code, message: text } });
    }
    if (message.name === "close") port.close();
  });
}

type Result = WorkerCalls[WorkerCallName]["result"];

function answer(database: SqliteDatabase, message: WorkerRequest): Result {
  switch (message.name) {
    case "append":
      return database.append(message.request);
    case "createAccount":
      return database.createAccount(message.request);
    case "findAccount":
      return database.findAccount(message.request.nameKey);
    case "openRoom": {
      const { name, kind, epoch, nowMs } = message.request;
      return database.openRoom(name, kind, epoch, nowMs);
    }
    case "findRoom":
      return database.findRoom(message.request.name);
    case "historyAfter":
      return database.historyAfter(message.request.roomId, message.request.offset, message.request.limit);
    case "historyBefore":
      return database.historyBefore(message.request.roomId, message.request.offset, message.request.limit);
    case "close":
      database.close();
      return undefined;
    default:
      return unreachable(message);
  }
}

function transferOf(result: Result): Transferable[] {
  return typeof result === "object" && "offsets" in result ? [result.offsets.buffer] : [];
}

function failureOf(name: WorkerCallName): ["WRITE_FAILED" | "STORE_UNUSABLE", string] {
  switch (name) {
    case "append":
      return ["WRITE_FAILED", "the messages could not be written"];
    case "createAccount":
      return ["WRITE_FAILED", "the account could not be written"];
    case "openRoom":
      return ["WRITE_FAILED", "the room could not be written"];
    case "findAccount":
    case "findRoom":
    case "historyAfter":
    case "historyBefore":
      return ["STORE_UNUSABLE", "the database could not be read"];
    case "close":
      return ["STORE_UNUSABLE", "the database could not be closed"];
    default:
      return unreachable(name);
  }
}
