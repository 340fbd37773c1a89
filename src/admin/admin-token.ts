import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../base/random.ts";

/** In the data directory, readable by its owner alone. */
export const ADMIN_TOKEN_FILE = "admin-token";

const TOKEN_BYTES = 24;
/** What a file must have to be taken: shorter ones were not made here and could be guessed. */
const TOKEN_PATTERN = /^[\x21-\x7e]{16,256}$/;

/**
 * The admin page's token that is kept in the data directory: made when there is none, or when the file cannot be
 * one (empty, cut short). The file is written whole, mode 0600. Throws Node's own error when it cannot be.
 */
export function keptAdminToken(directory: string, random: Random): string {
  const path = join(directory, ADMIN_TOKEN_FILE);
  const kept = read(path);
  if (kept !== undefined && TOKEN_PATTERN.test(kept)) {
    // Copied or restored with other rights: whoever may read it is an administrator.
    chmodSync(path, 0o600);
    return kept;
  }
  const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString("base64url");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${token}\n`, { mode: 0o600 });
  renameSync(temporary, path);
  return token;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
