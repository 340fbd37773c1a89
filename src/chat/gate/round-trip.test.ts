import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clockTicks, elapsedTicks, TICKS_PER_MS } from "./round-trip.ts";

describe("round trips", () => {
  it("are told to a hundredth of a millisecond, also where the circle begins again", () => {
    const circleMs = (2 ** 30 - 1) / TICKS_PER_MS;
    for (const startMs of [0, 1234.567, circleMs - 5, circleMs * 7 - 0.01, 1e12]) {
      const sent = clockTicks(startMs);
      assert.ok(sent > 0 && sent < 2 ** 30, "a small integer, and never 0");
      for (const tookMs of [0, 0.25, 12.5, 60_000]) {
        const elapsedMs = elapsedTicks(sent, clockTicks(startMs + tookMs)) / TICKS_PER_MS;
        assert.ok(Math.abs(elapsedMs - tookMs) <= 0.02, `${startMs} + ${tookMs}: ${elapsedMs}`);
      }
    }
  });
});
