import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { CliBench } from "./cli-process.ts";

const mainFile = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A test that waits longer than this for something on the screen will never see it. */
const SHOW_TIMEOUT_MS = 20_000;

/** True when there is `script` of util-linux, which gives a command a pseudo-terminal. */
export function hasScript(): boolean {
  const { status, stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.includes("util-linux");
}

export interface ChatOnTerminal {
  /** Resolves when what was written so far matches. */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  /** Sends a signal to the chat itself. */
  signal(name: "SIGTERM" | "SIGHUP"): void;
  readonly exited: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** `portico chat --register` on a pseudo-terminal of 80 by 24. */
export function chatOnTerminal(
  test: TestContext,
  bench: CliBench,
  address: string,
  user: string,
): ChatOnTerminal {
  const command = `stty cols 80 rows 24; echo "pid $$ "; exec "$NODE" "$MAIN" chat --user ${user} --register --server ${address}`;
  const child = spawn("script", ["--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
    cwd: bench.directory,
    env: {
      PATH: process.env.PATH,
      SHELL: "/bin/sh",
      TERM: "xterm-256color",
      NODE: process.execPath,
      MAIN: mainFile,
      PORTICO_PASSWORD: `the password of ${user}`,
      XDG_STATE_HOME: join(bench.directory, "state"),
    },
  });
  let output = "";
  let isOver = false;
  let onOutput = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onOutput();
  });
  child.stdin.on("error", () => undefined);
  const exited = new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
    child.on("close", (code) => {
      isOver = true;
      onOutput();
      resolve({ code, output });
    });
  });
  test.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return {
    exited,
    type: (keys) => void child.stdin.write(keys),
    signal: (name) => {
      const [, pid] = /pid (\d+) /.exec(output) ?? [];
      process.kill(Number(pid), name);
    },
    shows: async (pattern) => {
      const deadline = AbortSignal.timeout(SHOW_TIMEOUT_MS);
      while (!pattern.test(output)) {
        if (isOver || deadline.aborted) throw new Error(`nothing like ${String(pattern)} in:\n${output}`);
        await new Promise<void>((resolve) => {
          onOutput = resolve;
          deadline.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    },
  };
}
