import {
  type BenchResults,
  byElapsedTime,
  byProcessorTime,
  type Rate,
  ratioOf,
  type ScenarioResult,
} from "./results.ts";
import { formatRatio, type Table } from "./tables.ts";

/** What Portico wants of itself: one server's throughput at least `least` times another's. */
interface Target {
  readonly scenario: "echo" | "fanout" | "rooms" | "tls";
  readonly variants: readonly string[];
  readonly ours: string;
  readonly theirs: string;
  readonly least: number;
}

const targets: readonly Target[] = [
  { scenario: "echo", variants: ["1", "16"], ours: "portico-engine-uring", theirs: "node-net", least: 1.5 },
  { scenario: "echo", variants: ["1", "16"], ours: "portico-engine-uring", theirs: "bun", least: 1 },
  { scenario: "echo", variants: ["1", "16"], ours: "portico-engine-libuv", theirs: "node-net", least: 1 },
  { scenario: "fanout", variants: ["1"], ours: "portico-chat-uring", theirs: "socket.io", least: 5 },
  { scenario: "fanout", variants: ["16"], ours: "portico-chat-uring", theirs: "bun-publish", least: 1 },
  { scenario: "fanout", variants: ["1", "16"], ours: "portico-chat-libuv", theirs: "ws", least: 2 },
  // The same wire on both sides.
  {
    scenario: "fanout",
    variants: ["1", "16"],
    ours: "portico-chat-ws-uring",
    theirs: "bun-publish",
    least: 1,
  },
  { scenario: "fanout", variants: ["1", "16"], ours: "portico-chat-ws-libuv", theirs: "ws", least: 2 },
  // Like with like: neither relay has accounts, order or limits (docs/decisions/0012-small-rooms.md).
  { scenario: "rooms", variants: ["1"], ours: "portico-relay-uring", theirs: "node-net-relay", least: 1.3 },
  // What calling OpenSSL directly has to be worth (docs/decisions/0021-tls.md); look at the processor time.
  {
    scenario: "tls",
    variants: ["1"],
    ours: "portico-tls-openssl-uring",
    theirs: "portico-tls-node-uring",
    least: 1.5,
  },
  {
    scenario: "tls",
    variants: ["1"],
    ours: "portico-tls-openssl-libuv",
    theirs: "portico-tls-node-libuv",
    least: 1.5,
  },
];

const MEMORY_LIMIT_BYTES = 2048;

/** Each target beside what was measured; those whose servers were not measured are left out. */
export function targetTable(results: BenchResults): Table {
  const rows: string[][] = [];
  for (const target of targets) {
    for (const variant of target.variants) {
      const ratio = ratioIn(results[target.scenario], variant, target, byElapsedTime);
      if (ratio === undefined) continue;
      const byProcessor = ratioIn(results[target.scenario], variant, target, byProcessorTime);
      const what = `${target.scenario} at ${variant}: ${target.ours} ÷ ${target.theirs}`;
      rows.push([
        what,
        `≥ ${target.least}`,
        formatRatio(ratio),
        ratio >= target.least ? "yes" : "no",
        formatRatio(byProcessor),
      ]);
    }
  }
  for (const figure of results.memory?.memory ?? []) {
    if (!figure.server.startsWith("portico-chat")) continue;
    const bytes = figure.bytesPerSession;
    rows.push([
      `memory: ${figure.server}`,
      `≤ ${MEMORY_LIMIT_BYTES} B`,
      `${bytes} B`,
      bytes <= MEMORY_LIMIT_BYTES ? "yes" : "no",
      "",
    ]);
  }
  return { heading: ["target", "wanted", "measured", "reached", "by processor time"], rows };
}

function ratioIn(
  result: ScenarioResult | undefined,
  variant: string,
  target: Target,
  rate: Rate,
): number | undefined {
  const find = (name: string) =>
    result?.series.find((each) => each.server === name && each.variant === variant);
  return ratioOf(find(target.ours), find(target.theirs), rate);
}
