import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../../../src/base/random.ts";
import type { TimelineItem } from "./contract.ts";
import { nextRows } from "./timeline-change.ts";

const known = new Map<string, TimelineItem>();

function rows(keys: string): TimelineItem[] {
  return keys.split("").map((key) => {
    const row = known.get(key) ?? { type: "day", key, dayMs: 0 };
    known.set(key, row);
    return row;
  });
}

function step(before: string, after: string): string {
  const { items, change, hasMore } = nextRows(rows(before), rows(after));
  return `${items.map(({ key }) => key).join("")} ${change}${hasMore ? " …" : ""}`;
}

describe("how rows become others", () => {
  for (const [before, after, told] of [
    ["", "", " none"],
    ["", "abc", "abc tail"],
    ["abc", "abc", "abc none"],
    ["abc", "abcd", "abcd tail"],
    ["abcd", "abc", "abc tail"],
    ["bcd", "abcd", "abcd head"],
    ["abcd", "cd", "cd head"],
    ["bc", "abcd", "abc head …"],
    ["abc", "bcd", "bc head …"],
    ["xbc", "abc", "abc head"],
    ["abx", "aby", "aby tail"],
    ["abc", "xyz", "xyz replace"],
    ["abc", "", " replace"],
  ] as const) {
    it(`${before || "nothing"} → ${after || "nothing"}: ${told}`, () =>
      assert.equal(step(before, after), told));
  }

  it("comes to the new rows in two steps at most, changing one end in each (500 seeds)", () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    for (let seed = 1; seed <= 500; seed++) {
      const random = new SeededRandom(seed);
      const cut = (): string => {
        const from = random.below(20);
        return letters.slice(from, from + 1 + random.below(6));
      };
      const before = cut();
      const after = cut();
      const first = nextRows(rows(before), rows(after));
      const second = first.hasMore ? nextRows(first.items, rows(after)) : first;
      assert.equal(second.items.map(({ key }) => key).join(""), after, `seed ${seed}`);
      assert.equal(second.hasMore, false);
      if (first.hasMore) assert.equal(first.items.at(-1)?.key, before.at(-1), "the tail as it was");
      if (second.change === "tail") assert.equal(second.items[0]?.key, after[0]);
    }
  });
});
