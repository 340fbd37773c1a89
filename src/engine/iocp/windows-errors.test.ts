import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Errno, errnoName } from "../port-error.ts";
import { errnoOf, type Operation } from "./windows-errors.ts";

describe("errors of Windows", () => {
  const cases: readonly (readonly [operation: Operation, error: number, errno: keyof typeof Errno])[] = [
    ["listen", 10048, "EADDRINUSE"],
    ["listen", 10013, "EACCES"],
    ["listen", 10049, "EADDRNOTAVAIL"],
    ["connect", 10061, "ECONNREFUSED"],
    ["connect", 1225, "ECONNREFUSED"],
    ["connect", 121, "ETIMEDOUT"],
    ["connect", 10048, "EADDRNOTAVAIL"],
    ["connect", 995, "ECANCELED"],
    ["accept", 64, "ECONNABORTED"],
    ["accept", 10055, "ENOBUFS"],
    ["accept", 10024, "EMFILE"],
    ["receive", 64, "ECONNRESET"],
    ["receive", 10054, "ECONNRESET"],
    ["receive", 10053, "ECONNRESET"],
    ["receive", 10035, "EAGAIN"],
    ["send", 10058, "EPIPE"],
    ["send", 64, "ECONNRESET"],
    ["send", 10053, "ECONNRESET"],
    ["open", 2, "ENOENT"],
    ["open", 3, "ENOENT"],
    ["open", 5, "EACCES"],
    ["open", 80, "EEXIST"],
    ["write", 112, "ENOSPC"],
    ["write", 39, "ENOSPC"],
    ["write", 995, "ECANCELED"],
    ["sync", 1117, "EIO"],
  ];
  for (const [operation, error, errno] of cases) {
    it(`${error} of ${operation} is ${errno}`, () => {
      assert.equal(errnoName(errnoOf(operation, error)), errno);
    });
  }

  it("what is not foreseen is EIO", () => {
    assert.equal(errnoOf("send", 31_415), Errno.EIO);
  });

  it("the same number is not the same news of every operation", () => {
    assert.equal(errnoOf("receive", 38), 0, "the end of what was sent");
    assert.equal(errnoOf("send", 38), Errno.EPIPE);
  });
});
