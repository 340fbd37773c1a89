import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  PROXY_V1_LIMIT_BYTES,
  PROXY_V2_LIMIT_BYTES,
  type ProxyHeader,
  type ProxyHeaderFault,
  proxyHeaderFaultName,
  ProxyHeaderFaults as Fault,
  proxyHeaderFramer,
  readProxyHeader,
} from "./proxy-protocol.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";

/** A header of version 2: the fixed bytes after the signature, and the rest. */
function v2(versionAndCommand: number, family: number, rest: Uint8Array, length = rest.byteLength): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from(SIGNATURE, "hex"), fixed, rest]);
}

const v1 = (line: string): Buffer => Buffer.from(line, "latin1");

/**
 * What the parser says of a stream, fed one byte at a time: the header and how long it is, or the fault;
 * undefined: it wants more.
 */
function parse(stream: Uint8Array): { header: ProxyHeader; length: number } | ProxyHeaderFault | undefined {
  // In the middle of larger memory, whose other bytes must not matter.
  const bytes = new Uint8Array(stream.byteLength + 40).fill(0x20);
  bytes.set(stream, 17);
  for (let count = 1; count <= stream.byteLength; count++) {
    const length = proxyHeaderFramer.frameLength(bytes, 17, 17 + count);
    if (length < 0) return -length as ProxyHeaderFault;
    if (count >= proxyHeaderFramer.headerBytes) assert.notEqual(length, 0, "known by now");
    if (length === 0 || length > count) continue;
    assert.ok(length <= proxyHeaderFramer.frameLimitBytes);
    const header = readProxyHeader(bytes, 17, 17 + length);
    return typeof header === "number" ? header : { header, length };
  }
  return undefined;
}

/** The source that a good header names, as text. */
function sourceOf(stream: Uint8Array): string {
  const parsed = parse(stream);
  assert.ok(typeof parsed === "object", `${JSON.stringify(parsed)} is not a header`);
  assert.equal(parsed.length, stream.byteLength);
  const { source } = parsed.header;
  return source === undefined ? "the proxy" : `${source.family} ${source.host} ${source.port}`;
}

const faultOf = (stream: Uint8Array): string => {
  const parsed = parse(stream);
  return typeof parsed === "number" ? proxyHeaderFaultName(parsed) : JSON.stringify(parsed ?? "more");
};

describe("PROXY protocol version 1", () => {
  const good: [line: string, source: string][] = [
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n", "4 192.0.2.7 4711"],
    ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "4 255.255.255.255 65535"],
    ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "4 0.0.0.0 0"],
    ["PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 4711 443\r\n", "6 2001:db8::1 4711"],
    ["PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 443\r\n", "4 192.0.2.7 4711"],
    ["PROXY UNKNOWN\r\n", "the proxy"],
    ["PROXY UNKNOWN ffff:f...f:ffff whatever 65535 99999999\r\n", "the proxy"],
    [
      `PROXY UNKNOWN ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535\r\n`,
      "the proxy", // the longest line of the specification: 107 bytes
    ],
  ];
  for (const [line, source] of good) {
    it(`reads ${JSON.stringify(line)}`, () => {
      assert.equal(sourceOf(v1(line)), source);
      assert.ok(line.length <= PROXY_V1_LIMIT_BYTES);
    });
  }

  const bad: [line: string, fault: string][] = [
    ["GET / HTTP/1.1\r\n", "MISSING"],
    ["PROXY\r\n", "MISSING"],
    ["proxy TCP4 192.0.2.7 10.0.0.1 4711 443\r\n", "MISSING"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n", "BAD_LINE"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711 443 1\r\n", "BAD_LINE"],
    ["PROXY TCP4  192.0.2.7 10.0.0.1 4711 443\r\n", "BAD_LINE"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\n", "BAD_LINE"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\rx", "BAD_LINE"],
    ["PROXY UDP4 192.0.2.7 10.0.0.1 4711 443\r\n", "BAD_LINE"],
    ["PROXY UNKNOWNX\r\n", "BAD_LINE"],
    ["PROXY \r\n", "BAD_LINE"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 4711 443 \r\n", "BAD_LINE"],
    ["PROXY TCP4 192.0.2.256 10.0.0.1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 192.0.2.07 10.0.0.1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 localhost 10.0.0.1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 ::1 ::1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP6 192.0.2.7 10.0.0.1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP6 ::1%lo ::1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP6 ::1]/x:[ ::1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP6 1::2::3 ::1 4711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 04711 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n", "BAD_ADDRESS"],
    ["PROXY TCP4 192.0.2.7 10.0.0.256 1 443\r\n", "BAD_ADDRESS"],
    [`PROXY UNKNOWN ${"x".repeat(200)}`, "TOO_LONG"],
    [`PROXY UNKNOWN ${"x".repeat(PROXY_V1_LIMIT_BYTES - 15)}\r\n`, "TOO_LONG"],
  ];
  for (const [line, fault] of bad) {
    it(`refuses ${JSON.stringify(line)}`, () => assert.equal(faultOf(v1(line)), fault));
  }
});

