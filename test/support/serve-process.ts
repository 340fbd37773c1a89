import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expectAutomatic } from "./test-ports.ts";

const mainFile = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface ServeOptions {
  /** Default 127.0.0.1 and a port that the kernel chooses. */
  readonly packets?: string;
  /** The same for HTTP. */
  readonly http?: string;
  /** Given with `--set`, "section.key=value". */
  readonly settings?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** `portico serve` as a process of its own. */
export class ServeProcess {
  readonly #child: ChildProcess;
  #log: string;
  /** Where clients connect, "HOST:PORT". */
  readonly packets: string;
  /** Where the pages are, "http://HOST:PORT". */
  readonly url: string;
  /** What it printed until it was ready. */
  readonly output: string;

  private constructor(child: ChildProcess, [packets, http]: readonly [string, string], output: string) {
    this.#child = child;
    this.packets = packets;
    this.url = `http://${http}`;
    this.output = output;
    this.#log = output;
    const keep = (bytes: Buffer): void => {
      this.#log += bytes.toString();
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
  }

  /**
   * Starts it and resolves when it says `ready`. Rejects with what it printed when it ends before, or when,
   * nothing being asked for that decides it, it runs on another backend than `autoBackend`.
   */
  static async start(directory: string, options: ServeOptions = {}): Promise<ServeProcess> {
    const { packets = "127.0.0.1:0", http = "127.0.0.1:0", settings = [], nodeFlags = [] } = options;
    const flags = settings.flatMap((setting) => ["--set", setting]);
    // Settings of whoever runs the tests are none of the tests'.
    const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("PORTICO_"));
    const child = spawn(
      process.execPath,
      [...nodeFlags, mainFile, "serve", "--packets", packets, "--http", http, "--data", directory, ...flags],
      { stdio: ["ignore", "pipe", "pipe"], env: Object.fromEntries(clean) },
    );
    let output = "";
    const bound = await new Promise<readonly [string, string]>((resolve, reject) => {
      const read = (bytes: Buffer): void => {
        output += bytes.toString();
        const [, boundPackets, boundHttp] = /^ready packets (\S+) http (\S+)\n/m.exec(output) ?? [];
        if (boundPackets !== undefined && boundHttp !== undefined) resolve([boundPackets, boundHttp]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("close", (code) => reject(new Error(`serve ended with ${code}:\n${output}`)));
    });
    const server = new ServeProcess(child, bound, output);
    if (nodeFlags.length === 0 && !settings.some((setting) => setting.startsWith("engine.backend="))) {
      try {
        expectAutomatic(output);
      } catch (error) {
        await server.kill();
        throw error;
      }
    }
    return server;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Everything that it printed until now. */
  get log(): string {
    return this.#log;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Loses the process as a power cut would. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  /** Resolves with the exit code when it has ended, whoever ended it. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  /** Stops it as an operator would; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.hasEnded) return this.#child.exitCode;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    return code;
  }
}
