import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseLanguage } from "./choose-language.ts";
import { en } from "./en.ts";
import { Formats } from "./formats.ts";
import { ko } from "./ko.ts";

/** All leaves by their path. */
function leaves(tree: object, path = ""): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "object" && value !== null) {
      for (const [inner, leaf] of leaves(value, `${path}${key}.`)) found.set(inner, leaf);
    } else found.set(path + key, value);
  }
  return found;
}

function said(leaf: unknown): string {
  // Arguments that are all of a kind will do: what is asked is that they come through.
  return typeof leaf === "function"
    ? String((leaf as (...all: unknown[]) => unknown)("X7", "X8", 9))
    : String(leaf);
}

describe("languages", () => {
  const english = leaves(en);
  const korean = leaves(ko);

  it("have the same words", () => {
    assert.deepEqual([...korean.keys()].sort(), [...english.keys()].sort());
    for (const [key, leaf] of english) assert.equal(typeof korean.get(key), typeof leaf, key);
  });

  it("Korean is Korean throughout", () => {
    const untranslated = [...korean].filter(([key, leaf]) => {
      return key !== "app.name" && english.get(key) !== "" && !/[가-힣]/.test(said(leaf));
    });
    assert.deepEqual(
      untranslated.map(([key]) => key),
      [],
    );
  });

  it("what is told comes through in both", () => {
    for (const dictionary of [english, korean]) {
      for (const [key, leaf] of dictionary)
        if (typeof leaf === "function") assert.match(said(leaf), /X7|X8|9/, key);
    }
  });

  it("Korean has no particle that depends on how a name ends", () => {
    for (const [key, leaf] of korean)
      assert.doesNotMatch(said(leaf), /X[78](은|는|이|가|을|를|과|와|으로|로)/, key);
  });

  it("are chosen by the browser's order", () => {
    assert.equal(chooseLanguage(["ko-KR", "en"]), "ko");
    assert.equal(chooseLanguage(["de-DE", "en-GB", "ko"]), "en");
    assert.equal(chooseLanguage(["de-DE", "ko"]), "ko");
    assert.equal(chooseLanguage([]), "en");
  });
});

describe("formats", () => {
  const now = Date.UTC(2026, 2, 3, 14, 5);
  const english = new Formats("en-GB", en, "UTC");
  const korean = new Formats("ko-KR", ko, "UTC");

  it("tell times and days", () => {
    assert.equal(english.time(now), "14:05");
    assert.match(korean.time(now), /오후 2:05/);
    assert.equal(english.day(now, now), "Today");
    assert.equal(korean.day(now - 86_400_000, now), "어제");
    assert.match(english.day(now - 3 * 86_400_000, now), /Saturday/);
    assert.match(korean.day(now - 400 * 86_400_000, now), /2025년/);
    assert.match(english.moment(now - 86_400_000, now), /2 Mar/);
    assert.equal(korean.until(now, now), "오후 2:05까지");
  });

  it("tell durations in the largest whole unit", () => {
    assert.equal(english.duration(90_000), "90 seconds");
    assert.equal(english.duration(3_600_000), "1 hour");
    assert.equal(english.duration(30 * 86_400_000), "30 days");
    assert.equal(korean.duration(5 * 60_000), "5분");
  });
});
