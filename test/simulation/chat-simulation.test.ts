import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import type { RequestPacketType } from "../../src/protocol/packets.ts";
import type { AnswerCount } from "./answer-check.ts";
import { simulateChat } from "./chat-simulation.ts";
import { ALL_COMMANDS } from "./town/commands.ts";

/** PORTICO_SIMULATION_SEED starts elsewhere; PORTICO_SIMULATION_SEEDS runs more. */
const firstSeed = Number(process.env.PORTICO_SIMULATION_SEED ?? 1);
const seedCount = Number(process.env.PORTICO_SIMULATION_SEEDS ?? 200);

describe("whole-server simulation", () => {
  it(`keeps the eighteen rules over ${seedCount} seeds from ${firstSeed}`, async (test) => {
    let acknowledged = 0;
    let heard = 0;
    let crashes = 0;
    const answers = new Map<RequestPacketType, AnswerCount>();
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
      const report = await simulateChat({ seed });
      acknowledged += report.acknowledgedCount;
      heard += report.heardCount;
      crashes += report.crashCount;
      for (const [type, { done, refused }] of report.answers) {
        const sum = answers.get(type) ?? { done: 0, refused: 0 };
        answers.set(type, { done: sum.done + done, refused: sum.refused + refused });
      }
    }
    test.diagnostic(
      `${seedCount} seeds: ${acknowledged} acknowledged, ${heard} heard, ${crashes} server crashes`,
    );
    assert.ok(acknowledged > seedCount * 20, "people talked");
    assert.ok(heard > acknowledged, "and others heard them");
    assert.ok(seedCount < 20 || crashes > 0, "and servers crashed");
    if (seedCount < 200) return;
    for (const [type, { isRefusable }] of ALL_COMMANDS) {
      const { done, refused } = answers.get(type) ?? { done: 0, refused: 0 };
      assert.ok(done > 0, `${PacketType[type]} was done`);
      assert.equal(refused > 0, isRefusable, `${PacketType[type]} was refused ${refused} times`);
    }
  });

  it("makes the same run of the same seed, and another of another", async () => {
    for (const seed of [41, 42]) {
      const [one, again, other] = [
        await simulateChat({ seed }),
        await simulateChat({ seed }),
        await simulateChat({ seed: seed + 2 }),
      ];
      assert.deepEqual(one, again);
      assert.notEqual(one.fingerprint, other.fingerprint);
    }
  });

  it("knows the codes of every command as docs/PROTOCOL.md lists them", async () => {
    const page = await readFile(new URL("../../docs/PROTOCOL.md", import.meta.url), "utf8");
    for (const [type, { codes }] of ALL_COMMANDS) {
      const section =
        page.split(/^### /m).find((part) => part.includes(`(${type + 1}, server → client)`)) ?? "";
      const listed = /^Codes: (.*)\.$/m.exec(section)?.[1] ?? "";
      const names = listed.match(/[A-Z]+(?:_[A-Z]+)+|BANNED|BLOCKED|LOCKDOWN|MUTED/g) ?? [];
      assert.deepEqual(codes.toSorted(), names.toSorted(), PacketType[type]);
    }
  });
});
