import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import {
  countUtf8,
  readUtf8,
  readWithTextDecoder,
  utf8Size,
  writeUtf8,
  writeWithTextEncoder,
} from "./utf8.ts";

const anyString = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.array(fc.integer({ min: 0xd7fe, max: 0xe002 })).map((units) => String.fromCharCode(...units)),
);

describe("UTF-8", () => {
  it("measures and writes any string as TextEncoder does, with and without Buffer", () => {
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(anyString, (text) => {
        const expected = encoder.encode(text);
        assert.equal(utf8Size(text), expected.length);
        assert.equal(countUtf8(text), expected.length);
        for (const write of [writeUtf8, writeWithTextEncoder]) {
          const bytes = new Uint8Array(expected.length + 2).fill(0x2e);
          write(bytes, 1, text, expected.length);
          assert.deepEqual(bytes, Uint8Array.of(0x2e, ...expected, 0x2e));
        }
      }),
    );
  });

  it("writes a lone surrogate as U+FFFD", () => {
    const bytes = new Uint8Array(5);
    assert.equal(utf8Size("a\ud800b"), 5);
    assert.equal(writeUtf8(bytes, 0, "a\ud800b", 5), 5);
    assert.equal(readUtf8(bytes, 0, 5), "a\ufffdb");
  });

  it("reads back what is well-formed, a leading byte-order mark included", () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const bytes = new TextEncoder().encode(`\ufeff${text}`);
        for (const read of [readUtf8, readWithTextDecoder]) {
          assert.equal(read(bytes, 0, bytes.length), `\ufeff${text.toWellFormed()}`);
        }
      }),
    );
  });

  it("refuses what is not UTF-8", () => {
    const wrong = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0x80]];
    for (const tail of wrong) {
      for (const before of [0, 3, 40]) {
        const bytes = Uint8Array.of(...new Uint8Array(before).fill(0x61), ...tail);
        for (const read of [readUtf8, readWithTextDecoder]) {
          assert.throws(() => read(bytes, 0, bytes.length), TypeError);
        }
      }
    }
  });
});
