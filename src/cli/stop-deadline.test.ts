import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CLOSING_TIME_MS, StopDeadline } from "./stop-deadline.ts";

describe("the deadline of a stop", () => {
  it("ends a process that is late, and says at what", () => {
    const timers: { readonly delayMs: number; readonly onExpired: () => void }[] = [];
    const lines: string[] = [];
    const deadline = new StopDeadline({
      startTimer: (delayMs, onExpired) => void timers.push({ delayMs, onExpired }),
      heldBy: () => ["TCPSocketWrap", "Timeout", "TCPSocketWrap"],
      onLate: (line) => void lines.push(line),
    });
    deadline.reach("starting");
    assert.equal(timers.length, 0, "before the stop there is no deadline");
    deadline.begin(5000);
    deadline.begin(1);
    deadline.reach("closing HTTP");
    assert.deepEqual(
      timers.map(({ delayMs }) => delayMs),
      [5000 + CLOSING_TIME_MS],
    );
    timers[0]?.onExpired();
    assert.deepEqual(lines, [
      "portico: not stopped after 35 s, while closing HTTP (open: TCPSocketWrap, Timeout); the process ends now",
    ]);
  });
});
