import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { editDistance, nearestName } from "./nearest-name.ts";

describe("nearestName", () => {
  it("finds slips of the keyboard", () => {
    const names = ["packets.address", "http.address", "limits.sendQueue", "log.level"];
    assert.equal(nearestName("limits.sendqueue", names), "limits.sendQueue");
    assert.equal(nearestName("limits.sendQeueu", names), "limits.sendQueue");
    assert.equal(nearestName("packet.adress", names), "packets.address");
    assert.equal(nearestName("colour", names), undefined);
    assert.equal(nearestName("ab", ["abc"]), "abc");
    assert.equal(nearestName("x", []), undefined);
  });

  it("counts a swap as one", () => {
    assert.equal(editDistance("hosts", "hotss"), 1);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });

  it("keeps the rules of a distance", () => {
    const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(word, word, (left, right) => {
        const distance = editDistance(left, right);
        assert.equal(distance, editDistance(right, left));
        assert.equal(distance === 0, left === right);
        assert.ok(distance <= Math.max(left.length, right.length));
        assert.ok(distance >= Math.abs(left.length - right.length));
      }),
    );
  });

  it("finds the name itself when it is there", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }),
        fc.nat(),
        (names, at) => {
          const name = names[at % names.length];
          assert.ok(name !== undefined);
          assert.equal(nearestName(name, names), name);
        },
      ),
    );
  });
});
