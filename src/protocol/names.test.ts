import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { checkDisplayName, checkRoomName, checkUserName, nameKey } from "./names.ts";

function reasonOf(name: string): string {
  const check = checkUserName(name);
  return check.ok ? assert.fail(`${JSON.stringify(name)} is allowed`) : check.reason;
}

describe("names", () => {
  it("allows letters, marks and numbers of any script, and separators inside", () => {
    for (const name of [
      "al",
      "Alice",
      "a.b-c_d",
      "김철수",
      "田中さん",
      "राम",
      "Zoë",
      "Zoe\u0308",
      "محمد",
      "42",
      "Σίσυφος",
    ]) {
      assert.ok(checkUserName(name).ok, name);
    }
  });

  it("says in plain words what is wrong", () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["", "a name has at least 2 characters"],
      ["a", "a name has at least 2 characters"],
      ["x".repeat(25), "a name has at most 24 characters"],
      ["x".repeat(100_000), "a name has at most 24 characters"],
      ["a b", 'a name is made of letters, numbers, "_", "-" and "."'],
      ["a@b", 'a name is made of letters, numbers, "_", "-" and "."'],
      ["a🙂b", 'a name is made of letters, numbers, "_", "-" and "."'],
      ["_ab", "a name begins with a letter or a number"],
      ["\u0301ab", "a name begins with a letter or a number"],
      ["ab.", "a name ends with a letter or a number"],
      ["a..b", 'a name has no two of "_", "-" and "." in a row'],
      ["a\nb", "a name has no control characters"],
      ["a\u0000b", "a name has no control characters"],
      ["a\ud800b", "a name has no control characters"],
      ["a\u200bb", "a name has no invisible characters"],
      ["a\u202eb", "a name has no invisible characters"],
      ["a\u2066b", "a name has no invisible characters"],
      ["a\ufe0fb", "a name has no invisible characters"],
      ["\u3164\u3164", "a name has no invisible characters"],
      ["a\u0301\u0302\u0303\u0304", "a name has at most three marks on one letter"],
      // The first letter is Cyrillic.
      ["\u0430dmin", "a name does not mix alphabets whose letters look alike"],
      ["p\u03bfp", "a name does not mix alphabets whose letters look alike"],
      // One character whose normal form has spaces, and one with a fraction slash.
      ["ab\ufdfa", 'a name is made of letters, numbers, "_", "-" and "."'],
      ["a\u00bd", 'a name is made of letters, numbers, "_", "-" and "."'],
    ];
    for (const [name, reason] of wrong) assert.equal(reasonOf(name), reason, JSON.stringify(name));
  });

  it("counts characters, not UTF-16 units", () => {
    assert.ok(checkUserName("𠮷".repeat(24)).ok);
    assert.ok(!checkUserName("𠮷".repeat(25)).ok);
  });

  it("allows rooms 1 to 32 characters", () => {
    assert.ok(checkRoomName("x").ok);
    assert.ok(checkRoomName("x".repeat(32)).ok);
    assert.deepEqual(checkRoomName("x".repeat(33)), {
      ok: false,
      reason: "a name has at most 32 characters",
    });
    assert.deepEqual(checkRoomName(""), { ok: false, reason: "a name has at least 1 character" });
  });

  it("has one key for all ways of writing a name", () => {
    const same: readonly (readonly string[])[] = [
      ["Alice", "alice", "ALICE", "Ａｌｉｃｅ"],
      ["Zoë", "zoe\u0308", "ZOË"],
      ["Straße", "STRASSE", "strasse"],
      ["ﬁsh", "fish"],
      ["ΟΔΟΣ", "οδος", "οδοσ"],
      ["각", "\u1100\u1161\u11a8"],
      ["①②", "12"],
    ];
    for (const names of same) {
      assert.equal(new Set(names.map(nameKey)).size, 1, names.join(" "));
      for (const name of names) {
        assert.deepEqual(checkUserName(`${name}1`), { ok: true, key: nameKey(`${name}1`) });
      }
    }
    assert.notEqual(nameKey("alice"), nameKey("alicf"));
  });

  it("a key's key is the key, and case and compatibility forms do not change it", () => {
    const anyString = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(anyString, (name) => {
        const key = nameKey(name);
        assert.equal(nameKey(key), key);
        assert.equal(nameKey(name.normalize("NFKC")), key);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws, and what it allows stays allowed in its normal form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        if (checkUserName(name).ok) assert.ok(checkUserName(name.normalize("NFKC")).ok);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("display names", () => {
  it("allows 0 to 48 characters of any kind that can be seen, and keeps them in NFC", () => {
    for (const name of ["", "Mina Kim", "김 미나 ✨", "O'Neill (ops)", "𠮷".repeat(48), "مينا"]) {
      assert.deepEqual(checkDisplayName(name), { ok: true, displayName: name });
    }
    assert.deepEqual(checkDisplayName("Zoe\u0308"), { ok: true, displayName: "Zoë" });
  });

  it("says in plain words what is wrong", () => {
    for (const [name, reason] of [
      ["x".repeat(49), "a display name has at most 48 characters"],
      ["x".repeat(100_000), "a display name has at most 48 characters"],
      [" mina", "a display name has no white space around it"],
      ["mina\u3000", "a display name has no white space around it"],
      ["mi\nna", "a display name has no control characters"],
      ["mi\ud800na", "a display name has no control characters"],
      ["mi\u2028na", "a display name has one line"],
      ["mi\u200bna", "a display name has no invisible characters"],
      ["mi\u202ena", "a display name has no invisible characters"],
      ["a\u0301\u0302\u0303\u0304\u0305", "a display name has at most three marks on one letter"],
    ] as const) {
      assert.deepEqual(checkDisplayName(name), { ok: false, reason }, JSON.stringify(name));
    }
  });
});
