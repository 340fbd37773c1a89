import { parseArgs } from "node:util";
import { parseDuration } from "../../src/base/duration.ts";
import { nearestName } from "../../src/base/nearest-name.ts";
import { parseSocketAddress, type SocketAddress } from "../../src/engine/index.ts";
import { BenchUsageError } from "../arguments.ts";

/** What a run of `portico bench chat` is like. */
export interface ChatLoad {
  /** undefined: a server of its own. */
  readonly server: SocketAddress | undefined;
  readonly users: number;
  readonly rooms: number;
  /** Rooms that each user is in. */
  readonly roomsPerUser: number;
  /** Exponent of Zipf's law: room k is chosen with a weight of 1 / k^zipf. 0: all alike. */
  readonly zipf: number;
  readonly roomKind: "logged" | "memory";
  /** Mean time between two messages of one user, milliseconds; exponentially distributed. */
  readonly thinkMs: number;
  /** Bytes of a text, when there is no file of texts. */
  readonly textBytes: number;
  /** What the users say, a line each; undefined: filling of `textBytes`. */
  readonly textFile: string | undefined;
  /** Users connect evenly over this time. */
  readonly rampMs: number;
  /** Measured, after the ramp. */
  readonly durationMs: number;
  /** Users that lose their connection and come back, per second. */
  readonly churnPerSecond: number;
  /** Share of users that read in fits and starts, 0 … 1. */
  readonly slowShare: number;
  /** Connect everybody, restart the server, and measure until all are back. Needs a server of its own. */
  readonly restart: boolean;
  /** Users are accounts that log in with resume tokens, made before; otherwise guests. Needs a server of its own. */
  readonly accounts: boolean;
  readonly seed: number;
  readonly backend: "auto" | "uring" | "libuv";
  readonly jsonFile: string | undefined;
  /** No line of progress each second. */
  readonly quiet: boolean;
}

export const chatUsage = `usage: portico bench chat [options]

Thousands of users who talk, on the engine's own client side. It verifies while it measures: every
member hears every message of its rooms once, in order.

  --server HOST:PORT   a server that allows guests, with its limits set for this; without it, one of its own
  --users N            users (1000)
  --rooms N            rooms (100)
  --rooms-per-user N   rooms that each user is in (2)
  --zipf S             how much the first rooms are preferred: weight 1/k^S (1)
  --kind KIND          rooms: logged or memory (logged)
  --think DURATION     mean time between two messages of one user (10s)
  --text BYTES         length of a text (64)
  --text-file FILE     what they say, one line each
  --ramp DURATION      they come in over this time (5s)
  --duration DURATION  measured after that (20s)
  --churn N            connections lost per second, which come back and resume (0)
  --slow SHARE         share of users that read in fits and starts (0)
  --restart            everybody comes in, the server is restarted, and all resume: how long does it take?
  --accounts           users are accounts that come back with a resume token, not guests
  --seed N             of everything that is random (1)
  --backend B          port of the server of its own: auto, uring, libuv (auto)
  --json FILE          write the result to FILE too
  --quiet              no progress`;

const options = {
  server: { type: "string" },
  users: { type: "string" },
  rooms: { type: "string" },
  "rooms-per-user": { type: "string" },
  zipf: { type: "string" },
  kind: { type: "string" },
  think: { type: "string" },
  text: { type: "string" },
  "text-file": { type: "string" },
  ramp: { type: "string" },
  duration: { type: "string" },
  churn: { type: "string" },
  slow: { type: "string" },
  restart: { type: "boolean" },
  accounts: { type: "boolean" },
  seed: { type: "string" },
  backend: { type: "string" },
  json: { type: "string" },
  quiet: { type: "boolean" },
} as const;

/** Reads the command line. Throws BenchUsageError. */
export function readChatLoad(args: readonly string[]): ChatLoad {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || Object.hasOwn(options, name)) continue;
    const nearest = nearestName(name, Object.keys(options));
    throw new BenchUsageError(
      `unknown option --${name}${nearest === undefined ? "" : `; did you mean --${nearest}?`}`,
    );
  }
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: false });
  } catch (error) {
    throw new BenchUsageError((error as Error).message, { cause: error });
  }
  const { values } = parsed;
  const load: ChatLoad = {
    server: readServer(values.server),
    users: number("users", values.users, 1000, 1, 200_000),
    rooms: number("rooms", values.rooms, 100, 1, 100_000),
    roomsPerUser: number("rooms-per-user", values["rooms-per-user"], 2, 1, 31),
    zipf: number("zipf", values.zipf, 1, 0, 10, false),
    roomKind: oneOf("kind", values.kind, ["logged", "memory"], "logged"),
    thinkMs: duration("think", values.think, 10_000, 1),
    textBytes: number("text", values.text, 64, 24, 4000),
    textFile: values["text-file"],
    rampMs: duration("ramp", values.ramp, 5000, 0),
    durationMs: duration("duration", values.duration, 20_000, 100),
    churnPerSecond: number("churn", values.churn, 0, 0, 10_000, false),
    slowShare: number("slow", values.slow, 0, 0, 1, false),
    restart: values.restart ?? false,
    accounts: values.accounts ?? false,
    seed: number("seed", values.seed, 1, 0, 2 ** 32 - 1),
    backend: oneOf("backend", values.backend, ["auto", "uring", "libuv"], "auto"),
    jsonFile: values.json,
    quiet: values.quiet ?? false,
  };
  if ((load.restart || load.accounts) && load.server !== undefined) {
    throw new BenchUsageError("--restart and --accounts need a server of its own: leave --server out");
  }
  return load;
}

function readServer(text: string | undefined): SocketAddress | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSocketAddress(text);
  } catch {
    throw new BenchUsageError(`--server needs an address such as 127.0.0.1:9000, got "${text}"`);
  }
}

function number(
  option: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
  isWhole = true,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  const isFit =
    text.trim() !== "" && value >= least && value <= most && (!isWhole || Number.isInteger(value));
  if (isFit) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new BenchUsageError(`--${option} needs ${kind}, ${least} … ${most}, got "${text}"`);
}

function duration(option: string, text: string | undefined, fallbackMs: number, leastMs: number): number {
  if (text === undefined) return fallbackMs;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= leastMs) return ms;
  throw new BenchUsageError(`--${option} needs a duration such as 500ms or 20s, got "${text}"`);
}

function oneOf<const Choice extends string>(
  option: string,
  text: string | undefined,
  choices: readonly Choice[],
  fallback: NoInfer<Choice>,
): Choice {
  if (text === undefined) return fallback;
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new BenchUsageError(`--${option} is one of ${choices.join(", ")}, got "${text}"`);
}
