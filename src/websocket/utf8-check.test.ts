import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8Groups } from "../../test/support/websocket-utf8-cases.ts";
import { checkUtf8Beginning, isUtf8Range } from "./utf8-check.ts";

/** How far a text that comes byte by byte is accepted: the number of bytes before the refusal. */
function acceptedBytes(text: Uint8Array): number {
  let checked = 0;
  for (let end = 1; end <= text.length; end++) {
    checked = checkUtf8Beginning(text, checked, end);
    if (checked < 0) return end - 1;
    assert.ok(end - checked <= 3, "no more than a character is unfinished");
  }
  return text.length;
}

/** The same by the decoder of the platform. */
function decodableBytes(text: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let index = 0; index < text.length; index++) {
    try {
      decoder.decode(text.subarray(index, index + 1), { stream: true });
    } catch {
      return index;
    }
  }
  return text.length;
}

describe("UTF-8 checks", () => {
  const texts = utf8Groups.flatMap(({ cases }) => cases.map(([isValid, hex]) => [isValid, hex] as const));

  it("judge whole texts", () => {
    for (const [isValid, hex] of texts) {
      const bytes = Buffer.from(`ff${hex}80`, "hex");
      assert.equal(isUtf8Range(bytes, 1, bytes.length - 1), isValid, hex);
      const long = Buffer.concat([Buffer.alloc(100, "a"), Buffer.from(hex, "hex")]);
      assert.equal(isUtf8Range(long, 0, long.length), isValid, hex);
    }
  });

  it("refuse at the byte that makes a text wrong, as the platform's decoder does", () => {
    for (const [, hex] of texts) {
      const bytes = Buffer.from(hex, "hex");
      assert.equal(acceptedBytes(bytes), decodableBytes(bytes), hex);
    }
  });

  it("take up every two bytes rightly, and those with a third behind them", () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const two = Uint8Array.of(first, second, 0x41);
        assert.equal(acceptedBytes(two), decodableBytes(two));
      }
    }
  });

  it("come to the same in every split of a text", () => {
    const text = Buffer.from("aµ€𤭢κό한글 z", "utf8");
    for (let first = 0; first <= text.length; first++) {
      for (let second = first; second <= text.length; second++) {
        let checked = 0;
        for (const end of [first, second, text.length]) checked = checkUtf8Beginning(text, checked, end);
        assert.equal(checked, text.length);
      }
    }
  });
});
