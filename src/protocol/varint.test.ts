import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "./varint.ts";

/** Around every power of two up to `bits`. */
function edges(bits: bigint): bigint[] {
  const most = (1n << bits) - 1n;
  const values = [0n, most];
  for (let bit = 0n; bit < bits; bit++) {
    for (const near of [-1n, 0n, 1n]) {
      const value = (1n << bit) + near;
      if (value <= most) values.push(value);
    }
  }
  return values;
}

describe("varint", () => {
  it("writes numbers up to 2^53 − 1 as the library does", () => {
    const bytes = new Uint8Array(16);
    for (const value of edges(53n)) {
      const expected = new BinaryWriter().uint64(value).finish();
      assert.equal(varintSize(Number(value)), expected.length, `${value}`);
      const end = writeVarint(bytes, 2, Number(value));
      assert.deepEqual(bytes.slice(2, end), expected);
    }
  });

  it("writes bigints up to 2^64 − 1 as the library does", () => {
    const bytes = new Uint8Array(16);
    for (const value of edges(64n)) {
      const expected = new BinaryWriter().uint64(value).finish();
      assert.equal(bigVarintSize(value), expected.length, `${value}`);
      const end = writeBigVarint(bytes, 2, value);
      assert.deepEqual(bytes.slice(2, end), expected);
    }
  });
});
