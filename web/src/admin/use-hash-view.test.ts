import assert from "node:assert/strict";
import { it } from "node:test";
import { viewOf } from "./use-hash-view.ts";

it("the view is what the address names after #", () => {
  assert.deepEqual(viewOf("#users"), { name: "users", rest: "" });
  assert.deepEqual(viewOf("#sessions/slow"), { name: "sessions", rest: "slow" });
  assert.deepEqual(viewOf("#sanctions/a%2Fb"), { name: "sanctions", rest: "a%2Fb" });
  for (const hash of ["", "#", "#constructor", "#<img src=x>", "#/users"]) {
    assert.deepEqual(viewOf(hash), { name: "overview", rest: "" }, hash);
  }
});
