import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import { serveDatabase } from "./database-service.ts";
import { SqliteDatabase, type SqliteDatabaseOptions } from "./sqlite-database.ts";

/** The thread that owns the database; started by StoreWorker with SqliteDatabaseOptions as its data. */
assert(parentPort !== null, "sqlite-worker.ts runs in a worker thread");
const options: SqliteDatabaseOptions = workerData;
serveDatabase(parentPort, () => SqliteDatabase.open(options));
