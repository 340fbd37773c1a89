import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { cidrContains, normalizeCidr, parseAddress, parseCidr } from "./cidr.ts";

const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6());

function contains(cidr: string, address: string): boolean {
  const range = parseCidr(cidr);
  const bits = parseAddress(address);
  assert.ok(range !== undefined && bits !== undefined);
  return cidrContains(range, bits);
}

describe("address ranges", () => {
  it("have one normal form", () => {
    for (const [text, normal] of [
      ["192.0.2.77/24", "192.0.2.0/24"],
      ["192.0.2.1", "192.0.2.1/32"],
      ["0.0.0.0/0", "0.0.0.0/0"],
      ["::ffff:192.0.2.1", "192.0.2.1/32"],
      ["::FFFF:C000:201/120", "192.0.2.0/24"],
      ["2001:DB8:0:0:1:0:0:1/32", "2001:db8::/32"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"],
      ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7/128"],
      ["::", "::/128"],
      ["::/0", "::/0"],
      ["64:ff9b::192.0.2.33", "64:ff9b::c000:221/128"],
    ]) {
      assert.equal(normalizeCidr(text ?? ""), normal ?? "", text ?? "");
    }
  });

  it("that are none are told", () => {
    const none = ["", "/", "192.0.2", "192.0.2.256", "192.0.02.1", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/08"];
    none.push(
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "g::",
      "::/129",
    );
    none.push("1.2.3.4::", "12345::", "fe80::1%eth0/64", "1.2.3.4.5", " 1.2.3.4", "1.2.3.4/-1", "::1.2.3");
    for (const text of none) assert.equal(parseCidr(text), undefined, text);
  });

  it("hold IPv4 addresses however they are written, and ignore zones", () => {
    assert.ok(contains("192.0.2.0/24", "::ffff:192.0.2.200"));
    assert.ok(!contains("192.0.2.0/24", "192.0.3.0"));
    assert.ok(!contains("192.0.2.0/24", "::192.0.2.1"), "an IPv4-compatible address is another");
    assert.ok(contains("fe80::/10", "fe80::1%eth0"));
    assert.ok(contains("::/0", "192.0.2.1"));
  });

  it("are read as the runtime reads them", () => {
    fc.assert(
      fc.property(anyAddress, (text) => {
        assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0);
        const normal = normalizeCidr(text);
        assert.ok(normal !== undefined);
        assert.equal(normalizeCidr(normal), normal);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("0123a:./")), maxLength: 16 }), (text) => {
        assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("hold what the runtime says they hold", () => {
    const families = fc.constantFrom(["ipv4", 32] as const, ["ipv6", 128] as const);
    const cases = families.chain(([family, width]) => {
      const address = family === "ipv4" ? fc.ipV4() : fc.ipV6();
      return fc.record({
        family: fc.constant(family),
        base: address,
        other: address,
        prefix: fc.integer({ min: 1, max: width }),
        near: fc.boolean(),
      });
    });
    fc.assert(
      fc.property(cases, ({ family, base, other, prefix, near }) => {
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        const probe = near ? base : other;
        assert.equal(contains(`${base}/${prefix}`, probe), list.check(probe, family));
      }),
    );
  });
});
