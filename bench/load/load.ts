import { runEchoLoad } from "./echo-load.ts";
import { runIdleLoad } from "./idle-load.ts";
import type { LoadJob } from "./job.ts";
import { LoadRun } from "./load-run.ts";
import { runRoomLoad } from "./room-load.ts";

/** The load generator: one process, one job. Prints the result as JSON; on an error says it and exits with 1. */
async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? "") as LoadJob;
  const run = new LoadRun(job);
  if (job.kind === "idle") await runIdleLoad(run, job);
  else {
    const result = job.kind === "echo" ? await runEchoLoad(run, job) : await runRoomLoad(run, job);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  await run.close();
}

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
