import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { complete, completionAt, matchNames, replaceShortcode } from "./completion.ts";

const at = (marked: string) => completionAt(marked.replace("|", ""), marked.indexOf("|"));

describe("completionAt", () => {
  it("finds a name behind an @", () => {
    assert.deepEqual(at("hi @ad|"), { kind: "mention", start: 3, query: "ad" });
    assert.deepEqual(at("@|"), { kind: "mention", start: 0, query: "" });
    assert.deepEqual(at("a\n@김서|"), { kind: "mention", start: 2, query: "김서" });
    assert.deepEqual(at("(@a.b|) x"), { kind: "mention", start: 1, query: "a.b" });
  });

  it("finds an emoji behind a colon", () => {
    assert.deepEqual(at("nice :ta|"), { kind: "emoji", start: 5, query: "ta" });
    assert.deepEqual(at(":축하|"), { kind: "emoji", start: 0, query: "축하" });
    assert.deepEqual(at(":+1|"), { kind: "emoji", start: 0, query: "+1" });
  });

  it("finds nothing elsewhere", () => {
    for (const text of [
      "|",
      "a|",
      "a@b|",
      "@a |",
      ":|",
      ":)|",
      ":t|",
      "10:30|",
      "http://|",
      "@@a|",
      "a:tada|",
    ]) {
      assert.equal(at(text), undefined, text);
    }
  });
});

describe("matchNames", () => {
  const names = ["Bo", "ada", "adam.bo", "김서연", "김철수"];

  it("takes beginnings first, then parts, and folds case", () => {
    assert.deepEqual(matchNames(names, "bo", 9), ["Bo", "adam.bo"]);
    assert.deepEqual(matchNames(names, "AD", 9), ["ada", "adam.bo"]);
    assert.deepEqual(matchNames(names, "", 2), ["Bo", "ada"]);
  });

  it("finds a Korean name by an unfinished syllable", () => {
    assert.deepEqual(matchNames(names, "김서여", 9), ["김서연"]);
    assert.deepEqual(matchNames(names, "기", 9), ["김서연", "김철수"]);
  });
});

describe("complete", () => {
  it("puts what was chosen in place, with a space behind it once", () => {
    const query = { kind: "mention", start: 3, query: "ad" } as const;
    assert.deepEqual(complete("hi @ad", 6, query, "@ada"), { text: "hi @ada ", caret: 8 });
    assert.deepEqual(complete("hi @ad there", 6, query, "@ada"), { text: "hi @ada there", caret: 8 });
  });
});

describe("replaceShortcode", () => {
  const find = (name: string) => (name === "tada" ? "🎉" : undefined);

  it("puts the emoji in place of its name between colons", () => {
    assert.deepEqual(replaceShortcode("so :tada: yes", 9, find), { text: "so 🎉 yes", caret: 5 });
    assert.deepEqual(replaceShortcode(":tada:", 6, find), { text: "🎉", caret: 2 });
  });

  it("leaves everything else alone", () => {
    for (const text of [":nope:", "a:tada:", ":tada", "10:30:", "::"]) {
      assert.equal(replaceShortcode(text, text.length, find), undefined, text);
    }
  });
});
