import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatSocketAddress, parseSocketAddress, socketAddress } from "./socket-address.ts";

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
});
