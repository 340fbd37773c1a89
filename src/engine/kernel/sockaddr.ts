import type { SocketAddress } from "../socket-address.ts";

/** The same number on every system; AF_INET6 is not. */
const AF_INET = 2;

/** sizeof(struct sockaddr_in6), the larger of the two, rounded up to a multiple of 8. */
export const SOCKADDR_BYTES = 32;

/**
 * Writes struct sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)) at `offset`; returns its length. Linux and
 * Windows lay them out alike, but for the number of AF_INET6, which is `ipv6Family`. The family is in the
 * machine's byte order, which is little-endian wherever Node runs on them but on s390x, which koffi does
 * not support.
 */
export function writeSockaddr(
  bytes: Uint8Array,
  offset: number,
  address: SocketAddress,
  ipv6Family: number,
): number {
  bytes.fill(0, offset, offset + SOCKADDR_BYTES);
  bytes[offset] = address.family === 6 ? ipv6Family : AF_INET;
  bytes[offset + 2] = address.port >>> 8;
  bytes[offset + 3] = address.port & 0xff;
  if (address.family === 4) {
    bytes.set(address.host.split(".").map(Number), offset + 4);
    return 16;
  }
  const groups = parseGroups(address.host);
  for (const [index, group] of groups.entries()) {
    bytes[offset + 8 + index * 2] = group >>> 8;
    bytes[offset + 9 + index * 2] = group & 0xff;
  }
  return 28;
}

/**
 * Reads what the kernel wrote. An IPv4 peer of a dual-stack listener, which the kernel writes as
 * ::ffff:a.b.c.d, reads as the IPv4 address it is, so that limits by address count it once.
 */
export function readSockaddr(bytes: Uint8Array, offset: number): SocketAddress {
  const at = (index: number): number => bytes[offset + index]!;
  const port = (at(2) << 8) | at(3);
  if (at(0) === AF_INET) return { family: 4, host: [at(4), at(5), at(6), at(7)].join("."), port };
  let isMapped = at(18) === 0xff && at(19) === 0xff;
  for (let index = 8; index < 18; index++) isMapped &&= at(index) === 0;
  if (isMapped) return { family: 4, host: [at(20), at(21), at(22), at(23)].join("."), port };
  const groups: string[] = [];
  for (let index = 8; index < 24; index += 2) groups.push(((at(index) << 8) | at(index + 1)).toString(16));
  return { family: 6, host: shorten(groups.join(":")), port };
}

/** The eight 16-bit groups of an IPv6 literal. */
function parseGroups(host: string): number[] {
  const [front = "", back] = shorten(host).split("::");
  const first = front === "" ? [] : front.split(":");
  const last = back === undefined || back === "" ? [] : back.split(":");
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return [...first, ...zeros, ...last].map((group) => Number.parseInt(group, 16));
}

/** The canonical text of an IPv6 address (RFC 5952); URL knows the rules. */
function shorten(host: string): string {
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}
