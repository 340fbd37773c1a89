import { existsSync } from "node:fs";
import { CliError } from "./cli-error.ts";

interface BenchModule {
  /** Returns the exit code. */
  runBench(args: string[]): Promise<number>;
}

const benchFile = new URL("../../bench/main.ts", import.meta.url);

/** `portico bench …`: the benchmarks of the source tree; they are not part of the published package. */
export async function runBenchCommand(args: readonly string[]): Promise<number> {
  if (!existsSync(benchFile)) {
    throw new CliError("the benchmarks are in the folder bench/ of Portico's source tree, which is not here");
  }
  const bench: BenchModule = await import(benchFile.href);
  return bench.runBench([...args]);
}
