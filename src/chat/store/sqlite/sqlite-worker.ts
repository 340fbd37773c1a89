import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import type { DatabaseFileOptions } from "./database-file.ts";
import { serveDatabase } from "./database-service.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

/** The thread that owns the database; started by StoreWorker with DatabaseFileOptions as its data. */
assert(parentPort !== null, "sqlite-worker.ts runs in a worker thread");
const options: DatabaseFileOptions = workerData;
serveDatabase(parentPort, () => SqliteDatabase.open(options));
