import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isEmojiOnly } from "./emoji-only.ts";
import { excerptAround, highlight } from "./highlight.ts";
import { type Block, type Inline, parseText } from "./parse-text.ts";

function inlinesOf(text: string): readonly Inline[] {
  const [block] = parseText(text);
  assert.equal(block?.type, "paragraph");
  return block.inlines;
}

describe("parseText", () => {
  it("leaves plain text alone", () => {
    assert.deepEqual(parseText("a\n<b>&amp;"), [
      { type: "paragraph", inlines: [{ type: "text", text: "a\n<b>&amp;" }] },
    ]);
    assert.deepEqual(parseText(""), []);
  });

  it("finds inline code, and nothing inside of it", () => {
    assert.deepEqual(inlinesOf("use `a @bob https://x.example` now"), [
      { type: "text", text: "use " },
      { type: "code", text: "a @bob https://x.example" },
      { type: "text", text: " now" },
    ]);
    assert.deepEqual(inlinesOf("``a ` b``"), [{ type: "code", text: "a ` b" }]);
    assert.deepEqual(inlinesOf("a ` b"), [{ type: "text", text: "a ` b" }]);
    assert.deepEqual(inlinesOf("`a\nb`"), [{ type: "text", text: "`a\nb`" }]);
  });

  it("finds code blocks", () => {
    assert.deepEqual(parseText("before\n```ts\nconst a = `1`;\n\n@bob\n```\nafter"), [
      { type: "paragraph", inlines: [{ type: "text", text: "before" }] },
      { type: "code", language: "ts", text: "const a = `1`;\n\n@bob" },
      { type: "paragraph", inlines: [{ type: "text", text: "after" }] },
    ]);
    assert.deepEqual(parseText("```one line```"), [{ type: "code", language: "", text: "one line" }]);
    assert.deepEqual(parseText("```\na\n```\n```\nb\n```"), [
      { type: "code", language: "", text: "a" },
      { type: "code", language: "", text: "b" },
    ]);
    assert.equal(parseText("```\nnever closed").length, 1);
    assert.equal(parseText("```\nnever closed")[0]?.type, "paragraph");
  });

  it("finds mentions as the server does", () => {
    assert.deepEqual(inlinesOf("@Ada, @김서연님 a@b.example @"), [
      { type: "mention", text: "@Ada", key: "ada" },
      { type: "text", text: ", " },
      { type: "mention", text: "@김서연님", key: "김서연님" },
      { type: "text", text: " a@b.example @" },
    ]);
    assert.deepEqual(inlinesOf("@ada."), [
      { type: "mention", text: "@ada", key: "ada" },
      { type: "text", text: "." },
    ]);
  });

  it("keeps a mention out of a link", () => {
    assert.deepEqual(inlinesOf("https://a.example/@ada"), [
      { type: "link", text: "https://a.example/@ada", href: "https://a.example/@ada" },
    ]);
  });

  it("loses no character and makes no other kind of link, whatever the text", () => {
    const pieces = fc.constantFrom(
      "`",
      "``",
      "```",
      "\n",
      "@",
      "ada",
      "https://a.example",
      "javascript:",
      " ",
      "<b>",
      "한",
      "\u202e",
      "(",
      ")",
      ".",
      "👍",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const blocks = parseText(text);
        const left = flat(blocks).replaceAll(/[`\n]/g, "");
        assert.equal(left, text.replaceAll(/[`\n]/g, ""));
        for (const block of blocks) {
          if (block.type === "code") continue;
          for (const inline of block.inlines) {
            if (inline.type === "link") assert.match(inline.href, /^https?:\/\//);
          }
        }
      }),
    );
  });

  it("gets through texts that are made to be hard", () => {
    for (const text of [
      "`".repeat(4000),
      "```\n".repeat(1000),
      "@".repeat(4000),
      "(".repeat(2000) + ")".repeat(2000),
    ]) {
      assert.ok(parseText(text).length >= 1);
    }
    assert.ok(parseText(`https://a.example/${"(".repeat(1900)}${")".repeat(1950)}`).length === 1);
  });
});

function flat(blocks: readonly Block[]): string {
  return blocks
    .map((block) =>
      block.type === "code" ? block.language + block.text : block.inlines.map(({ text }) => text).join(""),
    )
    .join("");
}

describe("isEmojiOnly", () => {
  it("is true of one to six emoji", () => {
    for (const text of ["👍", "👍🏽", "👩‍👩‍👧", "🇰🇷 🎉", "❤️", "1️⃣", "😀😀😀😀😀😀"])
      assert.ok(isEmojiOnly(text), text);
    for (const text of ["", "1", "#", "👍 ok", "😀".repeat(7), "안녕", "©"])
      assert.ok(!isEmojiOnly(text), text);
  });
});

describe("highlight", () => {
  it("marks words by their beginnings, whatever their case", () => {
    assert.deepEqual(highlight("The Server serves", "serv the"), [
      { text: "The", isHit: true },
      { text: " ", isHit: false },
      { text: "Server", isHit: true },
      { text: " ", isHit: false },
      { text: "serves", isHit: true },
    ]);
    assert.deepEqual(highlight("서버가 느려요", "서버"), [
      { text: "서버가", isHit: true },
      { text: " 느려요", isHit: false },
    ]);
    assert.deepEqual(highlight("a+b", ""), [{ text: "a+b", isHit: false }]);
  });

  it("cuts a long text around its first hit", () => {
    const text = `${"word ".repeat(60)}needle${" word".repeat(60)}`;
    const excerpt = excerptAround(text, "needle", 80);
    assert.ok(excerpt.includes("needle"));
    assert.ok(excerpt.length <= 82);
    assert.ok(excerpt.startsWith("…") && excerpt.endsWith("…"));
    assert.equal(excerptAround("short\ntext", "x", 80), "short text");
  });
});
