import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { wrapSpans } from "./span-wrap.ts";
import { plainText } from "./styles.ts";
import { textWidth } from "./text-width.ts";

function rowsOf(text: string, columns: number, indent = 0): string[] {
  return wrapSpans([{ text }], columns, indent).map(plainText);
}

describe("breaking a line into rows", () => {
  it("breaks between words, and indents", () => {
    assert.deepEqual(rowsOf("one two three four", 9), ["one two ", "three ", "four"]);
    assert.deepEqual(rowsOf("one two three", 8, 2), ["one two ", "  three"]);
  });

  it("breaks a word that has no room between graphemes", () => {
    assert.deepEqual(rowsOf("안녕하세요", 5), ["안녕", "하세", "요"]);
  });

  it("keeps styles", () => {
    const rows = wrapSpans(
      [
        { text: "aa ", style: "dim" },
        { text: "bb", style: "bold" },
      ],
      3,
    );
    assert.deepEqual(rows, [[{ text: "aa ", style: "dim" }], [{ text: "bb", style: "bold" }]]);
  });

  it("never makes a row too wide, and loses nothing but spaces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 8, max: 40 }), (text, columns) => {
        const rows = rowsOf(text, columns);
        for (const row of rows)
          assert.ok(textWidth(row) <= columns, `${textWidth(row)} of ${columns}: ${row}`);
        assert.equal(rows.join("").replaceAll(/\s/gu, ""), text.replaceAll(/\s/gu, ""));
      }),
    );
  });
});
