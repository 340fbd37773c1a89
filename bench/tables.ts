import {
  type MemoryFigure,
  ratioOf,
  type ScenarioResult,
  type Series,
  summarize,
  type Summary,
} from "./results.ts";
import { type Scenario, titleOf, unitOf, variantsOf } from "./scenarios.ts";
import { findServer } from "./servers.ts";

/** What a scenario's ratios are to. */
const baselines: Readonly<Record<Exclude<Scenario, "memory">, string>> = {
  echo: "node-net",
  fanout: "socket.io",
  rooms: "node-net-relay",
  publish: "portico-chat-libuv-logged",
  tls: "portico-tls-node-libuv",
};

/** A table: heading, rows. The first column is text, the others are numbers. */
export interface Table {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One title and table for each variant of a scenario. */
export function tablesOf(result: ScenarioResult): { title: string; table: Table }[] {
  const title = titleOf(result.scenario, result.quick);
  if (result.scenario === "memory") return [{ title, table: memoryTable(result.memory) }];
  const unit = unitOf[result.scenario];
  const baseline = baselines[result.scenario];
  return variantsOf(result.scenario, result.quick).map((variant) => ({
    title: `${title}, ${variant.title}`,
    table: timedTable(
      result.series.filter((series) => series.variant === variant.key),
      unit,
      baseline,
    ),
  }));
}

function timedTable(series: readonly Series[], unit: string, baselineName: string): Table {
  const baseline = series.find((each) => each.server === baselineName);
  const ratioHeading = baseline === undefined ? [] : [`× ${baselineName}`];
  return {
    heading: [
      "server",
      unit,
      "lowest–highest",
      ...ratioHeading,
      "server ns each",
      "= user + system",
      "server core",
      "generator core",
      "",
    ],
    rows: series.map((each) => {
      const summary = summarize(each);
      const ratio = baseline === undefined ? [] : [formatRatio(ratioOf(each, baseline))];
      return [
        each.server,
        grouped(summary.perSecond),
        `${short(summary.lowest)}–${short(summary.highest)}`,
        ...ratio,
        ...processorTime(summary),
        percent(summary.serverUse),
        percent(summary.generatorUse),
        remarks(summary),
      ];
    }),
  };
}

function processorTime({ userNs, systemNs }: Summary): [string, string] {
  if (userNs === undefined || systemNs === undefined) return ["–", "–"];
  return [grouped(userNs + systemNs), `${grouped(userNs)} + ${grouped(systemNs)}`];
}

/** What a reader must know before believing the throughput. */
function remarks({ generatorBound, disturbance }: Summary): string {
  const said: string[] = [];
  if (generatorBound) said.push("generator-bound");
  if (disturbance !== undefined && disturbance > 0.1)
    said.push(`others took ${percent(disturbance)} of the core`);
  return said.join("; ");
}

function memoryTable(figures: readonly MemoryFigure[]): Table {
  return {
    heading: ["server", "bytes per session", "of them heap in use", "resident before, MiB", "after, MiB"],
    rows: figures.map((figure) => [
      figure.server,
      grouped(figure.bytesPerSession),
      grouped(figure.heapBytesPerSession),
      (figure.beforeBytes / 2 ** 20).toFixed(1),
      (figure.afterBytes / 2 ** 20).toFixed(1),
    ]),
  };
}

/** For a terminal: columns in line, numbers to the right. */
export function renderText(table: Table): string {
  const lines = [table.heading, ...table.rows];
  const widths = table.heading.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return lines.map(render).join("\n");
}

/** For a page; `portico-…` names are ours and bold. */
export function renderMarkdown(table: Table): string {
  const marks = table.heading.map((_, column) => (column === 0 ? "---" : "---:"));
  const rows = table.rows.map(([name = "", ...rest]) =>
    markdownLine([findServer(name)?.peer === "portico" ? `**${name}**` : name, ...rest]),
  );
  return [markdownLine(table.heading), markdownLine(marks), ...rows].join("\n");
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function short(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)}M` : `${Math.round(value / 1000)}k`;
}

function percent(use: number | undefined): string {
  return use === undefined ? "–" : `${Math.round(use * 100)} %`;
}

export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? "–" : ratio.toFixed(2);
}
