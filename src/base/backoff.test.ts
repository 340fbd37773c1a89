import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Backoff } from "./backoff.ts";
import { SeededRandom } from "./random.ts";

describe("backoff", () => {
  it("grows to its cap, keeps apart those who began together, and begins anew after a success", () => {
    const backoff = new Backoff(new SeededRandom(1), { firstMs: 100, capMs: 1000 });
    const bounds = [100, 200, 400, 800, 1000, 1000];
    for (const bound of bounds) {
      const delay = backoff.nextMs();
      assert.ok(delay >= bound / 4 && delay <= bound, `${delay} is from ${bound / 4} to ${bound}`);
    }
    backoff.reset();
    assert.ok(backoff.nextMs() <= 100);
    const others = Array.from({ length: 200 }, (_, seed) =>
      new Backoff(new SeededRandom(seed), { firstMs: 10_000 }).nextMs(),
    );
    assert.ok(new Set(others).size > 150, "delays differ");
  });
});
