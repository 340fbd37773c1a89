import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  canonicalAddress,
  formatSocketAddress,
  parseSocketAddress,
  socketAddress,
} from "./socket-address.ts";

describe("socket address", () => {
  it("reads and writes both families", () => {
    for (const text of ["127.0.0.1:9000", "[::1]:9000", "[::]:0", "0.0.0.0:65535", "[fd00::1:2]:1"]) {
      assert.equal(formatSocketAddress(parseSocketAddress(text)), text);
    }
    assert.deepEqual(parseSocketAddress("localhost:80"), { family: 4, host: "127.0.0.1", port: 80 });
  });

  it("refuses what is not HOST:PORT, saying what is", () => {
    for (const text of [
      "",
      "9000",
      "127.0.0.1",
      "127.0.0.1:",
      "127.0.0.1:65536",
      "256.0.0.1:1",
      "1.2.3:4",
      "[1:2]:3",
      "::1:9000",
      "a b:1",
      "1.2.3.4:x",
      "[127.0.0.1]x:1",
    ]) {
      assert.throws(() => parseSocketAddress(text), { code: "BAD_ADDRESS" }, text);
    }
    assert.throws(() => socketAddress("127.0.0.1", -1), { code: "BAD_ADDRESS" });
    assert.throws(() => socketAddress("127.0.0.1", 1.5), { code: "BAD_ADDRESS" });
  });

  it("takes nothing for an address that only looks like one", () => {
    for (const host of [
      "::1]/x:[",
      "::1]:80/[",
      "1:2:3:4:5:6:7:8:9",
      "::1%lo",
      "010.0.0.1",
      "1.2.3.04",
      ":",
    ]) {
      assert.throws(() => socketAddress(host, 1), { code: "BAD_ADDRESS" }, host);
    }
  });

  it("gives one address one name", () => {
    const cases = [
      ["192.0.2.7", 4, "192.0.2.7"],
      ["::ffff:192.0.2.7", 4, "192.0.2.7"],
      ["0:0:0:0:0:FFFF:C000:0207", 4, "192.0.2.7"],
      ["2001:DB8:0:0:0:0:0:1", 6, "2001:db8::1"],
      ["::", 6, "::"],
      ["::ffff:0:192.0.2.7", 6, "::ffff:0:c000:207"],
    ] as const;
    for (const [text, family, host] of cases) {
      assert.deepEqual(canonicalAddress(text, 7), { family, host, port: 7 });
    }
    assert.throws(() => canonicalAddress("localhost", 7), { code: "BAD_ADDRESS" });
    assert.throws(() => canonicalAddress("_hidden", 7), { code: "BAD_ADDRESS" });
  });
});
