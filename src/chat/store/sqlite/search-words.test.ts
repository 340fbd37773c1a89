import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BLOCK_SIZE, queryWords, searchExpression, searchTerms, searchWords } from "./search-words.ts";

describe("search words", () => {
  const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
    ["", []],
    ["¡…!", []],
    ["One, two; ONE", ["one", "two"]],
    ["don't snake_case", ["don", "t", "snake", "case"]],
    ["Crème brûlée Ωμέγα", ["creme", "brulee", "ωμεγα"]],
    ["Straße ﬁsh Ｆｕｌｌ", ["strasse", "fish", "full"]],
    ["한글은 각", ["한글은", "각"]],
    ["각", ["각"]],
    ["हिन्दी है", ["हिन्दी", "है"]],
    ["\u037a a\u0301 \u0301", ["a"]],
    ["日本語 123", ["日本語", "123"]],
    ["🙂 🆐 x\0y", ["x", "y"]],
    ["x".repeat(100), ["x".repeat(40)]],
  ];
  for (const [text, words] of cases) {
    it(`of ${JSON.stringify(text.slice(0, 30))}`, () => assert.deepEqual(searchWords(text), words));
  }

  it("make an expression of words alone", () => {
    const expressionOf = (query: string) => searchExpression(40, 1, queryWords(query));
    assert.equal(expressionOf('a" OR b*'), '"14:1:a"* AND "14:1:or"* AND "14:1:b"*');
    assert.equal(expressionOf('"*:'), "");
    const many = Array.from({ length: 50 }, (_, index) => `w${index}`).join(" ");
    assert.equal(queryWords(many).length, 12);
  });

  it("are indexed behind their room and block", () => {
    assert.equal(searchTerms(40, BLOCK_SIZE, "Hello, world"), "14:1:hello 14:1:world");
    assert.equal(searchTerms(1, BLOCK_SIZE - 1, "1:0:x"), "1:0:1 1:0:0 1:0:x");
    assert.equal(searchTerms(1, 1, "?"), "");
  });
});
