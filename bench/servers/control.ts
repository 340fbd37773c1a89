/**
 * How a server of the benchmark talks with the program that started it: it prints `ready PORT`, and
 * where it speaks TLS its certificate's fingerprint; told
 * `collect`, it does a full garbage collection and prints `collected HEAP_BYTES`; told `counters`, it
 * prints `counters` and what it counts as JSON; it ends when its input ends, so that none is left behind.
 * Runs in Node and in Bun.
 */
export function announce(port: number, counters: () => unknown = () => ({}), fingerprint?: string): void {
  process.stdout.write(fingerprint === undefined ? `ready ${port}\n` : `ready ${port} ${fingerprint}\n`);
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    if (text.includes("collect")) void collect();
    if (text.includes("counters")) process.stdout.write(`counters ${JSON.stringify(counters())}\n`);
  });
  process.stdin.on("end", () => process.exit(0));
}

/** Twice, with a pause: what the first run frees may hold native memory that only the second sees. */
async function collect(): Promise<void> {
  const bun = (globalThis as { Bun?: { gc(sync: boolean): void } }).Bun;
  for (let round = 0; round < 2; round++) {
    if (bun === undefined) globalThis.gc?.();
    else bun.gc(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.stdout.write(`collected ${process.memoryUsage().heapUsed}\n`);
}

/** The value of `--name value` on the server's command line, or `fallback`. */
export function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}
