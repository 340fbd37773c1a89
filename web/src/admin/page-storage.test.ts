import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PageStorage, type StorageLike } from "./page-storage.ts";

function memory(): StorageLike & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

describe("what the admin page keeps", () => {
  it("is the token for the tab alone", () => {
    const [session, local] = [memory(), memory()];
    const storage = new PageStorage(
      () => session,
      () => local,
    );
    storage.keepToken("secret");
    storage.keepLanguage("ko");
    assert.equal(storage.token, "secret");
    assert.equal(storage.language, "ko");
    assert.ok(![...local.kept.values()].includes("secret"));
    storage.forgetToken();
    assert.equal(storage.token, "");
    assert.equal(session.kept.size, 0);
  });

  it("is nothing where the browser forbids it", () => {
    const forbidden = (): StorageLike => {
      throw new DOMException("denied", "SecurityError");
    };
    const storage = new PageStorage(forbidden, forbidden);
    storage.keepToken("secret");
    storage.forgetToken();
    assert.equal(storage.token, "");
    assert.equal(storage.language, null);
    assert.equal(storage.theme, undefined);
  });

  it("takes the chat page's theme when it is one", () => {
    const local = memory();
    const storage = new PageStorage(memory, () => local);
    for (const [kept, theme] of [
      ["dark", "dark"],
      ["light", "light"],
      ["purple", undefined],
    ] as const) {
      local.kept.set("portico.theme", kept);
      assert.equal(storage.theme, theme);
    }
  });
});
