import { wakeThroughGate } from "../kernel/wake-gate.ts";
import { loadSystemCalls } from "./system-calls.ts";

/** Wakes a port of another thread that blocks in `run()`, by its eventfd(2). */
export function wakeByDescriptor(fd: number, gate: SharedArrayBuffer): void {
  wakeThroughGate(gate, () => loadSystemCalls().eventfd_write(fd, 1));
}
