import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GateSettingsError } from "./gate-settings.ts";
import { type FilterContext, type MessageFilter, wordFilter } from "./message-filter.ts";

const context: FilterContext = { user: "mina", request: "publish", roomId: 1, to: "" };

function filter(action: "replace" | "refuse", ...words: string[]): MessageFilter {
  const made = wordFilter({ words, action });
  assert.ok(made !== undefined);
  return made;
}

describe("wordFilter", () => {
  it("finds whole words, however they are written", () => {
    const refuse = filter("refuse", "Darn", "straße", "바보");
    for (const text of [
      "darn",
      "oh DARN!",
      "(darn)",
      "ｄａｒｎ",
      "da\u200brn",
      "STRASSE",
      "너 바보 야",
      "x\ndarn\ty",
    ]) {
      assert.equal(refuse(text, context).action, "refuse", text);
    }
    for (const text of ["darned", "adarn", "darn_it", "바보야", "d a r n", ""]) {
      assert.equal(refuse(text, context).action, "allow", text);
    }
  });

  it("puts asterisks in their place", () => {
    const replace = filter("replace", "darn", "fish");
    assert.deepEqual(replace("Darn, a ﬁsh!", context), { action: "replace", text: "****, a ***!" });
    assert.deepEqual(replace("a whale", context), { action: "allow" });
  });

  it("refuses what it cannot replace", () => {
    // One character, U+FDFA, whose normal form has four words, "الله" among them.
    assert.equal(filter("replace", "الله")("\ufdfa", context).action, "refuse");
  });

  it("is none without words, and takes only words", () => {
    assert.equal(wordFilter({ words: [], action: "refuse" }), undefined);
    for (const word of ["two words", "", "a-b", "!"]) {
      assert.throws(() => wordFilter({ words: [word], action: "refuse" }), GateSettingsError);
    }
    const many = Array.from({ length: 10_001 }, (_, index) => `w${index}`);
    assert.throws(() => wordFilter({ words: many, action: "refuse" }), GateSettingsError);
  });
});
