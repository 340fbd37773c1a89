import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** In the data directory, readable by its owner alone: how the command line reaches the server that runs. */
export const CONTROL_FILE = "control.json";

const schema = z.strictObject({
  url: z.url(),
  token: z.string().min(32),
  pid: z.number().int().positive(),
  /** SHA-256 of the server's certificate, where `url` is https: it is this one and no other. */
  fingerprint: z.string().optional(),
});

/** Where a running server takes administration, and the secret that it asks for. */
export type Control = z.output<typeof schema>;

/** Writes the file whole, mode 0600. Throws Node's own error. */
export function writeControlFile(directory: string, control: Control): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, CONTROL_FILE);
  const temporary = `${path}.${control.pid}`;
  writeFileSync(temporary, `${JSON.stringify(control)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** undefined when there is none that can be read: no server runs on this directory. */
export function readControlFile(directory: string): Control | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(join(directory, CONTROL_FILE), "utf8")));
  } catch {
    return undefined;
  }
}

export function removeControlFile(directory: string): void {
  rmSync(join(directory, CONTROL_FILE), { force: true });
}
