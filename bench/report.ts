import { readFileSync, writeFileSync } from "node:fs";
import { machineLine } from "./machine.ts";
import { type BenchResults, readLatest } from "./results.ts";
import { scenarioNames } from "./scenarios.ts";
import { benchPath } from "./servers.ts";
import { renderMarkdown, tablesOf } from "./tables.ts";
import { targetTable } from "./targets.ts";

const BEGIN = "<!-- figures: written by `npm run bench:report`, from results/latest.json -->";
const END = "<!-- end of figures -->";

/** Writes the tables of results/latest.json into README.md, between the two marks. */
function writeReport(): void {
  const file = benchPath("README.md");
  const page = readFileSync(file, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("README.md has lost its marks for the figures");
  writeFileSync(
    file,
    `${page.slice(0, begin + BEGIN.length)}\n\n${figures(readLatest())}\n\n${page.slice(end)}`,
  );
}

function figures(results: BenchResults): string {
  const parts: string[] = [];
  for (const scenario of scenarioNames) {
    const result = results[scenario];
    if (result === undefined) continue;
    for (const { title, table } of tablesOf(result)) parts.push(`### ${title}`, renderMarkdown(table));
    const rounds = result.series[0]?.rounds.length;
    const how = rounds === undefined ? "" : ` ${rounds} rounds of ${result.seconds} s.`;
    parts.push(`${result.finishedAt.slice(0, 10)}.${how} ${machineLine(result.machine)}.`);
    for (const [name, reason] of Object.entries(result.left)) parts.push(`Without ${name}: ${reason}.`);
  }
  const reached = targetTable(results);
  if (reached.rows.length > 0) parts.push("### What was wanted", renderMarkdown(reached));
  return parts.length === 0 ? "Not measured yet." : parts.join("\n\n");
}

writeReport();
