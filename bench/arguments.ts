import { parseArgs } from "node:util";
import { nearestName } from "../src/base/nearest-name.ts";
import { type Scenario, scenarioNames } from "./scenarios.ts";
import { serverNames } from "./servers.ts";

export interface BenchArguments {
  readonly scenarios: readonly Scenario[];
  readonly quick: boolean;
  /** Peers to measure beside Portico; undefined: all that are installed. */
  readonly peers: readonly string[] | undefined;
  /** Nothing but these servers, Portico's included. */
  readonly only: readonly string[] | undefined;
  readonly seconds: number;
  readonly rounds: number;
  readonly generator: "auto" | "uring" | "libuv";
  /** Where the result is written besides bench/results/latest.json. */
  readonly jsonFile: string | undefined;
}

/** What was typed makes no sense; the message says what and what is near. */
export class BenchUsageError extends Error {
  readonly code = "BENCH_USAGE";
}

export const benchUsage = `usage: portico bench echo|fanout|rooms|publish|tls|memory|all [options]
       portico bench chat [options]       thousands of users who talk (portico bench chat --help)

  --quick           everything small: does it work, not how fast is it
  --peers a,b       Portico and these peers only: node-net, bun, ws, socket.io (default: all installed)
  --only a,b        these servers only, by the names in the result's first column
  --seconds N       measured seconds of one round (default 3, at least 0.1)
  --rounds N        rounds; servers alternate within each (default 5)
  --generator B     port of the load generator: auto, uring, libuv (default auto)
  --json FILE       write the result to FILE too`;

const options = {
  quick: { type: "boolean" },
  peers: { type: "string" },
  only: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  generator: { type: "string" },
  json: { type: "string" },
} as const;

/** Reads the command line. Throws BenchUsageError. */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !Object.hasOwn(options, name))
      throw unknown("option", name, Object.keys(options), "--");
  }
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new BenchUsageError((error as Error).message, { cause: error });
  }
  const { values, positionals } = parsed;
  const quick = values.quick ?? false;
  return {
    scenarios: readScenarios(positionals),
    quick,
    peers: readList("peers", values.peers, ["node-net", "bun", "ws", "socket.io"]),
    only: readList("only", values.only, serverNames()),
    seconds: readNumber("seconds", values.seconds, quick ? 0.3 : 3, 0.1),
    rounds: readNumber("rounds", values.rounds, quick ? 1 : 5, 1),
    generator: readGenerator(values.generator ?? "auto"),
    jsonFile: values.json,
  };
}

function readScenarios(positionals: readonly string[]): readonly Scenario[] {
  if (positionals.length === 0) throw new BenchUsageError("say what to measure");
  const found = new Set<Scenario>();
  for (const name of positionals) {
    if (name === "all") for (const each of scenarioNames) found.add(each);
    else if (isOneOf(name, scenarioNames)) found.add(name);
    else throw unknown("benchmark", name, [...scenarioNames, "all"]);
  }
  return [...found];
}

function readList(
  option: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").filter((name) => name !== "");
  for (const name of names) if (!known.includes(name)) throw unknown(`name in --${option}`, name, known);
  return names;
}

function readNumber(option: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === "" || !(value >= least) || !Number.isFinite(value)) {
    throw new BenchUsageError(`--${option} needs a number of at least ${least}, got "${text}"`);
  }
  return option === "rounds" ? Math.floor(value) : value;
}

function readGenerator(text: string): BenchArguments["generator"] {
  const known = ["auto", "uring", "libuv"] as const;
  if (!isOneOf(text, known)) throw unknown("port", text, known);
  return text;
}

function isOneOf<Name extends string>(text: string, names: readonly Name[]): text is Name {
  return (names as readonly string[]).includes(text);
}

function unknown(what: string, name: string, known: readonly string[], prefix = ""): BenchUsageError {
  const nearest = nearestName(name, known);
  const hint =
    nearest === undefined
      ? `known: ${known.map((each) => prefix + each).join(", ")}`
      : `did you mean ${prefix}${nearest}?`;
  return new BenchUsageError(`unknown ${what} ${prefix}${name}; ${hint}`);
}
