import { Child, GENERATOR_CORE, SERVER_CORE } from "./child.ts";
import type { LoadJob, LoadResult } from "./load/job.ts";
import type { BenchArguments } from "./arguments.ts";
import type { Measurement, Series } from "./results.ts";
import type { LoadShape, Variant } from "./scenarios.ts";
import { benchPath, type BenchServer } from "./servers.ts";

const START_LIMIT_MS = 20_000;

/** Where the processes of a run go, and where its progress is told. */
export interface Bench {
  readonly arguments: BenchArguments;
  readonly pinned: boolean;
  readonly log: (line: string) => void;
}

/** Starts a server and returns it with its port. */
export async function startServer(
  bench: Bench,
  server: BenchServer,
): Promise<{ child: Child; port: number; fingerprint: string | undefined }> {
  const program = benchPath(`servers/${server.program}`);
  const command = server.runtime === "bun" ? benchPath("node_modules/.bin/bun") : process.execPath;
  const flags = server.runtime === "bun" ? server.flags : ["--expose-gc", ...server.flags];
  const core = bench.pinned ? SERVER_CORE : undefined;
  const child = new Child(server.name, core, command, [...flags, program, ...server.arguments]);
  try {
    for (;;) {
      const said = /^ready (\d+)(?: ([0-9A-F:]+))?$/.exec(await child.line(START_LIMIT_MS));
      if (said?.[1] !== undefined) return { child, port: Number(said[1]), fingerprint: said[2] };
    }
  } catch (error) {
    await child.end();
    throw error;
  }
}

export function startGenerator(bench: Bench, job: LoadJob): Child {
  const core = bench.pinned ? GENERATOR_CORE : undefined;
  return new Child("load generator", core, process.execPath, [
    benchPath("load/load.ts"),
    JSON.stringify(job),
  ]);
}

/** Every server once per round and variant, in turn, so that a slow minute of the machine meets them all. */
export async function runRounds(
  bench: Bench,
  servers: readonly BenchServer[],
  variants: readonly Variant[],
): Promise<Series[]> {
  const series: Series[] = [];
  for (const variant of variants) {
    for (const server of servers) series.push({ server: server.name, variant: variant.key, rounds: [] });
  }
  for (let round = 0; round < bench.arguments.rounds; round++) {
    for (const variant of variants) {
      for (const server of servers) {
        const measurement = await measureOnce(bench, server, variant.shape);
        series
          .find((each) => each.server === server.name && each.variant === variant.key)
          ?.rounds.push(measurement);
        const rate = Math.round(measurement.perSecond).toLocaleString("en");
        bench.log(`  round ${round + 1}  ${variant.title}  ${server.name}  ${rate}/s`);
      }
    }
  }
  return series;
}

async function measureOnce(bench: Bench, server: BenchServer, shape: LoadShape): Promise<Measurement> {
  const { child, port, fingerprint } = await startServer(bench, server);
  const { seconds, quick, generator: backend } = bench.arguments;
  const times = {
    warmUpMs: quick ? 100 : 1000,
    measureMs: seconds * 1000,
    drainLimitMs: 15_000,
    verify: quick,
    cores: bench.pinned ? { server: SERVER_CORE, generator: GENERATOR_CORE } : undefined,
  };
  const common = { port, fingerprint, serverPid: child.pid, backend, ...times };
  const job: LoadJob =
    shape.kind === "echo"
      ? { ...common, ...shape }
      : { ...common, ...shape, dialect: server.dialect, roomKind: server.roomKind };
  const generator = startGenerator(bench, job);
  try {
    const limitMs = times.warmUpMs + times.measureMs + times.drainLimitMs + 60_000;
    return toMeasurement(JSON.parse(await generator.line(limitMs)) as LoadResult);
  } catch (error) {
    throw new Error(`${server.name}: ${(error as Error).message}`, { cause: error });
  } finally {
    await generator.end();
    await child.end();
  }
}

function toMeasurement(result: LoadResult): Measurement {
  const { messages, elapsedMs, server, generator } = result;
  const shareOf = (ms: number | undefined) => (ms === undefined ? undefined : Math.min(ms / elapsedMs, 1));
  const generatorUse = (generator.userMs + generator.systemMs) / elapsedMs;
  const serverUse = server === undefined ? undefined : (server.userMs + server.systemMs) / elapsedMs;
  return {
    messages,
    elapsedMs,
    perSecond: (messages / elapsedMs) * 1000,
    serverUserNs: server === undefined ? undefined : (server.userMs * 1e6) / messages,
    serverSystemNs: server === undefined ? undefined : (server.systemMs * 1e6) / messages,
    serverUse,
    serverCoreIdle: shareOf(result.serverCoreIdleMs),
    generatorUse,
    generatorCoreIdle: shareOf(result.generatorCoreIdleMs),
    generatorBackend: result.generatorBackend,
  };
}