describe("PROXY protocol version 2", () => {
  const inet = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 187]);
  const inet6 = Buffer.from(`20010db8${"00".repeat(11)}01${"00".repeat(15)}01126701bb`, "hex");
  const tlvs = Buffer.from("03000412345678040003000000", "hex"); // a CRC32C, which is not looked at; a NOOP

  it("reads addresses of both families, and skips what follows them", () => {
    assert.equal(sourceOf(v2(0x21, 0x11, inet)), "4 192.0.2.7 4711");
    assert.equal(sourceOf(v2(0x21, 0x11, Buffer.concat([inet, tlvs]))), "4 192.0.2.7 4711");
    assert.equal(sourceOf(v2(0x21, 0x21, inet6)), "6 2001:db8::1 4711");
    assert.equal(sourceOf(v2(0x21, 0x21, Buffer.concat([inet6, tlvs]))), "6 2001:db8::1 4711");
    const mapped = Buffer.from(inet6);
    mapped.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 9]);
    assert.equal(sourceOf(v2(0x21, 0x21, mapped)), "4 192.0.2.9 4711");
    assert.equal(sourceOf(v2(0x21, 0x11, Buffer.concat([inet], 536))), "4 192.0.2.7 4711");
  });

  it("keeps the peer for LOCAL, whatever follows, and for what it has no use for", () => {
    for (const family of [0x00, 0x11, 0x21, 0x31, 0xff]) {
      assert.equal(sourceOf(v2(0x20, family, Buffer.alloc(0))), "the proxy");
      assert.equal(sourceOf(v2(0x20, family, inet6)), "the proxy");
    }
    assert.equal(sourceOf(v2(0x21, 0x00, Buffer.alloc(0))), "the proxy", "unspecified");
    assert.equal(sourceOf(v2(0x21, 0x00, tlvs)), "the proxy");
    assert.equal(sourceOf(v2(0x21, 0x12, inet)), "the proxy", "a datagram's");
    assert.equal(sourceOf(v2(0x21, 0x31, Buffer.alloc(216, "x"))), "the proxy", "a UNIX socket's");
  });

  it("refuses what is not defined, and lengths that do not fit", () => {
    assert.equal(faultOf(v2(0x11, 0x11, inet)), "BAD_COMMAND", "version 1 in binary");
    assert.equal(faultOf(v2(0x31, 0x11, inet)), "BAD_COMMAND");
    assert.equal(faultOf(v2(0x22, 0x11, inet)), "BAD_COMMAND");
    assert.equal(faultOf(v2(0x21, 0x41, Buffer.alloc(300))), "BAD_FAMILY");
    assert.equal(faultOf(v2(0x21, 0x13, inet)), "BAD_FAMILY");
    assert.equal(faultOf(v2(0x21, 0x11, inet.subarray(0, 11))), "TOO_SHORT");
    assert.equal(faultOf(v2(0x21, 0x21, inet6.subarray(0, 35))), "TOO_SHORT");
    assert.equal(faultOf(v2(0x21, 0x31, Buffer.alloc(215))), "TOO_SHORT");
    assert.equal(faultOf(v2(0x21, 0x11, inet, 537)), "TOO_LONG");
    assert.equal(faultOf(v2(0x20, 0x00, inet, 65_535)), "TOO_LONG", "before any of it is kept");
    assert.equal(faultOf(Buffer.from("0d0a0d0a000d0a515549540b", "hex")), "MISSING");
    assert.equal(faultOf(Buffer.from("\r\n\r\nGET /", "latin1")), "MISSING");
  });

  it("waits for all of a header, and takes nothing behind it", () => {
    const header = v2(0x21, 0x11, inet);
    for (let count = 1; count < header.byteLength; count++) {
      assert.equal(parse(header.subarray(0, count)), undefined);
    }
    const parsed = parse(Buffer.concat([header, Buffer.from("PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n")]));
    assert.equal(typeof parsed === "object" ? parsed.length : parsed, header.byteLength);
  });
});

