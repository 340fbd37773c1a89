import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { expectAutomatic } from "./test-ports.ts";

const mainFile = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A test that waits longer than this for a line will never get it. */
const LINE_TIMEOUT_MS = 20_000;

export interface CliOptions {
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CliExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `portico …` as a process of its own, through pipes. */
export class CliProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<CliExit>;
  #stdout = "";
  #stderr = "";
  /** How far `line` has read. */
  #readTo = 0;
  #onOutput: () => void = () => undefined;
  #isOver = false;

  constructor(args: readonly string[], options: CliOptions) {
    // Settings of whoever runs the tests are none of the tests'.
    const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("PORTICO_"));
    this.#child = spawn(process.execPath, [mainFile, ...args], {
      cwd: options.directory,
      env: { ...Object.fromEntries(clean), ...options.env },
    });
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#onOutput();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#onOutput();
    });
    this.exited = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => {
        this.#isOver = true;
        this.#onOutput();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves when a line of stderr matches. */
  async errorLine(pattern: RegExp): Promise<void> {
    const deadline = AbortSignal.timeout(LINE_TIMEOUT_MS);
    while (!this.#stderr.split("\n").some((line) => pattern.test(line))) {
      if (this.#isOver || deadline.aborted)
        throw new Error(`no line ${String(pattern)} in:\n${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** The next line, after the one returned last, that matches. Rejects when it does not come. */
  async line(pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(LINE_TIMEOUT_MS);
    for (;;) {
      const found = this.#nextLine(pattern);
      if (found !== undefined) return found;
      if (this.#isOver || deadline.aborted) {
        throw new Error(`no line ${String(pattern)} in:\n${this.#stdout}\nstderr:\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** No more input. */
  end(): void {
    this.#child.stdin.end();
  }

  /** Reads no more of its output, as `head` does. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  #nextLine(pattern: RegExp): string | undefined {
    let from = this.#readTo;
    for (let end = this.#stdout.indexOf("\n", from); end >= 0; end = this.#stdout.indexOf("\n", from)) {
      const line = this.#stdout.slice(from, end);
      from = end + 1;
      if (pattern.test(line)) {
        this.#readTo = from;
        return line;
      }
    }
    return undefined;
  }
}

/** A place for commands to run in; what is left there, and running, when the test ends is removed. */
export class CliBench {
  readonly directory = mkdtempSync(join(tmpdir(), "portico-cli-"));
  readonly #processes: CliProcess[] = [];

  constructor(test: TestContext) {
    test.after(async () => {
      for (const each of this.#processes) each.kill("SIGKILL");
      await Promise.all(this.#processes.map(({ exited }) => exited));
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
    // What a command remembers is the bench's own.
    const started = new CliProcess(args, {
      directory: this.directory,
      env: { XDG_STATE_HOME: join(this.directory, "state"), ...env },
    });
    this.#processes.push(started);
    return started;
  }

  /** Runs a command without input to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliExit> {
    const started = this.start(args, env);
    started.end();
    return started.exited;
  }

  /**
   * `portico serve` on a free port, or on a given one, with its data in the bench's directory. Rejects when
   * it runs on another backend than the tests' titles say (`autoBackend`).
   */
  async serve(
    packets = "127.0.0.1:0",
    flags: readonly string[] = [],
  ): Promise<{ server: CliProcess; address: string; http: string }> {
    const server = this.start([
      "serve",
      "--packets",
      packets,
      "--http",
      "127.0.0.1:0",
      "--data",
      "data",
      ...flags,
    ]);
    const ready = await server.line(/^ready /);
    const [, address = "", http = ""] = /^ready packets (\S+) http (\S+)$/.exec(ready) ?? [];
    if (!flags.some((flag) => flag.includes("backend"))) expectAutomatic(server.stdout);
    return { server, address, http };
  }

  /** `portico chat`, logged in. */
  async chat(
    address: string,
    user: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CliProcess> {
    const chat = this.start(["chat", "--user", user, "--server", address, ...flags], {
      PORTICO_PASSWORD: `the password of ${user}`,
      TZ: "UTC",
      ...env,
    });
    await chat.line(/^-- you are /);
    return chat;
  }
}
