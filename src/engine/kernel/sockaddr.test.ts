import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { socketAddress } from "../socket-address.ts";
import { readSockaddr, writeSockaddr } from "./sockaddr.ts";

const AF_INET6 = 10;

describe("sockaddr", () => {
  for (const [host, port, length] of [
    ["127.0.0.1", 9000, 16],
    ["255.254.253.252", 65_535, 16],
    ["::", 0, 28],
    ["::1", 1, 28],
    ["2001:db8::ff00:42:8329", 443, 28],
    ["fe80::1:2:3:4", 80, 28],
    ["1:2:3:4:5:6:7:8", 80, 28],
    ["1::", 80, 28],
  ] as const) {
    it(`writes and reads ${host} port ${port}`, () => {
      const bytes = new Uint8Array(48).fill(0xaa);
      const address = socketAddress(host, port);
      assert.equal(writeSockaddr(bytes, 8, address, AF_INET6), length);
      assert.deepEqual(readSockaddr(bytes, 8), address);
    });
  }

  it("lays sockaddr_in out as ip(7) says: port in network order, address byte by byte", () => {
    const bytes = new Uint8Array(32);
    writeSockaddr(bytes, 0, { family: 4, host: "10.1.2.3", port: 0x1234 }, AF_INET6);
    assert.deepEqual([...bytes.subarray(0, 8)], [2, 0, 0x12, 0x34, 10, 1, 2, 3]);
  });

  it("reads an IPv4 peer of a dual-stack socket as IPv4", () => {
    const bytes = new Uint8Array(32);
    writeSockaddr(bytes, 0, { family: 6, host: "::ffff:192.0.2.7", port: 5 }, AF_INET6);
    assert.deepEqual(readSockaddr(bytes, 0), { family: 4, host: "192.0.2.7", port: 5 });
  });
});
