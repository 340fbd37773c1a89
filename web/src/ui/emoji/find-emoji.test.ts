import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkReaction } from "../../../../src/protocol/text.ts";
import { isEmojiOnly } from "../text/emoji-only.ts";
import { emojis } from "./emoji-data.ts";
import { findEmoji } from "./find-emoji.ts";

const found = (query: string): string[] => findEmoji(query).map(({ emoji }) => emoji);

describe("emoji", () => {
  it("each is one emoji, named in both languages, and may be a reaction", () => {
    for (const { emoji, name, koreanName } of emojis) {
      assert.ok(isEmojiOnly(emoji), name);
      assert.ok(checkReaction(emoji).ok, name);
      assert.match(name, /^[a-z0-9_]+$/);
      assert.match(koreanName, /[가-힣]/, name);
    }
  });

  it("none is there twice, by itself or by its name", () => {
    assert.equal(new Set(emojis.map(({ emoji }) => emoji)).size, emojis.length);
    assert.equal(new Set(emojis.map(({ name }) => name)).size, emojis.length);
    assert.ok(emojis.length >= 200);
  });

  it("is found by the beginning of its name and of its other words", () => {
    assert.equal(found("thumbs")[0], "👍");
    assert.ok(found("+1").includes("👍"));
    assert.ok(found("hand").includes("✋"));
    assert.deepEqual(found("thumbs_up"), found("Thumbs Up"));
    assert.deepEqual(found("no such emoji"), []);
    assert.equal(findEmoji("", 5).length, 5);
    assert.equal(findEmoji("s", 3).length, 3);
  });

  it("is found in Korean, also by a syllable that is not finished", () => {
    assert.ok(found("고마워").includes("🙏"));
    assert.ok(found("고ㅁ").length === 0, "a letter that stands alone is not the beginning of a syllable");
    assert.ok(found("고마우").length === 0);
    assert.ok(found("추카").length === 0);
    assert.ok(found("추").includes("🎉"), "추 is the beginning of 축");
    assert.ok(found("하트").includes("❤️"));
  });
});
