import { BenchUsageError, benchUsage, readBenchArguments } from "./arguments.ts";
import { chatUsage } from "./chat/arguments.ts";
import { runChat } from "./chat/run-chat.ts";
import { canPin, GENERATOR_CORE, SERVER_CORE } from "./child.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { type BenchResults, type ScenarioResult, writeLatest, writeResults } from "./results.ts";
import { type Bench, runRounds } from "./rounds.ts";
import { type Scenario, titleOf, variantsOf } from "./scenarios.ts";
import { serversFor } from "./servers.ts";
import { renderText, tablesOf } from "./tables.ts";
import { targetTable } from "./targets.ts";
import { openPort } from "../src/engine/index.ts";

/**
 * `portico bench`: `args` is what follows the word. Returns the exit code: 0 done, 1 a server or the
 * load failed (a message lost, doubled or out of order, for instance), 2 the arguments make no sense.
 */
export async function runBench(args: string[]): Promise<number> {
  const isChat = args[0] === "chat";
  const usageText = isChat ? chatUsage : benchUsage;
  if (args.includes("--help") || args.includes("-h")) {
    print(usageText);
    return 0;
  }
  try {
    if (isChat) return await runChat(args.slice(1));
    const bench: Bench = { arguments: readBenchArguments(args), pinned: canPin(), log: print };
    await runScenarios(bench);
    return 0;
  } catch (error) {
    const usage = error instanceof BenchUsageError;
    process.stderr.write(`portico bench: ${(error as Error).message}\n`);
    if (usage) process.stderr.write(`${usageText}\n`);
    return usage ? 2 : 1;
  }
}

async function runScenarios(bench: Bench): Promise<void> {
  const { scenarios, quick, jsonFile } = bench.arguments;
  const machine = describeMachine();
  print(machineLine(machine));
  print(
    bench.pinned
      ? `servers on core ${SERVER_CORE}, load generator on core ${GENERATOR_CORE}`
      : "servers and load generator are not pinned to cores (taskset and two cores are needed): figures will vary",
  );
  const results: BenchResults = {};
  for (const scenario of scenarios) {
    const result = await runScenario(bench, scenario, machine);
    results[scenario] = result;
    for (const { title, table } of tablesOf(result)) print(`\n${title}\n${renderText(table)}`);
    // After each scenario, so that an interrupted run has not been for nothing.
    if (!quick && bench.arguments.only === undefined) writeLatest({ [scenario]: result });
    if (jsonFile !== undefined) writeResults(jsonFile, results);
  }
  const reached = targetTable(results);
  if (!quick && reached.rows.length > 0) print(`\n${renderText(reached)}`);
}

async function runScenario(
  bench: Bench,
  scenario: Scenario,
  machine: ScenarioResult["machine"],
): Promise<ScenarioResult> {
  const { quick, seconds, peers, only } = bench.arguments;
  const { run, left } = serversFor(scenario, { peers, only, uringAvailable: await isUringAvailable() });
  print(`\n${titleOf(scenario, quick)}`);
  for (const [name, reason] of left) print(`  without ${name}: ${reason}`);
  if ([...left.values()].some((reason) => reason.includes("not installed"))) {
    print("  (npm ci --prefix bench installs the peers)");
  }
  const isMemory = scenario === "memory";
  return {
    scenario,
    quick,
    seconds,
    pinned: bench.pinned,
    machine,
    series: isMemory ? [] : await runRounds(bench, run, variantsOf(scenario, quick)),
    memory: isMemory ? await measureMemory(bench, run) : [],
    left: Object.fromEntries(left),
    finishedAt: new Date().toISOString(),
  };
}

async function isUringAvailable(): Promise<boolean> {
  try {
    await openPort({ backend: "uring" }).port.close();
    return true;
  } catch {
    return false;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
