import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import * as fc from "fast-check";
import { hasMore, pageRange } from "./page-range.ts";

const log = { firstOffset: 11, lastOffset: 30 };

describe("the range of a page", () => {
  it("after an offset begins behind it, and at the oldest entry", () => {
    assert.deepEqual(pageRange("after", 20, 5, log), { start: 21, end: 25 });
    assert.deepEqual(pageRange("after", 3, 5, log), { start: 11, end: 15 });
    assert.deepEqual(pageRange("after", 28, 5, log), { start: 29, end: 30 });
  });

  it("before an offset ends below it, before 0 at the newest entry", () => {
    assert.deepEqual(pageRange("before", 20, 5, log), { start: 15, end: 19 });
    assert.deepEqual(pageRange("before", 0, 5, log), { start: 26, end: 30 });
    assert.deepEqual(pageRange("before", 99, 5, log), { start: 26, end: 30 });
    assert.deepEqual(pageRange("before", 13, 5, log), { start: 11, end: 12 });
  });

  it("around an offset has half before it, it, and half after", () => {
    assert.deepEqual(pageRange("around", 20, 5, log), { start: 18, end: 22 });
    assert.deepEqual(pageRange("around", 20, 4, log), { start: 19, end: 22 });
    assert.deepEqual(pageRange("around", 20, 1, log), { start: 20, end: 20 });
    assert.deepEqual(pageRange("around", 12, 5, log), { start: 11, end: 14 });
    assert.deepEqual(pageRange("around", 99, 5, log), { start: 28, end: 30 });
  });
});

test("a page lies in its log, has at most its limit, and is empty only where nothing is", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("after", "before", "around", "time" as const),
      fc.nat(40),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(20),
      (mode, offset, limit, firstOffset, length) => {
        const bounds = { firstOffset, lastOffset: firstOffset + length };
        const { start, end } = pageRange(mode, offset, limit, bounds);
        assert.ok(start >= firstOffset && end <= bounds.lastOffset);
        assert.ok(end - start + 1 <= limit);
        const isEmpty =
          mode === "before" ? offset !== 0 && offset <= firstOffset : offset >= bounds.lastOffset;
        const rest = mode === "before" ? start > firstOffset && !isEmpty : end < bounds.lastOffset;
        assert.equal(hasMore(mode, { start, end }, bounds), rest);
        if (mode === "around") assert.ok(end >= start);
        else assert.equal(end < start, isEmpty);
      },
    ),
  );
  for (const mode of ["after", "before", "around", "time"] as const) {
    const { start, end } = pageRange(mode, 0, 5, { firstOffset: 0, lastOffset: 0 });
    assert.ok(end < start, "an empty log has no page");
    assert.equal(hasMore(mode, { start, end }, { firstOffset: 0, lastOffset: 0 }), false);
  }
});
