import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ReceiveBufferPool } from "./receive-buffer-pool.ts";

describe("receive-buffer pool", () => {
  it("never rents more than its limit, and counts what is out", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.constant(-1)), { maxLength: 100 }),
        (steps) => {
          const pool = new ReceiveBufferPool(200_000);
          const out: Uint8Array[] = [];
          for (const step of steps) {
            const back = step < 0 ? out.pop() : undefined;
            if (back !== undefined) pool.giveBack(back);
            else if (step > 0) {
              const buffer = pool.rent(step);
              if (buffer !== undefined) {
                assert.ok(buffer.byteLength >= step);
                out.push(buffer);
              }
            }
            assert.equal(
              pool.rentedBytes,
              out.reduce((sum, buffer) => sum + buffer.byteLength, 0),
            );
            assert.ok(pool.rentedBytes <= pool.limitBytes);
          }
        },
      ),
    );
  });

  it("gives a buffer that came back to the next who asks", () => {
    const pool = new ReceiveBufferPool(10_000);
    const buffer = pool.rent(100) as Uint8Array;
    pool.giveBack(buffer);
    assert.equal(pool.rent(200), buffer);
    assert.equal(pool.rent(9_900), undefined);
    assert.throws(() => pool.giveBack(new Uint8Array(4096)), { code: "ASSERTION" });
  });
});
