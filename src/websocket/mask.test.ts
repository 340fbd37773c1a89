import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyMask } from "./mask.ts";

describe("applyMask", () => {
  it("does what a plain loop does, wherever the bytes lie and however many they are", () => {
    const memory = new ArrayBuffer(700);
    const key = Uint8Array.of(9, 0xa5, 0x00, 0xff, 0x13, 0x80);
    for (const viewAt of [0, 1, 2, 3]) {
      const bytes = new Uint8Array(memory, viewAt, 600);
      for (let start = 0; start < 8; start++) {
        for (const count of [0, 1, 2, 3, 4, 5, 127, 128, 129, 130, 131, 132, 255, 500, 577]) {
          for (let index = 0; index < 600; index++) bytes[index] = index * 7;
          const end = start + count;
          applyMask(bytes, start, end, key, 2);
          const expected = Uint8Array.from({ length: 600 }, (_, index) => {
            const inside = index >= start && index < end;
            return (index * 7) ^ (inside ? (key[2 + ((index - start) & 3)] as number) : 0);
          });
          assert.deepEqual(bytes, expected, `view ${viewAt}, ${start} to ${end}`);
        }
      }
    }
  });

  it("is the example of RFC 6455, 5.7, and undoes itself", () => {
    const bytes = Buffer.from("37fa213d7f9f4d5158", "hex");
    applyMask(bytes, 4, 9, bytes, 0);
    assert.equal(bytes.subarray(4).toString(), "Hello");
    applyMask(bytes, 4, 9, bytes, 0);
    assert.equal(bytes.toString("hex"), "37fa213d7f9f4d5158");
  });
});
