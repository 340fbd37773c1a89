import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import { checkBackup } from "./restore.ts";

/** Reads a new backup through; answers with what is wrong with it, or undefined. Started by backup-file.ts. */
assert(parentPort !== null, "backup-check-worker.ts runs in a worker thread");
parentPort.postMessage(faultOf(String(workerData)));

function faultOf(path: string): string | undefined {
  try {
    // The copy says that it has a write-ahead log, as the original does; on its own it needs none.
    const database = new DatabaseSync(path);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE");
    database.close();
    checkBackup(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
