import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { TokenBucket } from "./token-bucket.ts";

describe("TokenBucket", () => {
  it("gives the burst, then the rate", () => {
    const bucket = new TokenBucket(10, 3, 0);
    assert.deepEqual([bucket.take(1, 0), bucket.take(1, 0), bucket.take(1, 0)], [0, 0, 0]);
    assert.equal(bucket.take(1, 0), 100);
    assert.equal(bucket.take(1, 99), 1);
    assert.equal(bucket.take(1, 100), 0);
    assert.equal(bucket.take(3, 100), 300);
  });

  it("says when waiting does not help", () => {
    assert.equal(new TokenBucket(10, 3, 0).take(4, 0), Number.POSITIVE_INFINITY);
    const still = new TokenBucket(0, 1, 0);
    assert.equal(still.take(1, 0), 0);
    assert.equal(still.take(1, 1e9), Number.POSITIVE_INFINITY);
  });

  it("is full again after a rest, and never holds more than the burst", () => {
    const bucket = new TokenBucket(1, 2, 0);
    bucket.take(2, 0);
    assert.equal(bucket.isFull(1999), false);
    assert.equal(bucket.isFull(2000), true);
    assert.equal(bucket.take(2, 1e6), 0);
    assert.equal(bucket.take(1, 1e6), 1000);
  });

  it("is not moved by a clock that goes back", () => {
    const bucket = new TokenBucket(1, 1, 1000);
    assert.equal(bucket.take(1, 1000), 0);
    assert.equal(bucket.take(1, 0), 2000);
    assert.equal(bucket.take(1, 2000), 0);
  });

  it("never gives more than burst + rate × time, and waiting as told is enough", () => {
    const step = fc.record({ afterMs: fc.nat(2000), cost: fc.integer({ min: 1, max: 20 }) });
    const rate = fc.double({ min: 0.1, max: 5000, noNaN: true });
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 50 }), fc.array(step), (ratePerSecond, burst, steps) => {
        const startMs = 1_700_000_000_000;
        let nowMs = startMs;
        let given = 0;
        const bucket = new TokenBucket(ratePerSecond, burst, nowMs);
        for (const { afterMs, cost } of steps) {
          nowMs += afterMs;
          const waitMs = bucket.take(cost, nowMs);
          if (waitMs === 0) given += cost;
          else if (waitMs !== Number.POSITIVE_INFINITY) {
            nowMs += waitMs;
            assert.equal(bucket.take(cost, nowMs), 0);
            given += cost;
          }
          assert.ok(given <= burst + ((nowMs - startMs) * ratePerSecond) / 1000 + 0.01);
        }
      }),
    );
  });
});
