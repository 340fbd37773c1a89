import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";
import { APPLICATION_ID, migrations, SCHEMA_VERSION } from "./schema.ts";
import { openFailure } from "./sqlite-failure.ts";

/** The database's file in the data directory; SQLite keeps `portico.db-wal` beside it. */
export const DATABASE_FILE = "portico.db";

/** How long opening waits for another process that is just ending. */
export const LOCK_WAIT_MS = 500;
const PAGE_BYTES = 4096;
const CACHE_KIB = 64 * 1024;
/**
 * Pages the write-ahead log grows to before it is copied into the database, which whoever waits for a
 * commit waits for too. Measured at 9,000 messages/s in 16 rooms: with 8,192 pages the slowest hundredth of
 * the acknowledgements took 40 to 58 ms, with 1,000 15 to 31; appending is as fast with either.
 */
const CHECKPOINT_PAGES = 1000;

export interface DatabaseFileOptions {
  /** Made, readable by its owner alone, when missing. */
  readonly directory: string;
  /** The most the database file may grow to; undefined: as the disk has room. */
  readonly sizeLimitBytes?: number | undefined;
}

/**
 * Opens or makes the database and locks it until it is closed or the process ends. Throws StoreError
 * STORE_UNUSABLE, STORE_LOCKED or STORE_TOO_NEW.
 */
export function openDatabaseFile(options: DatabaseFileOptions): DatabaseSync {
  const path = join(options.directory, DATABASE_FILE);
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(options.directory);
    database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, enableForeignKeyConstraints: true });
    lockDatabase(database);
    const version = checkedVersion(database, path);
    prepareFile(database, path);
    migrate(database, version);
    if (options.sizeLimitBytes !== undefined) {
      database.exec(
        `PRAGMA max_page_count = ${Math.max(1, Math.floor(options.sizeLimitBytes / PAGE_BYTES))}`,
      );
    }
    return database;
  } catch (error) {
    database?.close();
    throw openFailure(path, error);
  }
}

/** What a new database is; making the tables anew takes ten times as long as copying it. */
let emptyContent: Uint8Array | undefined;

/** A database that is gone when it is closed, with what `content` (from `serialize`) holds. */
export function openDatabaseInMemory(content?: Uint8Array): DatabaseSync {
  const database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
  if (content === undefined && emptyContent === undefined) {
    migrate(database, 0);
    emptyContent = database.serialize();
  } else {
    database.deserialize(content ?? emptyContent ?? new Uint8Array());
  }
  return database;
}

/** Not mkdir's `recursive`: in Node 26 that never returns where nothing can be made, as in /proc. */
export function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  mkdirSync(directory, { mode: 0o700 });
}

/**
 * Exclusive before the first look: then the write-ahead log needs no shared memory, and the lock is the
 * kernel's, gone with the process however it ended.
 */
export function lockDatabase(database: DatabaseSync): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN IMMEDIATE; COMMIT");
}

/** The schema's version; 0 for an empty file. Throws StoreError for what is not ours or too new. */
export function checkedVersion(database: DatabaseSync, path: string): number {
  const applicationId = readPragma(database, "application_id");
  const version = readPragma(database, "user_version");
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (applicationId !== APPLICATION_ID && !(isEmpty && applicationId === 0)) {
    throw new StoreError("STORE_UNUSABLE", `${path} is a SQLite database of another program`);
  }
  if (typeof version !== "number" || version > SCHEMA_VERSION) {
    throw new StoreError(
      "STORE_TOO_NEW",
      `${path} has schema version ${String(version)}, and this Portico knows versions up to ` +
        `${SCHEMA_VERSION}: run the newer Portico that wrote it, or restore an older copy`,
    );
  }
  return version;
}

export function readPragma(database: DatabaseSync, pragma: string): unknown {
  const row = database.prepare(`PRAGMA ${pragma}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

function prepareFile(database: DatabaseSync, path: string): void {
  if (readPragma(database, "journal_mode = WAL") !== "wal") {
    throw new StoreError("STORE_UNUSABLE", `${path}: the file system allows no write-ahead log`);
  }
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${16 * CHECKPOINT_PAGES * PAGE_BYTES};
  `);
}

/** Brings a database of an older version up to date, in one transaction. */
function migrate(database: DatabaseSync, version: number): void {
  if (version === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  database.exec("COMMIT");
}
