import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DurationHistogram } from "../base/duration-histogram.ts";
import { quantilesOf, QuantileWindow } from "./quantile-window.ts";

describe("quantilesOf", () => {
  const bounds = [0.001, 0.01, 0.1];

  it("spreads what is in a bucket evenly", () => {
    const { count, p50Ms, p99Ms, maxMs } = quantilesOf(bounds, Float64Array.of(0, 100, 0, 0));
    assert.equal(count, 100);
    assert.ok(Math.abs(p50Ms - 5.5) < 1e-9);
    assert.ok(Math.abs(p99Ms - 9.91) < 1e-9);
    assert.equal(maxMs, 10);
  });

  it("knows nothing above the last bound but that bound", () => {
    const { p50Ms, p99Ms, maxMs } = quantilesOf(bounds, Float64Array.of(0, 0, 0, 7));
    assert.deepEqual([p50Ms, p99Ms, maxMs], [100, 100, 100]);
  });

  it("is 0 when nothing happened", () => {
    assert.deepEqual(quantilesOf(bounds, new Float64Array(4)), { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});

describe("QuantileWindow", () => {
  it("counts from its beginning, piece by piece, and forgets the oldest", () => {
    const histogram = new DurationHistogram([0.001, 1]);
    histogram.observe(0.5);
    const window = new QuantileWindow(histogram, 2);
    assert.equal(window.whole().count, 0, "what was before is not its business");
    histogram.observe(0.5);
    assert.equal(window.take().count, 1);
    assert.equal(window.take().count, 0);
    assert.equal(window.whole().count, 1);
    histogram.observe(0.5);
    histogram.observe(0.5);
    assert.equal(window.take().count, 2);
    assert.equal(window.whole().count, 2);
  });
});
