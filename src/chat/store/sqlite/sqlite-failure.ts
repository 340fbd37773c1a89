import { StoreError, type StoreErrorCode } from "../store.ts";

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Extended codes for a flush to disk that failed (SQLITE_IOERR | 4 << 8, | 5 << 8). */
const SQLITE_IOERR_FSYNC = 1034;
const SQLITE_IOERR_DIR_FSYNC = 1290;

/** The extended result code of an error thrown by node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

/**
 * A failed flush leaves unknown what is on the disk, and a second one may succeed without having written
 * anything: nothing but reading the files afresh tells.
 */
export function isFlushFailure(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_IOERR_FSYNC || code === SQLITE_IOERR_DIR_FSYNC;
}

/** The error that opening the database at `path` ends with. */
export function openFailure(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const primary = (sqliteCode(error) ?? 0) & 0xff;
  if (primary === SQLITE_BUSY || primary === SQLITE_LOCKED) {
    return new StoreError("STORE_LOCKED", `${path} is in use by another process`, { cause: error });
  }
  return new StoreError("STORE_UNUSABLE", `${path} cannot be used: ${reasonOf(error)}`, { cause: error });
}

/** The error that a request ends with which found the database open. */
export function requestFailure(code: StoreErrorCode, doing: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(code, `${doing}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
