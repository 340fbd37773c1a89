import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { MENTION_LIMIT, mentionedKeys } from "./mentions.ts";
import { nameKey } from "./names.ts";

describe("mentions", () => {
  const cases: readonly (readonly [text: string, keys: readonly string[]])[] = [
    ["", []],
    ["nobody at all", []],
    ["@", []],
    ["@ ada", []],
    ["@ada", ["ada"]],
    ["hello @Ada, and @BOB!", ["ada", "bob"]],
    ["@ada. @ada's @ada... @ADA", ["ada"]],
    ["@ada...and so on", ["ada"]],
    ["@a.b-c_d", ["a.b-c_d"]],
    ["(@ada)/@bob-", ["ada", "bob"]],
    ["ada@example.org", []],
    ["𠮷@ada", []],
    ["@@ada", []],
    ["🙂@ada", ["ada"]],
    ["@김철수 @Ｂｏｂ", ["김철수", "bob"]],
    ["@x", []],
    [`@${"x".repeat(25)}`, []],
    ["@\u0430dmin", []],
  ];
  for (const [text, keys] of cases) {
    it(`finds ${keys.length === 0 ? "nobody" : keys.join(", ")} in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(mentionedKeys(text), keys);
    });
  }

  it("finds a bounded number, the first ones", () => {
    const names = Array.from({ length: MENTION_LIMIT + 5 }, (_, index) => `user${index}`);
    const text = names.map((name) => `@${name}`).join(" ");
    assert.deepEqual(mentionedKeys(text), names.slice(0, MENTION_LIMIT));
  });

  it("gives keys only, for any text", () => {
    const text = fc
      .array(fc.constantFrom("@", "a", "B", ".", "_", " ", "한", "𠮷", "\u0301"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (any) => {
        const keys = mentionedKeys(any);
        assert.equal(new Set(keys).size, keys.length);
        for (const key of keys) assert.equal(nameKey(key), key);
      }),
      { numRuns: 1000 },
    );
  });
});
