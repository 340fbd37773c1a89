import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OriginError, originRule } from "./origin-rule.ts";

describe("originRule", () => {
  it("without a list: the page comes from the host that is asked", () => {
    const allows = originRule([]);
    for (const [origin, host] of [
      [undefined, "a.example"],
      [undefined, undefined],
      ["http://a.example", "a.example"],
      ["https://a.example", "A.Example"],
      ["https://a.example", "a.example:443"],
      ["http://127.0.0.1:8080", "127.0.0.1:8080"],
      ["http://[::1]:8080", "[::1]:8080"],
      ["http://localhost:80", "localhost"],
    ] as const) {
      assert.ok(allows(origin, host), `${origin} at ${host}`);
    }
    for (const [origin, host] of [
      ["http://b.example", "a.example"],
      ["http://a.example:81", "a.example"],
      ["http://a.example", "a.example:81"],
      ["https://a.example", "a.example:80"],
      ["http://a.example", undefined],
      ["http://a.example", ""],
      ["null", "null"],
      ["", ""],
      ["file://", ""],
      ["http://a.example.b.example", "a.example"],
      ["http://a.example@b.example", "b.example"],
      ["http://b.example#a.example", "a.example"],
      ["http://a.example", "x@a.example"],
      ["http://a.example", "a.example/"],
      ["http://a.example, http://b.example", "a.example"],
      ["chrome-extension://a.example", "a.example"],
    ] as const) {
      assert.ok(!allows(origin, host), `${origin} at ${host}`);
    }
  });

  it("with a list: the page's origin is in it", () => {
    const allows = originRule([" https://Chat.example:443 ", "http://localhost:5173", "app://local", "null"]);
    for (const origin of [
      "https://chat.example",
      "http://localhost:5173",
      "app://local",
      "null",
      undefined,
    ]) {
      assert.ok(allows(origin, "elsewhere"), String(origin));
    }
    for (const origin of ["http://chat.example", "https://chat.example:444", "http://elsewhere", ""]) {
      assert.ok(!allows(origin, "elsewhere"), origin);
    }
  });

  it("with *: every page", () => {
    assert.ok(originRule(["https://a.example", "*"])("null", undefined));
  });

  it("says which entry is no origin", () => {
    for (const entry of [
      "",
      "chat.example",
      "https://",
      "https://a.example/",
      "https://a.example/x",
      "http://a b",
      "https://*.example/",
    ]) {
      assert.throws(
        () => originRule([entry]),
        (error) => error instanceof OriginError && error.code === "BAD_ORIGIN",
        entry,
      );
    }
  });
});
