import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { durationText, formatsFor, parseDuration } from "./format.ts";

describe("numbers as people read them", () => {
  const formats = formatsFor("en", "UTC");

  it("bytes in thousands", () => {
    assert.deepEqual(
      [0, 999, 1000, 1500, 99_950, 123_456, 999_600, 2_500_000, 3e12].map((value) => formats.bytes(value)),
      ["0 B", "999 B", "1 kB", "1.5 kB", "100 kB", "123 kB", "1 MB", "2.5 MB", "3 TB"],
    );
  });

  it("durations in the unit that fits", () => {
    const cases: [number, string][] = [
      [0, "0 ms"],
      [0.25, "250 µs"],
      [1.25, "1.3 ms"],
      [850, "850 ms"],
      [4200, "4.2 s"],
      [61_000, "1 min"],
      [3_600_000, "1 h"],
      [5_400_000, "1 h 30 min"],
      [90_000_000, "1 d 1 h"],
    ];
    for (const [ms, text] of cases) assert.equal(formats.duration(ms), text);
  });

  it("times by the 24 hour clock, in both languages", () => {
    assert.equal(formats.time(0), "00:00:00");
    assert.match(formatsFor("ko", "Asia/Seoul").clock(0), /09/);
  });
});

describe("a duration as it is typed", () => {
  it("is read", () => {
    assert.equal(parseDuration("90s"), 90_000);
    assert.equal(parseDuration(" 1h 30m "), 5_400_000);
    assert.equal(parseDuration("1.5h"), 5_400_000);
    assert.equal(parseDuration("7D"), 604_800_000);
    assert.equal(parseDuration("2 min"), 120_000);
    assert.equal(parseDuration(""), 0);
  });

  it("is refused when it is none", () => {
    for (const text of ["5", "h", "1h foo", "-1h", "1e9s", "9999999d", "1 year"]) {
      assert.equal(parseDuration(text), undefined, text);
    }
  });

  it("is written so that it is read the same", () => {
    for (const ms of [0, 1000, 90_000, 5_400_000, 604_800_000, 93_784_000]) {
      assert.equal(parseDuration(durationText(ms)), ms);
    }
  });
});
