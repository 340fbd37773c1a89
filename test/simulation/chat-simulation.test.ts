import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulateChat } from "./chat-simulation.ts";

/** PORTICO_SIMULATION_SEED starts elsewhere; PORTICO_SIMULATION_SEEDS runs more. */
const firstSeed = Number(process.env.PORTICO_SIMULATION_SEED ?? 1);
const seedCount = Number(process.env.PORTICO_SIMULATION_SEEDS ?? 200);

describe("whole-server simulation", () => {
  it(`keeps the eight rules over ${seedCount} seeds from ${firstSeed}`, async (test) => {
    let acknowledged = 0;
    let heard = 0;
    let crashes = 0;
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
      const report = await simulateChat({ seed });
      acknowledged += report.acknowledgedCount;
      heard += report.heardCount;
      crashes += report.crashCount;
    }
    test.diagnostic(
      `${seedCount} seeds: ${acknowledged} acknowledged, ${heard} heard, ${crashes} server crashes`,
    );
    assert.ok(acknowledged > seedCount * 20, "people talked");
    assert.ok(heard > acknowledged, "and others heard them");
    assert.ok(seedCount < 20 || crashes > 0, "and servers crashed");
  });

  it("makes the same run of the same seed, and another of another", async () => {
    const [one, again, other] = [
      await simulateChat({ seed: 42 }),
      await simulateChat({ seed: 42 }),
      await simulateChat({ seed: 43 }),
    ];
    assert.deepEqual(one, again);
    assert.notEqual(one.fingerprint, other.fingerprint);
  });
});
