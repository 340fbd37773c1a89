import { isAbsolute, relative, sep } from "node:path";

/** The ports that tests run on, in the order in which they are told. */
export const portNames = ["uring", "libuv", "iocp", "simulated"] as const;

export type PortName = (typeof portNames)[number];

/** What the tally needs of an event of node:test's runner (`test:start`, `test:pass`, `test:fail`). */
export interface TallyEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    /** Where the test is written; a suite's cases lie elsewhere than the file that runs them. */
    readonly file?: string | undefined;
    /** The file that was run. */
    readonly entryFile?: string | undefined;
    /** The reason, or true without one. */
    readonly skip?: string | boolean | undefined;
    readonly details?: { readonly type?: string | undefined };
  };
}

export interface PortTallyOptions {
  /** What the files' names are relative to. */
  readonly root: string;
  /** PORTICO_TEST_BACKENDS: the ports that the run was narrowed to. */
  readonly backends?: string | undefined;
  /** PORTICO_TESTED_ELSEWHERE: what another run tested, or "iocp skipped: why". */
  readonly elsewhere?: string | undefined;
}

/** "on uring", "on the uring port", "[uring]", "[simulated, rough network]", "UringPort"; and "(no port)". */
const PORT_IN_TITLE =
  /(?:\bon (?:the )?|\[)(uring|libuv|iocp|simulated)\b|\b(Uring|Libuv|Iocp|Simulated)Port\b|\(no port\)/g;

/** Files whose tests have to say which port they run on. */
const MUST_SAY = /^test\/(?:conformance|integration)\//;

/**
 * What is skipped in a port's own folder is skipped for that port's sake. What runs there counts by its title:
 * much of it, such as a table of errors, needs no port.
 */
const OWN_FOLDER = /^src\/engine\/(uring|libuv|iocp|simulated)\//;

/** What to do for a port that this run cannot have. */
const hints: Partial<Record<PortName, string>> = { iocp: "npm run test:windows runs its tests" };

/** As many reasons for skipping single tests as the line tells; the rest is counted. */
const TOLD_REASONS = 6;

/** The port that a title names; where several are named, the last. "none" for "(no port)". */
export function portOfTitle(title: string): PortName | "none" | undefined {
  const last = [...title.matchAll(PORT_IN_TITLE)].at(-1);
  if (last === undefined) return undefined;
  const [, name, className] = last;
  return portNames.find((port) => port === (name ?? className?.toLowerCase())) ?? "none";
}

/**
 * Counts, from the events of a test run, the tests that ran on each port, and why others did not run. What a
 * test ran on is what its title says, or that of the innermost `describe` around it that says something.
 */
export class PortTally {
  readonly #options: PortTallyOptions;
  /** The titles of the tests that are under way, outermost first. The runner reports one file after another. */
  readonly #path: string[] = [];
  readonly #counts = new Map<PortName, number>();
  /** Reasons for skipping tests of a port, and how often. */
  readonly #skipsOfPorts = new Map<PortName, Map<string, number>>();
  /** Reasons for skipping tests of no port. */
  readonly #otherSkips = new Map<string, number>();
  readonly #silent = new Set<string>();

  constructor(options: PortTallyOptions) {
    this.#options = options;
  }

  /** Tests that do not say which port they ran on although they lie where they must, as "file: title". */
  get silentTests(): string[] {
    return [...this.#silent];
  }

  add({ type, data }: TallyEvent): void {
    const { name = "", nesting = 0 } = data;
    if (type !== "test:start" && type !== "test:pass" && type !== "test:fail") return;
    this.#path.length = Math.min(this.#path.length, nesting);
    this.#path[nesting] = name;
    if (type === "test:start") return;
    const file = this.#fileOf(data);
    // A file without a single test is reported as a test, by its path; one that cannot be loaded too.
    if (nesting === 0 && this.#relative(name) === file) return;
    const port = this.#portHere();
    if (data.skip !== undefined && data.skip !== false) {
      const folder = portNames.find((each) => each === OWN_FOLDER.exec(file)?.[1]);
      this.#skip(
        port ?? folder,
        typeof data.skip === "string" && data.skip !== "" ? data.skip : "no reason given",
      );
    } else if (data.details?.type === "suite") {
      return;
    } else if (port !== undefined && port !== "none") {
      this.#counts.set(port, (this.#counts.get(port) ?? 0) + 1);
    }
    if (port === undefined && MUST_SAY.test(file)) this.#silent.add(`${file}: ${this.#path.join(" > ")}`);
  }

  /** "uring 1,204 tests, libuv 1,310; skipped: iocp (why)": which ports the run had, which not, and why. */
  summary(): string {
    const ran = portNames.filter((port) => this.#counts.has(port));
    const counts = ran.map((port, index) => {
      const count = this.#counts.get(port) ?? 0;
      return `${port} ${count.toLocaleString("en-US")}${index > 0 ? "" : count === 1 ? " test" : " tests"}`;
    });
    const { elsewhere = "" } = this.#options;
    const [, elsewherePort, elsewhereReason] = /^(\w+) skipped: (.*)$/.exec(elsewhere) ?? [];
    const toldElsewhere = elsewhereReason === undefined ? elsewhere : "";
    const reasons = new Map<string, PortName[]>();
    for (const port of portNames) {
      if (ran.includes(port) || new RegExp(`\\b${port}\\b`).test(toldElsewhere)) continue;
      const reason = port === elsewherePort && elsewhereReason ? elsewhereReason : this.#whyNot(port);
      reasons.set(reason, [...(reasons.get(reason) ?? []), port]);
    }
    const skipped = [...reasons].map(([reason, ports]) => `${ports.join(", ")} (${reason})`);
    const parts = [counts.length === 0 ? "none" : counts.join(", ")];
    if (toldElsewhere !== "") parts.push(`elsewhere: ${toldElsewhere}`);
    if (skipped.length > 0) parts.push(`skipped: ${skipped.join(", ")}`);
    const others = this.#otherReasons(ran);
    if (others.length > 0) parts.push(`single tests skipped: ${others.join(", ")}`);
    return parts.join("; ");
  }

  #portHere(): PortName | "none" | undefined {
    for (const title of this.#path.toReversed()) {
      const port = portOfTitle(title);
      if (port !== undefined) return port;
    }
    return undefined;
  }

  #skip(port: PortName | "none" | undefined, reason: string): void {
    if (port === undefined || port === "none") {
      this.#otherSkips.set(reason, (this.#otherSkips.get(reason) ?? 0) + 1);
      return;
    }
    const reasons = this.#skipsOfPorts.get(port) ?? new Map<string, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    this.#skipsOfPorts.set(port, reasons);
  }

  /** Why no test ran on the port. */
  #whyNot(port: PortName): string {
    const { backends } = this.#options;
    if (backends !== undefined && !backends.split(",").includes(port)) {
      return `PORTICO_TEST_BACKENDS is ${backends}`;
    }
    const [reason] = mostFrequent(this.#skipsOfPorts.get(port) ?? new Map<string, number>());
    if (reason === undefined) return "these files have no test of it";
    const hint = hints[port];
    return hint === undefined ? reason[0] : `${reason[0]}; ${hint}`;
  }

  /** Why single tests were skipped, of ports that ran or of none: "3 × openssl is not here". */
  #otherReasons(ran: readonly PortName[]): string[] {
    const all = new Map(this.#otherSkips);
    for (const port of ran) {
      for (const [reason, count] of this.#skipsOfPorts.get(port) ?? []) {
        all.set(reason, (all.get(reason) ?? 0) + count);
      }
    }
    const sorted = mostFrequent(all);
    const told = sorted.slice(0, TOLD_REASONS).map(([reason, count]) => `${count} × ${reason}`);
    const rest = sorted.slice(TOLD_REASONS).reduce((sum, [, count]) => sum + count, 0);
    return rest === 0 ? told : [...told, `${rest} for other reasons`];
  }

  #fileOf({ entryFile, file }: TallyEvent["data"]): string {
    return this.#relative(entryFile ?? file ?? "");
  }

  /** With slashes, from the root on. */
  #relative(path: string): string {
    const inside = isAbsolute(path) ? relative(this.#options.root, path) : path;
    return inside.replaceAll(sep, "/");
  }
}

function mostFrequent(reasons: ReadonlyMap<string, number>): [string, number][] {
  return [...reasons].sort(([, a], [, b]) => b - a);
}
