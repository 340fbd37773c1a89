import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecentTable } from "./recent-table.ts";

describe("RecentTable", () => {
  it("forgets what was unused for longest when it is full", () => {
    const table = new RecentTable<string, number>(3);
    for (const [index, key] of ["a", "b", "c"].entries()) table.set(key, index);
    assert.equal(table.get("a"), 0);
    table.set("d", 3);
    table.set("c", 9);
    table.set("e", 4);
    assert.equal(table.size, 3);
    assert.deepEqual(
      ["a", "b", "c", "d", "e"].map((key) => table.get(key)),
      [undefined, undefined, 9, 3, 4],
    );
  });
});
