import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DurationHistogram } from "./duration-histogram.ts";

describe("DurationHistogram", () => {
  it("counts in the bucket whose bound is the first that is not below", () => {
    const histogram = new DurationHistogram([0.001, 0.01, 0.1]);
    for (const seconds of [0, 0.001, 0.0011, 0.01, 0.05, 0.1, 0.2, 60]) histogram.observe(seconds);
    assert.deepEqual([...histogram.counts], [2, 2, 2, 2]);
    assert.equal(histogram.count, 8);
    assert.ok(Math.abs(histogram.sumSeconds - 60.3621) < 1e-9);
  });

  it("takes a negative duration as none", () => {
    const histogram = new DurationHistogram([1]);
    histogram.observe(-0.5);
    assert.deepEqual([[...histogram.counts], histogram.sumSeconds], [[1, 0], 0]);
  });

  it("refuses bounds that do not rise", () => {
    for (const bounds of [[], [0], [1, 1], [2, 1], [Number.NaN]]) {
      assert.throws(() => new DurationHistogram(bounds), RangeError);
    }
  });
});
