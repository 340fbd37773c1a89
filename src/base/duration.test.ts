import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

describe("duration", () => {
  it("reads units", () => {
    const cases = {
      "25s": 25_000,
      "1500ms": 1500,
      "2m": 120_000,
      "1h": 3_600_000,
      "30d": 2_592_000_000,
      "1.5s": 1500,
      " 3 s ": 3000,
    };
    for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
    assert.equal(parseDuration("1.001s"), 1001);
  });

  it("refuses anything else", () => {
    for (const text of ["", "25", "s", "-1s", "1w", "1e3s", "0.5ms", "1 h 2m", "1S", "999999999999999999h"]) {
      assert.equal(parseDuration(text), undefined, text);
    }
  });

  it("reads back what it writes", () => {
    assert.deepEqual([0, 1, 1000, 90_000, 7_200_000].map(formatDuration), ["0s", "1ms", "1s", "90s", "2h"]);
    fc.assert(fc.property(fc.maxSafeNat(), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)));
  });
});
