import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { serveDatabase } from "../../src/chat/store/sqlite/database-service.ts";
import type { DatabaseFileOptions } from "../../src/chat/store/sqlite/database-file.ts";
import { SqliteDatabase } from "../../src/chat/store/sqlite/sqlite-database.ts";

/**
 * The store's worker, which ends when a message says so: "die before commit" before it is written,
 * "die after commit" when it is in the log and nobody has been told.
 */
assert(parentPort !== null, "dying-store-worker.ts runs in a worker thread");
const options: DatabaseFileOptions = workerData;
serveDatabase(parentPort, () => {
  const database = SqliteDatabase.open(options);
  const append = database.append.bind(database);
  database.append = (batch) => {
    if (batch.texts.includes("die before commit")) process.exit(1);
    const outcome = append(batch);
    if (batch.texts.includes("die after commit")) process.exit(1);
    return outcome;
  };
  return database;
});
