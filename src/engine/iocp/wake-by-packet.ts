import { wakeThroughGate } from "../kernel/wake-gate.ts";
import { loadWindowsCalls } from "./windows-calls.ts";
import { WAKE_KEY } from "./constants.ts";

/** Wakes a port of another thread that blocks in `run()`, by a packet to its completion port. */
export function wakeByDescriptor(port: number, gate: SharedArrayBuffer): void {
  wakeThroughGate(gate, () => loadWindowsCalls().PostQueuedCompletionStatus(port, 0, WAKE_KEY, 0));
}
