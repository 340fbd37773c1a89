import { copyFileSync, existsSync, renameSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { type Random, realRandom } from "../../../base/random.ts";
import { StoreError } from "../store.ts";
import {
  checkedVersion,
  DATABASE_FILE,
  LOCK_WAIT_MS,
  lockDatabase,
  makeDirectory,
  readPragma,
} from "./database-file.ts";
import { moveDurably, removeUnfinished } from "./durable-file.ts";
import { openFailure, sqliteCode } from "./sqlite-failure.ts";

/** Where restoring moves the database that was there. */
export const ASIDE_SUFFIX = ".before-restore";

const EPOCH_BYTES = 12;
/** https://www.sqlite.org/rescode.html: a file that is damaged, or no database. */
const DAMAGED_CODES: ReadonlySet<number> = new Set([11, 26]);

export interface BackupFacts {
  readonly schemaVersion: number;
  readonly accounts: number;
  readonly rooms: number;
  readonly messages: number;
}

export interface RestoreOptions {
  /** Whether a database that is there may be moved aside. */
  readonly replace: boolean;
  /** Where the rooms' new epochs come from. Default: the machine. */
  readonly random?: Random;
}

/**
 * Reads the file through: a sound database of ours, not of a newer version. Nothing is written. Throws
 * StoreError STORE_UNUSABLE or STORE_TOO_NEW.
 */
export function checkBackup(path: string): BackupFacts {
  if (!existsSync(path)) throw new StoreError("STORE_UNUSABLE", `there is no file ${path}`);
  if (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size) {
    throw new StoreError(
      "STORE_UNUSABLE",
      `${path} is in use or was not closed (it has a write-ahead log): back it up with "portico backup"`,
    );
  }
  let database: DatabaseSync | undefined;
  try {
    // Immutable: no lock, no log beside it, so that it can lie where nothing can be written.
    const url = pathToFileURL(resolve(path));
    url.searchParams.set("immutable", "1");
    database = new DatabaseSync(url, { readOnly: true });
    const schemaVersion = checkedVersion(database, path);
    if (schemaVersion === 0) throw new StoreError("STORE_UNUSABLE", `${path} is empty`);
    const fault = readPragma(database, "quick_check(1)");
    if (fault !== "ok") throw new StoreError("STORE_UNUSABLE", `${path} is damaged: ${String(fault)}`);
    return {
      schemaVersion,
      accounts: count(database, "accounts"),
      rooms: count(database, schemaVersion === 1 ? "rooms" : "rooms WHERE deleted = 0"),
      messages: count(database, "messages"),
    };
  } catch (error) {
    throw openFailure(path, error);
  } finally {
    database?.close();
  }
}

/**
 * Makes the backup at `path` the database of the data directory. Every room gets a new epoch, because
 * offsets that clients know may come again with other messages. A database that was there is refused, or
 * with `replace` moved to portico.db.before-restore. Throws StoreError: STORE_UNUSABLE, STORE_TOO_NEW,
 * or STORE_LOCKED while a server has the database; then everything is as it was.
 */
export function restoreBackup(path: string, directory: string, options: RestoreOptions): BackupFacts {
  const facts = checkBackup(path);
  const target = join(directory, DATABASE_FILE);
  const unfinished = `${target}.restoring`;
  refuseIfTaken(target, options.replace);
  try {
    makeDirectory(directory);
    removeUnfinished(unfinished);
    copyFileSync(path, unfinished);
    renewEpochs(unfinished, options.random ?? realRandom);
    if (existsSync(target)) moveAside(target);
    moveDurably(unfinished, target);
  } catch (error) {
    removeUnfinished(unfinished);
    throw openFailure(target, error);
  }
  return facts;
}

function refuseIfTaken(target: string, replace: boolean): void {
  if (!existsSync(target)) return;
  if (!replace) throw new StoreError("STORE_UNUSABLE", `${target} exists already`);
  const aside = target + ASIDE_SUFFIX;
  if (existsSync(aside)) {
    throw new StoreError("STORE_UNUSABLE", `${aside} is there from an earlier restore: move it away first`);
  }
}

function renewEpochs(path: string, random: Random): void {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE");
    const epoch = Buffer.from(random.bytes(EPOCH_BYTES)).toString("base64url");
    database.prepare("UPDATE rooms SET epoch = ?").run(epoch);
  } finally {
    database.close();
  }
}

/** Throws when somebody has it. Its write-ahead log is copied into it first, or goes with it. */
function moveAside(target: string): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(target, { timeout: LOCK_WAIT_MS });
    lockDatabase(database);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // A damaged database cannot be locked, and is a good reason to restore one.
    if (!DAMAGED_CODES.has((sqliteCode(error) ?? 0) & 0xff)) throw error;
  } finally {
    database?.close();
  }
  for (const suffix of ["-wal", "-journal"]) {
    if (existsSync(target + suffix)) renameSync(target + suffix, target + ASIDE_SUFFIX + suffix);
  }
  renameSync(target, target + ASIDE_SUFFIX);
}

/** `from` is a constant of this file. */
function count(database: DatabaseSync, from: string): number {
  return Number(database.prepare(`SELECT count(*) AS count FROM ${from}`).get()?.count);
}
