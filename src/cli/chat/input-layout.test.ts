import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layOutInput } from "./input-layout.ts";

const size = { columns: 12, rowLimit: 3 };

describe("the typed line on the screen", () => {
  it("has the cursor behind wide characters", () => {
    assert.deepEqual(layOutInput("> ", "안a", 1, size), { rows: ["> 안a"], cursorRow: 0, cursorColumn: 4 });
    assert.deepEqual(layOutInput("> ", "👩‍👩‍👧", 8, size), { rows: ["> 👩‍👩‍👧"], cursorRow: 0, cursorColumn: 4 });
  });

  it("breaks where a wide character has no room", () => {
    assert.deepEqual(layOutInput("> ", "123456789한", 10, size), {
      rows: ["> 123456789", "한"],
      cursorRow: 1,
      cursorColumn: 2,
    });
  });

  it("begins a row for the cursor when the last one is full", () => {
    assert.deepEqual(layOutInput("> ", "1234567890", 10, size), {
      rows: ["> 1234567890", ""],
      cursorRow: 1,
      cursorColumn: 0,
    });
  });

  it("shows line feeds, and the rows around the cursor", () => {
    assert.deepEqual(layOutInput("> ", "a\nb", 3, size), {
      rows: ["> a⏎", "b"],
      cursorRow: 1,
      cursorColumn: 1,
    });
    const { rows, cursorRow } = layOutInput("> ", "1\n2\n3\n4\n5", 4, size);
    assert.equal(rows.length, 3);
    assert.equal(rows[cursorRow], "3⏎");
  });

  it("hides a secret, and what would act on the terminal", () => {
    assert.deepEqual(layOutInput("pw ", "한e\u0301", 3, size, true).rows, ["pw ••"]);
    assert.deepEqual(layOutInput("> ", "a\u202eb\u001bc", 0, size).rows, ["> a�b�c"]);
  });

  it("leaves room for typing beside a long prompt", () => {
    assert.deepEqual(layOutInput("a-very-long-room> ", "x", 1, size).rows, ["a-ver…x"]);
  });
});
