import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashOf, parseHash } from "./address.ts";

describe("the page's address", () => {
  it("names a place, and maybe a message in it", () => {
    for (const name of ["lobby", "조별 과제", "a/b?c#d", "100%"]) {
      for (const kind of ["room", "direct"] as const) {
        assert.deepEqual(parseHash(hashOf({ kind, name })), { kind, name, offset: undefined });
        assert.deepEqual(parseHash(hashOf({ kind, name }, 42)), { kind, name, offset: 42 });
      }
    }
    assert.equal(hashOf(undefined), "#/");
  });

  it("names nothing when it is not one of ours", () => {
    for (const hash of [
      "",
      "#",
      "#/",
      "#/room",
      "#/room/",
      "#/room/a/b",
      "#/room/a/0",
      "#/room/%e0",
      "#/x/a",
    ]) {
      assert.equal(parseHash(hash), undefined, hash);
    }
  });
});
