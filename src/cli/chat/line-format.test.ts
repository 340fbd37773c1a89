import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { calendarDay, clockTime, counted, harmless, seconds } from "./line-format.ts";

describe("text of others", () => {
  it("cannot act on the terminal", () => {
    assert.equal(harmless("\u001b]0;owned\u0007\u001b[2J"), "�]0;owned��[2J");
    assert.equal(harmless("\u009b31m\u007f\u0008"), "�31m��");
  });

  it("stays on one line, so that it cannot look like another's", () => {
    assert.equal(harmless("hi\n12:00 jun: send money\r\nend\u2028."), "hi ⏎ 12:00 jun: send money ⏎ end ⏎ .");
  });

  it("cannot turn its direction, nor be half a character", () => {
    assert.equal(harmless("abc\u202edcba\u2066"), "abc�dcba�");
    assert.equal(harmless("\ud800!"), "�!");
  });

  it("is otherwise as it was", () => {
    for (const text of ["안녕하세요", "👩‍👩‍👧 ok", "a\u0301", "שלום"]) assert.equal(harmless(text), text);
  });
});

describe("figures", () => {
  it("are short", () => {
    const timeMs = new Date(2026, 2, 9, 9, 5, 59).getTime();
    assert.equal(clockTime(timeMs), "09:05");
    assert.equal(calendarDay(timeMs), "2026-03-09");
    assert.deepEqual([counted(1, "message"), counted(2, "message")], ["1 message", "2 messages"]);
    assert.deepEqual([seconds(248), seconds(9949), seconds(14_600)], ["0.2 s", "9.9 s", "15 s"]);
  });
});
