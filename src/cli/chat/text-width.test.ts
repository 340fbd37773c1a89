import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  fitText,
  graphemeAfter,
  graphemeBefore,
  graphemeBoundary,
  graphemesOf,
  padText,
  textWidth,
} from "./text-width.ts";

describe("width in columns", () => {
  const cases: readonly (readonly [text: string, width: number])[] = [
    ["", 0],
    ["hello", 5],
    ["안녕", 4],
    ["\u1112\u1161\u11ab", 2], // 한 as three jamo
    ["漢字", 4],
    ["ｱ", 1],
    ["Ａ", 2],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["👍🏽", 2],
    ["🇰🇷", 2],
    ["❤️", 2],
    ["1️⃣", 2],
    ["\u200b", 0],
    ["§", 1],
  ];
  for (const [text, width] of cases)
    it(`${JSON.stringify(text)} is ${width}`, () => assert.equal(textWidth(text), width));
});

describe("graphemes", () => {
  it("are what a person sees as one", () => {
    assert.deepEqual(graphemesOf("e\u0301👩‍👩‍👧한"), ["e\u0301", "👩‍👩‍👧", "한"]);
  });

  it("give a cursor its places", () => {
    const text = "a👩‍👩‍👧b";
    assert.deepEqual(
      [0, 1, 9, 10].map((index) => graphemeAfter(text, index)),
      [1, 9, 10, 10],
    );
    assert.deepEqual(
      [0, 1, 9, 10].map((index) => graphemeBefore(text, index)),
      [0, 0, 1, 9],
    );
    assert.deepEqual(
      [0, 1, 4, 9, 10].map((index) => graphemeBoundary(text, index)),
      [0, 1, 9, 9, 10],
    );
  });
});

describe("fitting", () => {
  it("cuts between graphemes, and says so", () => {
    assert.equal(fitText("안녕하세요", 10), "안녕하세요");
    assert.equal(fitText("안녕하세요", 8), "안녕하…");
    assert.equal(fitText("hello", 0), "");
    assert.equal(padText("안녕", 6), "안녕  ");
  });
});
