import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  derBitString,
  derBoolean,
  derContext,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derTime,
  derUtf8String,
  pemOf,
} from "./der.ts";

/** Examples of X.690 and of RFC 5280's appendix C, as hexadecimal digits. */
const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ["true", derBoolean(true), "0101ff"],
  ["zero", derInteger(Uint8Array.of(0)), "020100"],
  ["no bytes at all", derInteger(new Uint8Array(0)), "020100"],
  ["127", derInteger(Uint8Array.of(127)), "02017f"],
  ["128 is not negative", derInteger(Uint8Array.of(128)), "02020080"],
  ["zeros in front go", derInteger(Uint8Array.of(0, 0, 1, 0)), "02020100"],
  ["a bit", derBitString(Uint8Array.of(0x80), 7), "03020780"],
  ["bytes", derOctetString(Uint8Array.of(1, 2)), "04020102"],
  ["text", derUtf8String("é"), "0c02c3a9"],
  ["commonName", derObjectIdentifier("2.5.4.3"), "0603550403"],
  ["ecdsa-with-SHA256", derObjectIdentifier("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
  [
    "2049",
    derTime(Date.UTC(2049, 11, 31, 23, 59, 59)),
    `170d${Buffer.from("491231235959Z").toString("hex")}`,
  ],
  ["2050", derTime(Date.UTC(2050, 0, 1)), `180f${Buffer.from("20500101000000Z").toString("hex")}`],
  ["a name", derContext(2, Buffer.from("a"), false), "820161"],
  ["extensions", derContext(3, Uint8Array.of(5, 0), true), "a3020500"],
];

describe("DER", () => {
  for (const [what, bytes, hex] of cases) {
    it(`writes ${what}`, () => assert.equal(Buffer.from(bytes).toString("hex"), hex));
  }

  it("writes lengths in one way each", () => {
    const headOf = (length: number): string =>
      derOctetString(new Uint8Array(length)).subarray(0, 5).toString("hex");
    assert.equal(headOf(127).slice(0, 4), "047f");
    assert.equal(headOf(128).slice(0, 6), "048180");
    assert.equal(headOf(255).slice(0, 6), "0481ff");
    assert.equal(headOf(256).slice(0, 8), "04820100");
    assert.equal(headOf(65_536), "0483010000");
  });

  it("writes PEM in lines of 64", () => {
    const lines = pemOf("X", new Uint8Array(100)).split("\n");
    assert.deepEqual(
      lines.map((line) => line.length),
      [17, 64, 64, 8, 15, 0],
    );
  });
});
