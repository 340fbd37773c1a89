import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Cidr, parseCidr } from "../base/cidr.ts";
import { forwardedAddress, isTrustedAddress } from "./forwarded-address.ts";

const trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map((text) => parseCidr(text) as Cidr);

describe("isTrustedAddress", () => {
  it("knows the ranges, also behind a dual-stack socket", () => {
    assert.ok(isTrustedAddress("10.1.2.3", trusted));
    assert.ok(isTrustedAddress("::ffff:10.1.2.3", trusted));
    assert.ok(isTrustedAddress("2001:db8:1::7", trusted));
    assert.ok(!isTrustedAddress("11.1.2.3", trusted));
    assert.ok(!isTrustedAddress("localhost", trusted));
    assert.ok(!isTrustedAddress("10.1.2.3", []));
  });
});

describe("forwardedAddress", () => {
  const cases: readonly (readonly [header: string | undefined, expected: string | undefined])[] = [
    [undefined, undefined],
    ["", undefined],
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:4711", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    // Proxies append: what the client itself wrote stands left, and is not believed.
    ["1.2.3.4, 192.0.2.1", "192.0.2.1"],
    ["1.2.3.4, 192.0.2.1, 10.0.0.9", "192.0.2.1"],
    ["1.2.3.4,192.0.2.1 ,10.0.0.9, 2001:db8:1::2", "192.0.2.1"],
    ["10.0.0.8, 10.0.0.9", "10.0.0.8"],
    // Nonsense that would have to be believed is not; nonsense behind it does no harm.
    ["192.0.2.1, unknown", undefined],
    ["192.0.2.1, ", undefined],
    ["unknown, 192.0.2.1", "192.0.2.1"],
    ["unknown, 10.0.0.9", undefined],
    ["192.0.2.1:99999999", undefined],
    ["fe80::1%eth0", undefined],
    ["192.0.2.256", undefined],
    ["[192.0.2.1", undefined],
    ["::1::", undefined],
  ];
  for (const [header, expected] of cases) {
    it(`${header === undefined ? "no header" : JSON.stringify(header)} means ${expected ?? "nobody"}`, () => {
      assert.equal(forwardedAddress(header, trusted), expected);
    });
  }
});
