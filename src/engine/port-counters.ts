import type { PortCounters } from "./completion-port.ts";

/** The totals of a port that has done nothing yet. */
export function newPortCounters(): PortCounters {
  return {
    turns: 0,
    completions: 0,
    accepted: 0,
    connected: 0,
    receivedBytes: 0,
    sentBytes: 0,
    openSockets: 0,
    writtenBytes: 0,
    openFiles: 0,
    outstandingOperations: 0,
    receiveBufferShortages: 0,
  };
}
