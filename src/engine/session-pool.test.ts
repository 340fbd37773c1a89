import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type SessionId, SessionPool, slotOf } from "./session-pool.ts";

interface Entry {
  readonly id: SessionId;
}

describe("session pool", () => {
  it("a double return to the pool throws and makes no phantom session", () => {
    const pool = new SessionPool<Entry>(2);
    const entry = pool.acquire((id) => ({ id }));
    assert.ok(entry);
    pool.release(entry);
    assert.throws(() => pool.release(entry), { code: "ASSERTION" });
    assert.equal(pool.aliveCount, 0);
    assert.ok(pool.acquire((id) => ({ id })));
    assert.ok(pool.acquire((id) => ({ id })));
    assert.equal(
      pool.acquire((id) => ({ id })),
      undefined,
      "two slots make two sessions, never three",
    );
  });

  it("takes the slot that rested longest", () => {
    const pool = new SessionPool<Entry>(3);
    const slots: number[] = [];
    for (let round = 0; round < 6; round++) {
      const entry = pool.acquire((id) => ({ id })) as Entry;
      slots.push(entry.id % 2 ** 20);
      pool.release(entry);
    }
    assert.deepEqual(slots, [0, 1, 2, 0, 1, 2]);
  });

  it("keeps its promises over any sequence of takes and returns", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(20), { maxLength: 200 }),
        (capacity, steps) => {
          const pool = new SessionPool<Entry>(capacity);
          const alive: Entry[] = [];
          const seen = new Set<SessionId>();
          for (const step of steps) {
            if (step % 2 === 0) {
              const entry = pool.acquire((id) => ({ id }));
              assert.equal(entry === undefined, alive.length === capacity);
              if (entry === undefined) continue;
              assert.ok(!seen.has(entry.id), "an id is never used twice");
              seen.add(entry.id);
              alive.push(entry);
            } else if (alive.length > 0) {
              const [entry] = alive.splice(step % alive.length, 1) as [Entry];
              pool.release(entry);
              assert.equal(pool.find(entry.id), undefined);
            }
            assert.equal(pool.aliveCount, alive.length);
            assert.deepEqual(new Set(pool.alive()), new Set(alive));
            for (const entry of alive) assert.equal(pool.get(entry.id), entry);
          }
        },
      ),
    );
  });

  it("has ids in common with no pool whose slots are others", () => {
    const pools = [
      new SessionPool<Entry>(3),
      new SessionPool<Entry>(2, 3),
      new SessionPool<Entry>(1, 2 ** 20 - 1),
    ];
    const ids = new Set<SessionId>();
    for (let round = 0; round < 5; round++) {
      const entries = pools.flatMap((pool) =>
        Array.from({ length: pool.capacity }, () => ({
          pool,
          entry: pool.acquire((id) => ({ id })) as Entry,
        })),
      );
      assert.deepEqual(
        entries.map(({ entry }) => slotOf(entry.id)),
        [0, 1, 2, 3, 4, 2 ** 20 - 1],
      );
      for (const { pool, entry } of entries) {
        ids.add(entry.id);
        for (const other of pools) assert.equal(other.find(entry.id), other === pool ? entry : undefined);
        pool.release(entry);
        assert.throws(() => pool.get(entry.id), { code: "STALE_SESSION" });
      }
    }
    assert.equal(ids.size, 30);
  });

  it("refuses a capacity that makes no sense", () => {
    for (const capacity of [0, -1, 1.5, 2 ** 20 + 1])
      assert.throws(() => new SessionPool(capacity), RangeError);
    for (const firstSlot of [-1, 0.5, 2 ** 20 - 1]) {
      assert.throws(() => new SessionPool(2, firstSlot), RangeError);
    }
  });
});
