import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OverlappedPool } from "./overlapped-pool.ts";

/** A pool in ordinary memory, which says that it is at this address. */
const ADDRESS = 0x1234_5678_0000;

function newPool(limit: number): OverlappedPool {
  const reserve = (byteCount: number) => {
    const bytes = new ArrayBuffer(byteCount);
    return { address: ADDRESS, view: () => bytes, release: () => undefined };
  };
  return new OverlappedPool(reserve, limit);
}

describe("OverlappedPool", () => {
  it("knows an operation again by the address of its OVERLAPPED", () => {
    const pool = newPool(4);
    pool.take(9, 9, 9, 9);
    const block = pool.take(3, 77, 5, 2);
    const found = pool.blockAt(pool.addressOf(block));
    assert.equal(found, block);
    assert.deepEqual(
      [pool.kindOf(found), pool.slotOf(found), pool.generationOf(found), pool.detailOf(found)],
      [3, 77, 5, 2],
    );
  });

  it("has a limit, and gives what came back again", () => {
    const pool = newPool(2);
    const [first, second] = [pool.take(1, 1, 0, 0), pool.take(1, 2, 0, 0)];
    assert.equal(pool.take(1, 3, 0, 0), -1);
    assert.equal(pool.usedCount, 2);
    pool.giveBack(first);
    assert.equal(pool.take(1, 4, 1, 0), first);
    assert.equal(pool.slotOf(first), 4);
    pool.giveBack(first);
    pool.giveBack(second);
    assert.equal(pool.usedCount, 0);
  });

  it("knows no address but those of operations that are outstanding", () => {
    const pool = newPool(2);
    const block = pool.take(1, 1, 0, 0);
    const address = pool.addressOf(block);
    assert.throws(() => pool.blockAt(address + 8), /outstanding/);
    pool.giveBack(block);
    assert.throws(() => pool.blockAt(address), /outstanding/);
    assert.throws(() => pool.giveBack(block), /once/);
  });
});
