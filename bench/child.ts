import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";

/** The cores that servers and the generator are pinned to. */
export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;

/** Whether processes can be pinned: two cores and `taskset` (util-linux). */
export function canPin(): boolean {
  return availableParallelism() >= 2 && spawnSync("taskset", ["--version"]).status === 0;
}

/** A child process that talks in lines and ends when its input ends. */
export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #lines: string[] = [];
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #complaint = "";
  #ended: Promise<unknown>;

  /** `core` undefined: wherever the system likes. */
  constructor(name: string, core: number | undefined, command: string, args: readonly string[]) {
    this.#name = name;
    const pinned = core === undefined ? [command, ...args] : ["taskset", "-c", `${core}`, command, ...args];
    this.#process = spawn(pinned[0] as string, pinned.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = once(this.#process, "close").catch(() => undefined);
    this.#process.stdin?.on("error", () => undefined);
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2000);
    });
    this.#process.on("error", (error) => this.#fail(error.message));
    this.#process.on("close", (code, signal) => this.#fail(`ended with ${signal ?? `code ${code}`}`));
    if (this.#process.stdout !== null) {
      createInterface({ input: this.#process.stdout }).on("line", (line) => this.#onLine(line));
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The next line it prints. Rejects when it ends first or nothing comes for `limitMs`. */
  async line(limitMs: number): Promise<string> {
    const ready = this.#lines.shift();
    if (ready !== undefined) return ready;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting = { resolve, reject };
    const limit = setTimeout(() => this.#fail(`said nothing for ${limitMs / 1000} s`), limitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  }

  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Ends its input and waits; kills it if it does not end by itself. */
  async end(): Promise<void> {
    this.#process.stdin?.end();
    const limit = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
    await this.#ended;
    clearTimeout(limit);
  }

  #onLine(line: string): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#lines.push(line);
      return;
    }
    this.#waiting = undefined;
    waiting.resolve(line);
  }

  #fail(how: string): void {
    const complaint = this.#complaint.trim();
    this.#waiting?.reject(new Error(`${this.#name}: ${complaint === "" ? how : complaint}`));
    this.#waiting = undefined;
  }
}
