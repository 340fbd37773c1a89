import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressGroup, AddressRate } from "./address-rate.ts";

describe("AddressRate", () => {
  it("counts each address for itself", () => {
    const rate = new AddressRate(2, 60_000);
    assert.equal(rate.take("192.0.2.1", 0), 0);
    assert.equal(rate.take("192.0.2.1", 0), 0);
    assert.equal(rate.take("192.0.2.1", 0), 30_000);
    assert.equal(rate.take("192.0.2.2", 0), 0);
    assert.equal(rate.take("192.0.2.1", 30_000), 0);
  });

  it("is off at 0", () => {
    const rate = new AddressRate(0, 60_000);
    for (let count = 0; count < 1000; count++) assert.equal(rate.take("192.0.2.1", 0), 0);
    assert.equal(rate.addressCount, 0);
  });

  it("can be asked without taking, and be changed", () => {
    const rate = new AddressRate(1, 60_000);
    assert.equal(rate.waitMs("192.0.2.1", 0), 0);
    assert.equal(rate.take("192.0.2.1", 0), 0);
    assert.equal(rate.waitMs("192.0.2.1", 0), 60_000);
    assert.equal(rate.waitMs("192.0.2.1", 60_000), 0);
    rate.setCount(3);
    assert.equal(rate.take("192.0.2.1", 30_000), 0);
    rate.setCount(0);
    assert.equal(rate.waitMs("192.0.2.1", 0), 0);
  });

  it("waiting exactly as long as told is enough", () => {
    for (const count of [3, 7, 30]) {
      const rate = new AddressRate(count, 60_000);
      let nowMs = 0.123;
      for (let turn = 0; turn < 500; turn++) {
        const waitMs = rate.take("192.0.2.1", nowMs);
        if (waitMs === 0) continue;
        nowMs += waitMs;
        assert.equal(rate.take("192.0.2.1", nowMs), 0);
      }
    }
  });

  it("remembers a bounded number of addresses, those seen last", () => {
    const rate = new AddressRate(1, 60_000, 3);
    for (const host of ["a", "b", "c", "a", "d"]) rate.take(host, 0);
    assert.equal(rate.addressCount, 3);
    assert.ok(rate.take("a", 0) > 0, "seen lately, still remembered");
    assert.equal(rate.take("b", 0), 0, "the oldest was forgotten");
  });
});

describe("addressGroup", () => {
  for (const [host, group] of [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001::6", "2001:db8:1:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ] as const) {
    it(`${host} counts as ${group}`, () => assert.equal(addressGroup(host), group));
  }
});