describe("PROXY protocol", () => {
  const port = fc.nat(65_535);

  it("reads every address that can be written, the same in both versions", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), port, port, (from, to, fromPort, toPort) => {
        const octets = (host: string): number[] => host.split(".").map(Number);
        const ports = [fromPort >> 8, fromPort & 0xff, toPort >> 8, toPort & 0xff];
        const expected = `4 ${from} ${fromPort}`;
        assert.equal(sourceOf(v1(`PROXY TCP4 ${from} ${to} ${fromPort} ${toPort}\r\n`)), expected);
        assert.equal(
          sourceOf(v2(0x21, 0x11, Buffer.from([...octets(from), ...octets(to), ...ports]))),
          expected,
        );
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), port, (address, fromPort) => {
        const groups = address.reduce(
          (text, byte, index) =>
            `${text}${index > 0 && index % 2 === 0 ? ":" : ""}${byte.toString(16).padStart(2, "0")}`,
          "",
        );
        const ports = [fromPort >> 8, fromPort & 0xff, 0, 1];
        assert.equal(
          sourceOf(v1(`PROXY TCP6 ${groups} ::1 ${fromPort} 1\r\n`)),
          sourceOf(v2(0x21, 0x21, Buffer.concat([address, address, Buffer.from(ports)]))),
        );
      }),
    );
  });

  it("answers garbage with a fault or asks for more, within its limits, and never throws", () => {
    const beginning = fc.constantFrom(
      "",
      "PROXY ",
      "PROXY TCP4 ",
      "PROXY TCP6 ",
      "PROXY UNKNOWN",
      ...["", "20", "21", "2111", "2121", "2131", "21110fff", "2111000c", "21210024"].map((hex) =>
        Buffer.from(SIGNATURE + hex, "hex").toString("latin1"),
      ),
    );
    const character = fc.constantFrom(...Array.from("0123456789abcf.: \r\nTCP\0\xff"));
    const garbage = fc.oneof(
      fc.array(character, { maxLength: 700 }).map((all) => Buffer.from(all.join(""), "latin1")),
      fc.uint8Array({ maxLength: 700 }),
    );
    fc.assert(
      fc.property(beginning, garbage, (first, rest) => {
        const stream = Buffer.concat([Buffer.from(first, "latin1"), rest]);
        const parsed = parse(stream);
        if (parsed === undefined) assert.ok(stream.byteLength < PROXY_V2_LIMIT_BYTES, "undecided too long");
        else if (typeof parsed === "number") assert.ok(Object.values(Fault).includes(parsed));
        else assert.ok(parsed.length <= PROXY_V2_LIMIT_BYTES);
      }),
      { numRuns: 1000 },
    );
  });

  it("answers a good header with one byte changed, and never throws", () => {
    const headers = [
      v1("PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"),
      v1("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n"),
      v2(0x21, 0x11, Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 187])),
    ];
    for (const header of headers) {
      for (let at = 0; at < header.byteLength; at++) {
        for (let value = 0; value < 256; value++) {
          const changed = Buffer.from(header);
          changed[at] = value;
          const parsed = parse(changed);
          assert.ok(parsed === undefined || typeof parsed === "object" || parsed > 0);
        }
      }
    }
  });
});
