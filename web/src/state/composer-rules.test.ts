import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ComposerKey, isComposed, shouldSend } from "./composer-rules.ts";

const ENTER: ComposerKey = { key: "Enter", shiftKey: false, isComposing: false, keyCode: 13 };

/** The keydowns of one stroke of Enter that ends a Korean syllable, in their order, and how many send. */
const strokes: readonly (readonly [browser: string, keys: readonly ComposerKey[], sends: number])[] = [
  ["Chromium on Windows and Linux", [{ ...ENTER, isComposing: true, keyCode: 229 }], 0],
  ["Chromium on macOS, which tells it twice", [{ ...ENTER, isComposing: true, keyCode: 229 }, ENTER], 1],
  ["Firefox", [{ ...ENTER, isComposing: true, keyCode: 229 }], 0],
  ["Safari, after compositionend", [{ ...ENTER, isComposing: false, keyCode: 229 }], 0],
  ["an input method that keeps the code", [{ ...ENTER, isComposing: true }], 0],
];

describe("the key that sends", () => {
  it("is Enter, alone", () => {
    assert.equal(shouldSend(ENTER), true);
    assert.equal(shouldSend({ ...ENTER, shiftKey: true }), false);
    assert.equal(shouldSend({ ...ENTER, altKey: true }), false);
    assert.equal(shouldSend({ ...ENTER, key: "a", keyCode: 65 }), false);
    assert.equal(shouldSend({ ...ENTER, key: "Process", keyCode: 229 }), false);
  });

  for (const [browser, keys, sends] of strokes) {
    it(`sends ${sends === 0 ? "nothing" : "once"} when Enter ends a syllable: ${browser}`, () => {
      assert.equal(keys.filter((key) => shouldSend(key)).length, sends);
      assert.equal(isComposed(keys[0] as ComposerKey), true);
    });
  }

  it("sends at the next Enter", () => {
    assert.equal(isComposed(ENTER), false);
    assert.equal(shouldSend(ENTER), true);
  });
});
