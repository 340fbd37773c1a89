import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WebSocketFault } from "./close-code.ts";
import { defaultDeflateSettings, deflateSettings } from "./deflate-settings.ts";
import { deflateMessage, inflateMessage } from "./message-deflate.ts";

function inflated(hex: string, limitBytes = 1000): string | number {
  const bytes = Buffer.from(`ee${hex.replaceAll(" ", "")}ee`, "hex");
  const result = inflateMessage(bytes, 1, bytes.length - 1, limitBytes);
  return typeof result === "number" ? result : Buffer.from(result).toString();
}

describe("compressed messages", () => {
  it("are the examples of RFC 7692, 7.2.3", () => {
    assert.equal(inflated("f2 48 cd c9 c9 07 00"), "Hello");
    assert.equal(inflated("00 05 00 fa ff 48 65 6c 6c 6f 00"), "Hello", "a block without compression");
    assert.equal(inflated("f3 48 cd c9 c9 07 00 00"), "Hello", "the last block has BFINAL set");
    assert.equal(inflated("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), "Hello", "two blocks");
    assert.equal(inflated("00"), "", "an empty message");
    assert.equal(inflated(""), "", "an empty message without its byte");
  });

  it("are refused when they are broken or broken off", () => {
    for (const hex of [
      "ff ff ff ff",
      "f2 48 cd c9 c9",
      "f2 48 cd",
      "06 00 00",
      "01 02 03 04 05",
      "f2 00 11 00 00",
    ]) {
      assert.equal(inflated(hex), WebSocketFault.NOT_DEFLATED, hex);
    }
  });

  it("are refused when they come to more than the limit, however small they are", () => {
    const bomb = Buffer.from(deflateMessage([Buffer.alloc(20_000_000)], defaultDeflateSettings));
    assert.ok(bomb.length < 30_000);
    assert.equal(inflateMessage(bomb, 0, bomb.length, 65_536), WebSocketFault.MESSAGE_TOO_BIG);
    assert.equal(inflated("f2 48 cd c9 c9 07 00", 5), "Hello");
    assert.equal(inflated("f2 48 cd c9 c9 07 00", 4), WebSocketFault.MESSAGE_TOO_BIG);
  });

  it("come back as they were, of several pieces and with every window", () => {
    const pieces = [Buffer.from("one piece, "), Buffer.from("another piece, ".repeat(900)), Buffer.alloc(0)];
    const plain = Buffer.concat(pieces);
    for (let windowBits = 9; windowBits <= 15; windowBits++) {
      for (const level of [1, 4, 9]) {
        const bytes = deflateMessage(pieces, deflateSettings({ windowBits, level }));
        assert.ok(bytes.length < plain.length / 10);
        const back = inflateMessage(bytes, 0, bytes.length, plain.length);
        assert.ok(typeof back !== "number" && plain.equals(back));
      }
    }
  });

  it("have settings that are checked", () => {
    assert.deepEqual(deflateSettings(), defaultDeflateSettings);
    for (const wrong of [
      { level: 0 },
      { level: 10 },
      { windowBits: 8 },
      { clientWindowBits: 16 },
      { thresholdBytes: -1 },
    ]) {
      assert.throws(() => deflateSettings(wrong), RangeError);
    }
  });
});
