import { readFileSync } from "node:fs";
import type { CpuTime } from "./job.ts";

/** Linux counts in ticks of a hundredth of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;

/** Processor time that another process and all its threads have used; undefined where there is no /proc. */
export function cpuTimeOf(pid: number): CpuTime | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may hold anything: fields 3… follow it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { userMs: Number(fields[11]) * TICK_MS, systemMs: Number(fields[12]) * TICK_MS };
}

/** Time that a core has spent idle; undefined where there is no /proc. */
export function coreIdleMs(core: number | undefined): number | undefined {
  if (core === undefined) return undefined;
  try {
    const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readFileSync("/proc/stat", "latin1"))?.[1];
    // user, nice, system, idle, iowait, …
    const fields = line?.split(" ").map(Number);
    return fields === undefined ? undefined : ((fields[3] ?? 0) + (fields[4] ?? 0)) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** All cores together, since the machine was started. */
export interface MachineTime {
  /** By programs and the kernel. */
  readonly busyMs: number;
  /** While a program was ready and the host of this virtual machine ran something else. */
  readonly stolenMs: number;
}

/** undefined where there is no /proc. */
export function machineTime(): MachineTime | undefined {
  try {
    const line = /^cpu {2}(.*)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1];
    if (line === undefined) return undefined;
    // user, nice, system, idle, iowait, irq, softirq, steal, … (proc_stat(5)); guests are in user.
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(" ").map(Number);
    return { busyMs: (user + nice + system + irq + softirq) * TICK_MS, stolenMs: steal * TICK_MS };
  } catch {
    return undefined;
  }
}

/** Processor time of this process. */
export function ownCpuTime(): CpuTime {
  const usage = process.cpuUsage();
  return { userMs: usage.user / 1000, systemMs: usage.system / 1000 };
}

export function cpuTimeBetween(from: CpuTime | undefined, to: CpuTime | undefined): CpuTime | undefined {
  if (from === undefined || to === undefined) return undefined;
  return { userMs: to.userMs - from.userMs, systemMs: to.systemMs - from.systemMs };
}

export function machineTimeBetween(
  from: MachineTime | undefined,
  to: MachineTime | undefined,
): MachineTime | undefined {
  if (from === undefined || to === undefined) return undefined;
  return { busyMs: to.busyMs - from.busyMs, stolenMs: to.stolenMs - from.stolenMs };
}
