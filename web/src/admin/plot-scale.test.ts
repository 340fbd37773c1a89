import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearestPoint, niceScale, timeTicks, unbroken } from "./plot-scale.ts";

const MINUTE_MS = 60_000;

describe("the scale of a plot", () => {
  it("ends at a round number that has room for the largest value", () => {
    assert.deepEqual(niceScale(7), { max: 8, ticks: [0, 2, 4, 6, 8] });
    assert.deepEqual(niceScale(100), { max: 100, ticks: [0, 25, 50, 75, 100] });
    assert.deepEqual(niceScale(0.3).ticks, [0, 0.1, 0.2, 0.3, 0.4]);
    assert.equal(niceScale(1_234_567).max, 2_000_000);
  });

  it("is 0 to 1 when there is nothing to show", () => {
    for (const largest of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.deepEqual(niceScale(largest), { max: 1, ticks: [0, 0.25, 0.5, 0.75, 1] });
    }
  });

  it("never ends below the largest value", () => {
    for (let largest = 1; largest < 100_000; largest = largest * 1.37 + 0.01) {
      const { max, ticks } = niceScale(largest);
      assert.ok(max >= largest && max <= largest * 5, `${largest}: ${max}`);
      assert.equal(ticks.at(-1), Number(max.toPrecision(12)));
    }
  });

  it("has times on whole steps of the clock", () => {
    const from = 1_000_000 * MINUTE_MS + 3 * MINUTE_MS;
    const ticks = timeTicks(from, from + 60 * MINUTE_MS, 4);
    assert.ok(ticks.length >= 3 && ticks.length <= 5);
    assert.ok(ticks.every((at) => at % (15 * MINUTE_MS) === 0 && at >= from));
    assert.deepEqual(timeTicks(5, 5, 4), []);
  });
});

describe("the points of a plot", () => {
  const points = [1, 2, undefined, 4, 5].map((value, index) => ({ timeMs: index * 10, value }));

  it("are broken where nothing was measured", () => {
    const runs = unbroken(points, 10);
    assert.deepEqual(
      runs.map((run) => run.map(({ value }) => value)),
      [
        [1, 2],
        [4, 5],
      ],
    );
  });

  it("are broken where time is missing", () => {
    const later = [...points.slice(0, 2), { timeMs: 500, value: 9 }];
    assert.deepEqual(
      unbroken(later, 15).map((run) => run.length),
      [2, 1],
    );
  });

  it("are found by time", () => {
    assert.equal(nearestPoint([], 3), -1);
    assert.equal(nearestPoint(points, -100), 0);
    assert.equal(nearestPoint(points, 14), 1);
    assert.equal(nearestPoint(points, 16), 2);
    assert.equal(nearestPoint(points, 1e9), 4);
  });
});
