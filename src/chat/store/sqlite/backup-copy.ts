import { backup, type DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";

/** Pages that are copied at a time (1 MiB); between two such pieces other requests are done. */
const PAGES_AT_ONCE = 256;
/** The first piece meets a transaction at each attempt with some luck only; so often never. */
const ATTEMPTS = 1000;
const PAUSE_MS = 2;

/**
 * Copies a database that is in use into the file at `path`. Node copies in a thread of its own: when its
 * first piece falls into one of our transactions, SQLite says that it is locked, and Node takes that for
 * the end and rejects with "not an error" (Node 26). Then it is tried again.
 */
export async function copyDatabase(database: DatabaseSync, path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await backup(database, path, { rate: PAGES_AT_ONCE });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isNoError(error)) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}

function isNoError(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 0;
}
