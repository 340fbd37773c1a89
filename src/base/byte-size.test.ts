import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

describe("byte size", () => {
  it("reads units and plain numbers", () => {
    const cases = {
      "64KiB": 65_536,
      "1MiB": 1_048_576,
      "1.5GiB": 1_610_612_736,
      "4000B": 4000,
      "65536": 65_536,
    };
    for (const [text, bytes] of Object.entries(cases)) assert.equal(parseByteSize(text), bytes, text);
  });

  it("refuses what could mean two things, and anything else", () => {
    for (const text of [
      "",
      "16KB",
      "16K",
      "16kib",
      "-1B",
      "0.3B",
      "1.1KiB",
      "1e3",
      "0x10",
      "99999999999GiB",
    ]) {
      assert.equal(parseByteSize(text), undefined, text);
    }
  });

  it("reads back what it writes", () => {
    assert.deepEqual([0, 1000, 1024, 3 * 1024 ** 2].map(formatByteSize), ["0B", "1000B", "1KiB", "3MiB"]);
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => assert.equal(parseByteSize(formatByteSize(bytes)), bytes)),
    );
  });
});
