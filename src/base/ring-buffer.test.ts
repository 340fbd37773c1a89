import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { RingBuffer } from "./ring-buffer.ts";

describe("RingBuffer", () => {
  it("refuses when full, and gives back in order", () => {
    const ring = new RingBuffer<number>(2);
    assert.deepEqual([ring.push(1), ring.push(2), ring.push(3)], [true, true, false]);
    assert.deepEqual([ring.shift(), ring.shift(), ring.shift()], [1, 2, undefined]);
    assert.equal(ring.isEmpty, true);
  });

  it("drops the front when asked to", () => {
    const ring = new RingBuffer<number>(2);
    assert.deepEqual(
      [ring.pushDropping(1), ring.pushDropping(2), ring.pushDropping(3)],
      [undefined, undefined, 1],
    );
    assert.deepEqual([...ring], [2, 3]);
    assert.equal(ring.isFull, true);
  });

  it("refuses a capacity that is none", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN])
      assert.throws(() => new RingBuffer(capacity), RangeError);
  });

  it("agrees with an array, whatever is asked of it", () => {
    const operation = fc.oneof(
      fc.record({ type: fc.constantFrom("push" as const, "pushDropping" as const), value: fc.integer() }),
      fc.record({ type: fc.constant("shift" as const), value: fc.constant(0) }),
      fc.record({ type: fc.constantFrom("clear" as const, "shift" as const), value: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(operation), (capacity, operations) => {
        const ring = new RingBuffer<number>(capacity);
        let model: number[] = [];
        for (const { type, value } of operations) {
          if (type === "push") {
            assert.equal(ring.push(value), model.length < capacity);
            if (model.length < capacity) model.push(value);
          } else if (type === "pushDropping") {
            const dropped = model.length === capacity ? model.shift() : undefined;
            assert.equal(ring.pushDropping(value), dropped);
            model.push(value);
          } else if (type === "shift") {
            assert.equal(ring.shift(), model.shift());
          } else {
            ring.clear();
            model = [];
          }
          assert.equal(ring.count, model.length);
          assert.deepEqual([...ring], model);
          for (let at = -1; at <= capacity; at++) assert.equal(ring.at(at), model[at]);
        }
      }),
    );
  });
});
