import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { en } from "./en.ts";
import { ko } from "./ko.ts";
import { chooseLanguage } from "./language.ts";

/** Every text, with the path of its keys. */
function textsIn(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    const text: unknown = Reflect.apply(value, undefined, ["①", "②", "③", "④"]);
    assert.ok(typeof text === "string");
    for (let index = 0; index < value.length; index++) {
      assert.ok(text.includes("①②③④".charAt(index)), `${path} leaves out its argument ${index + 1}`);
    }
    return [[path, text]];
  }
  assert.ok(typeof value === "object" && value !== null, path);
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, `${path}.${key}`));
}

describe("the languages of the admin page", () => {
  it("have the same texts, none empty", () => {
    const english = textsIn(en);
    const korean = textsIn(ko);
    assert.deepEqual(
      korean.map(([path]) => path),
      english.map(([path]) => path),
    );
    for (const [path, text] of [...english, ...korean]) assert.notEqual(text.trim(), "", path);
  });

  it("are chosen by what was chosen before, then by the browser", () => {
    assert.equal(chooseLanguage("ko", ["en-GB"]), "ko");
    assert.equal(chooseLanguage(null, ["de", "ko-KR", "en"]), "ko");
    assert.equal(chooseLanguage(null, ["de", "fr"]), "en");
    assert.equal(chooseLanguage("constructor", []), "en");
  });
});
