import type { ChatServerCounters } from "../../src/chat/chat-server.ts";
import type { MachineTime } from "../load/cpu-time.ts";
import type { CpuTime } from "../load/job.ts";
import type { Machine } from "../machine.ts";
import type { ChatLoad } from "./arguments.ts";
import type { CrowdCounts } from "./crowd.ts";
import type { LatencySummary } from "./histogram.ts";
import { renderServerCounts } from "./server-counts.ts";

/** What came out of a run of `portico bench chat`. */
export interface ChatResult {
  readonly load: ChatLoad;
  readonly machine: Machine;
  /** Until everybody was in. */
  readonly rampMs: number;
  /** From the restarted server's being ready until everybody had resumed. */
  readonly restartMs: number | undefined;
  readonly measuredMs: number;
  readonly sentPerSecond: number;
  readonly acknowledgedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly ackLatency: LatencySummary;
  readonly deliveryLatency: LatencySummary;
  /** From the first connection to the end. */
  readonly counts: CrowdCounts;
  readonly unacknowledged: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly disconnects: Readonly<Record<string, number>>;
  readonly losses: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly faultCount: number;
  readonly toldFaults: readonly string[];
  readonly serverCpu: CpuTime | undefined;
  readonly ownCpu: CpuTime | undefined;
  /** All cores and all programs: what is not ours of it disturbed the measurement. */
  readonly machineCpu: MachineTime | undefined;
  /** The server's own counters, where it is ours to ask. */
  readonly server: ChatServerCounters | undefined;
}

export function renderChat(result: ChatResult): string[] {
  const { load, counts, ackLatency, deliveryLatency, measuredMs, serverCpu, ownCpu } = result;
  const lines = [
    "",
    `${load.users} users, ${load.rooms} ${load.roomKind} rooms, ${load.roomsPerUser} each, one message per ${load.thinkMs / 1000} s`,
    `  in after        ${result.rampMs} ms`,
    ...(result.restartMs === undefined
      ? []
      : [`  resumed after   ${result.restartMs} ms (all users, all rooms)`]),
    `  measured        ${(measuredMs / 1000).toFixed(1)} s`,
    `  acknowledged/s  ${result.acknowledgedPerSecond.toLocaleString("en")}`,
    `  delivered/s     ${result.deliveredPerSecond.toLocaleString("en")}`,
    `  acknowledged    ${latencyText(ackLatency)}`,
    `  heard           ${latencyText(deliveryLatency)}`,
    `  in all          ${counts.sent} sent, ${counts.acknowledged} acknowledged, ${result.unacknowledged} left open, ${counts.delivered} delivered`,
    `  connections     ${counts.lost} lost, ${counts.churned} cut on purpose, ${counts.resumed} rooms resumed, ${counts.gaps} gaps told`,
  ];
  if (serverCpu !== undefined) lines.push(`  server          ${cpuText(serverCpu, measuredMs)}`);
  if (ownCpu !== undefined) lines.push(`  this load       ${cpuText(ownCpu, measuredMs)}`);
  if (result.machineCpu !== undefined)
    lines.push(`  others          ${othersText(result, result.machineCpu)}`);
  if (result.server !== undefined) lines.push(...renderServerCounts(result.server));
  for (const [title, entries] of [
    ["refused", result.refusals],
    ["disconnected", result.disconnects],
    ["lost because", result.losses],
  ] as const) {
    for (const [key, count] of Object.entries(entries)) lines.push(`  ${title.padEnd(15)} ${key} × ${count}`);
  }
  if (result.faultCount === 0) {
    lines.push("  verified        each member heard each message once, in order");
  } else {
    for (const [kind, count] of Object.entries(result.faults))
      lines.push(`  FAULT           ${kind} × ${count}`);
    for (const told of result.toldFaults) lines.push(`    ${told}`);
  }
  return lines;
}

function latencyText({ p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: LatencySummary): string {
  return `p50 ${p50Ms} ms, p90 ${p90Ms}, p99 ${p99Ms}, p99.9 ${p999Ms}, longest ${maxMs}`;
}

function cpuText({ userMs, systemMs }: CpuTime, measuredMs: number): string {
  const share = (ms: number): string => shareText(ms, measuredMs);
  return `${share(userMs + systemMs)} of a core: ${share(userMs)} user, ${share(systemMs)} system`;
}

/** How quiet the machine was. A server that is not ours counts as another program. */
function othersText(
  { serverCpu, ownCpu, measuredMs }: ChatResult,
  { busyMs, stolenMs }: MachineTime,
): string {
  const sumOf = (time: CpuTime | undefined): number => (time === undefined ? 0 : time.userMs + time.systemMs);
  const otherMs = Math.max(0, busyMs - sumOf(serverCpu) - sumOf(ownCpu));
  return (
    `${shareText(otherMs, measuredMs)} of a core by other programs and the kernel, ` +
    `${shareText(stolenMs, measuredMs)} taken by the host`
  );
}

function shareText(ms: number, measuredMs: number): string {
  return `${Math.round((ms / measuredMs) * 100)} %`;
}
