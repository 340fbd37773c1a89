import assert from "node:assert/strict";
import { it } from "node:test";
import { hostOf } from "./host-of.ts";

it("the host of an address is what is banned", () => {
  for (const [address, host] of [
    ["192.0.2.7:4711", "192.0.2.7"],
    ["192.0.2.7", "192.0.2.7"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::1", "::1"],
  ] as const) {
    assert.equal(hostOf(address), host);
  }
});
