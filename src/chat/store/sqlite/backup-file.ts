import { once } from "node:events";
import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { StoreError } from "../store.ts";
import { makePrivateFile, moveDurably, removeUnfinished } from "./durable-file.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/**
 * Copies the database into a new file at `path`, readable by its owner alone. It is copied under another
 * name, read through by a thread of its own, and only then gets its name. Throws StoreError
 * STORE_UNUSABLE, also when there is a file already; then nothing is left of it.
 */
export async function writeBackup(database: SqliteDatabase, path: string): Promise<void> {
  reserve(path);
  const unfinished = `${path}.unfinished`;
  try {
    removeUnfinished(unfinished);
    makePrivateFile(unfinished);
    await database.backup(unfinished);
    await checkInThread(unfinished);
    moveDurably(unfinished, path);
  } catch (error) {
    removeUnfinished(unfinished);
    rmSync(path, { force: true });
    throw error;
  }
}

/** Takes the name, so that two backups never write over each other. */
function reserve(path: string): void {
  try {
    makePrivateFile(path);
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      "STORE_UNUSABLE",
      exists ? `${path} exists already` : `the backup ${path} cannot be written: ${message}`,
      { cause: error },
    );
  }
}

async function checkInThread(path: string): Promise<void> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./backup-check-worker.${extension}`, import.meta.url), {
    name: "portico-backup-check",
    execArgv: [],
    workerData: path,
  });
  const [fault]: unknown[] = await once(worker, "message");
  if (typeof fault === "string") throw new StoreError("STORE_UNUSABLE", fault);
}
