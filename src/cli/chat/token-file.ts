import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import type { Random } from "../../base/random.ts";
import { nameKey } from "../../protocol/names.ts";

/** Entries kept at most; above, those that were written longest ago are dropped. */
const ENTRY_LIMIT = 100;

const entrySchema = z.strictObject({
  server: z.string(),
  user: z.string(),
  /** "token": an account's resume token. "guest": a guest's key. Hexadecimal digits. */
  kind: z.enum(["token", "guest"]),
  secret: z.string().regex(/^(?:[0-9a-f]{2}){1,256}$/),
  /** 0: it does not expire. */
  expiresMs: z.number().int().min(0),
});

const fileSchema = z.strictObject({
  version: z.literal(1),
  entries: z.array(entrySchema).max(10 * ENTRY_LIMIT),
});

export type SecretKind = "token" | "guest";
type Entry = z.infer<typeof entrySchema>;

export interface TokenFileOptions {
  readonly path: string;
  readonly nowMs: () => number;
  /** For the names of files that are being written. */
  readonly random: Random;
  /** Called with one line when the file cannot be used; the client goes on without. */
  readonly report: (problem: string) => void;
}

/** $XDG_STATE_HOME/portico/tokens.json, by default below ~/.local/state (XDG Base Directory Specification 0.8). */
export function tokenFilePath(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_STATE_HOME ?? "";
  // A relative path is to be ignored, the specification says.
  const base = isAbsolute(given) ? given : join(homedir(), ".local", "state");
  return join(base, "portico", "tokens.json");
}

/**
 * What brings a person back without a password, by server and user: in a file that nobody else can
 * read, replaced as a whole. A file that cannot be understood is reported, and put aside when the next
 * one is written.
 */
export class TokenFile {
  readonly #options: TokenFileOptions;
  #isReported = false;

  constructor(options: TokenFileOptions) {
    this.#options = options;
  }

  /** Undefined: there is none that still lasts. */
  find(server: string, user: string, kind: SecretKind): string | undefined {
    const entry = this.#read().entries.find(isFor(server, user, kind));
    return entry?.secret;
  }

  /** `expiresMs` 0: never. */
  remember(server: string, user: string, kind: SecretKind, secret: string, expiresMs = 0): void {
    const others = this.#read();
    const entry: Entry = { server: serverKey(server), user: nameKey(user), kind, secret, expiresMs };
    const isSame = isFor(server, user, kind);
    this.#write(
      [...others.entries.filter((each) => !isSame(each)), entry].slice(-ENTRY_LIMIT),
      others.isBroken,
    );
  }

  forget(server: string, user: string, kind: SecretKind): void {
    const { entries, isBroken } = this.#read();
    const isMeant = isFor(server, user, kind);
    if (entries.some(isMeant))
      this.#write(
        entries.filter((each) => !isMeant(each)),
        isBroken,
      );
  }

  #read(): { readonly entries: readonly Entry[]; readonly isBroken: boolean } {
    const { path, nowMs } = this.#options;
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if (codeOf(error) !== "ENOENT") this.#report(`cannot be read (${codeOf(error)})`);
      return { entries: [], isBroken: false };
    }
    const read = fileSchema.safeParse(parsed(text));
    if (!read.success) {
      this.#report("cannot be understood, and is ignored");
      return { entries: [], isBroken: true };
    }
    const entries = read.data.entries.filter(({ expiresMs }) => expiresMs === 0 || expiresMs > nowMs());
    return { entries, isBroken: false };
  }

  /** Another file takes its place in one step: whoever reads sees the one or the other. */
  #write(entries: readonly Entry[], isBroken: boolean): void {
    const { path, random } = this.#options;
    const suffix = Array.from(random.bytes(6), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const written = `${path}.${suffix}`;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (isBroken) {
        renameSync(path, `${path}.broken`);
        chmodSync(`${path}.broken`, 0o600);
      }
      writeFileSync(written, `${JSON.stringify({ version: 1, entries }, undefined, 2)}\n`, {
        mode: 0o600,
        flag: "wx",
        flush: true,
      });
      renameSync(written, path);
    } catch (error) {
      this.#report(`cannot be written (${codeOf(error)})`);
      if (existsSync(written)) rmSync(written, { force: true });
    }
  }

  #report(problem: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.report(`${this.#options.path} ${problem}`);
  }
}

function isFor(server: string, user: string, kind: SecretKind): (entry: Entry) => boolean {
  return (entry) => entry.kind === kind && entry.server === serverKey(server) && entry.user === nameKey(user);
}

function serverKey(server: string): string {
  return server.trim().toLowerCase();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
