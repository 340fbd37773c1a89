import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** Readable by the owner alone: password hashes are in it. */
export const PRIVATE_MODE = 0o600;

/** Makes an empty file; throws (EEXIST) when there is something. */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, "wx", PRIVATE_MODE));
}

/** Puts the file at `from` in the place of what is at `to`, and sees to it that it stays so. */
export function moveDurably(from: string, to: string): void {
  chmodSync(from, PRIVATE_MODE);
  flush(from, "r+");
  renameSync(from, to);
  // Windows opens no directories, and needs none flushed.
  if (process.platform !== "win32") flush(dirname(to), "r");
}

/** Removes a database file that was being made, and what SQLite may have left beside it. */
export function removeUnfinished(path: string): void {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function flush(path: string, flags: "r" | "r+"): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
