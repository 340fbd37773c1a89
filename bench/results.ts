import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Machine } from "./machine.ts";
import type { Scenario } from "./scenarios.ts";
import { benchPath } from "./servers.ts";

/** One server, once, under one load. */
export interface Measurement {
  readonly messages: number;
  readonly elapsedMs: number;
  readonly perSecond: number;
  /** Processor time of the server per message; undefined where the system does not tell. */
  readonly serverUserNs: number | undefined;
  readonly serverSystemNs: number | undefined;
  /** Processor time ÷ elapsed time; 1 is one busy core. */
  readonly serverUse: number | undefined;
  readonly generatorUse: number;
  /** Share of the time that nobody used the core; undefined when the processes were not pinned. */
  readonly serverCoreIdle: number | undefined;
  readonly generatorCoreIdle: number | undefined;
  readonly generatorBackend: string;
}

/** The rounds of one server under one load. */
export interface Series {
  readonly server: string;
  /** Key of the variant. */
  readonly variant: string;
  readonly rounds: Measurement[];
}

export interface MemoryFigure {
  readonly server: string;
  readonly connections: number;
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly bytesPerSession: number;
  /** Of these, what the JavaScript heap has in use; the rest is native, or the heap's own slack. */
  readonly heapBytesPerSession: number;
}

/** What was measured of one scenario, and where. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly finishedAt: string;
  readonly quick: boolean;
  readonly seconds: number;
  readonly pinned: boolean;
  readonly machine: Machine;
  readonly series: readonly Series[];
  readonly memory: readonly MemoryFigure[];
  /** Servers that could not run, with the reason. */
  readonly left: Readonly<Record<string, string>>;
}

export type BenchResults = Partial<Record<Scenario, ScenarioResult>>;

/** The figures of one series. */
export interface Summary {
  readonly server: string;
  readonly variant: string;
  readonly perSecond: number;
  readonly lowest: number;
  readonly highest: number;
  readonly userNs: number | undefined;
  readonly systemNs: number | undefined;
  readonly serverUse: number | undefined;
  readonly generatorUse: number;
  /** The generator, not the server, was what could do no more: the throughput is a lower bound. */
  readonly generatorBound: boolean;
  /** Share of the server's core that other programs took: above a few hundredths the run was disturbed. */
  readonly disturbance: number | undefined;
}

/** A core idle for more than this share had time to spare; one taken by others for more was disturbed. */
const SPARE = 0.1;

export function summarize(series: Series): Summary {
  const rates = series.rounds.map((round) => round.perSecond);
  const serverUse = medianOf(series.rounds.map((round) => round.serverUse));
  const generatorUse = medianOf(series.rounds.map((round) => round.generatorUse)) ?? 0;
  const idle = medianOf(series.rounds.map((round) => round.serverCoreIdle));
  // Where cores are not known, a process that does not fill a core is taken to leave the rest idle.
  const serverIdle = idle ?? (serverUse === undefined ? 0 : Math.max(1 - serverUse, 0));
  const generatorIdle =
    medianOf(series.rounds.map((round) => round.generatorCoreIdle)) ?? Math.max(1 - generatorUse, 0);
  return {
    server: series.server,
    variant: series.variant,
    perSecond: medianOf(rates) ?? 0,
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    userNs: medianOf(series.rounds.map((round) => round.serverUserNs)),
    systemNs: medianOf(series.rounds.map((round) => round.serverSystemNs)),
    serverUse,
    generatorUse,
    generatorBound:
      serverIdle > SPARE && generatorIdle < serverIdle && generatorUse + generatorIdle > 1 - SPARE,
    disturbance:
      idle === undefined || serverUse === undefined ? undefined : Math.max(1 - idle - serverUse, 0),
  };
}

/** Messages per second, or per second of the server's processor time, which a busy machine disturbs less. */
export type Rate = (round: Measurement) => number | undefined;

export const byElapsedTime: Rate = (round) => round.perSecond;

export const byProcessorTime: Rate = ({ serverUserNs, serverSystemNs }) =>
  serverUserNs === undefined || serverSystemNs === undefined
    ? undefined
    : 1e9 / (serverUserNs + serverSystemNs);

/** The median, within rounds, of one server's rate ÷ another's. */
export function ratioOf(
  numerator: Series | undefined,
  denominator: Series | undefined,
  rate: Rate = byElapsedTime,
): number | undefined {
  if (numerator === undefined || denominator === undefined) return undefined;
  const ratios: (number | undefined)[] = [];
  for (const [round, over] of numerator.rounds.entries()) {
    const under = denominator.rounds[round];
    if (under === undefined) continue;
    const [above, below] = [rate(over), rate(under)];
    ratios.push(above === undefined || below === undefined ? undefined : above / below);
  }
  return medianOf(ratios);
}

/** Undefined when there are none, or one is unknown. */
export function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0 || known.length < values.length) return undefined;
  const middle = known.length >> 1;
  const upper = known[middle] as number;
  return known.length % 2 === 1 ? upper : ((known[middle - 1] as number) + upper) / 2;
}

const latestFile = benchPath("results/latest.json");

/** The last full run of each scenario, as committed. */
export function readLatest(): BenchResults {
  try {
    return JSON.parse(readFileSync(latestFile, "utf8")) as BenchResults;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Replaces the scenarios that were measured now and keeps the others. */
export function writeLatest(results: BenchResults): string {
  writeResults(latestFile, { ...readLatest(), ...results });
  return latestFile;
}

export function writeResults(file: string, results: BenchResults): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
}
