/**
 * Ranges of internet addresses: "192.0.2.0/24", "2001:db8::/32" (RFC 4632, RFC 4291). Inside, an IPv4
 * address is its IPv4-mapped IPv6 address (::ffff:192.0.2.1), so both ways to write it are one.
 */
export interface Cidr {
  /** The first address, 128 bits. */
  readonly base: bigint;
  /** Leading bits that all addresses of the range share, 0 … 128. */
  readonly prefixBits: number;
}

const ADDRESS_BITS = 128;
const IPV4_BITS = 32;
const MAPPED_BITS = ADDRESS_BITS - IPV4_BITS;
const MAPPED_BASE = 0xffff_0000_0000n;

/** A range, or one address (its prefix is the longest); bits behind the prefix are ignored. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const base = parseAddress(address);
  if (base === undefined || (slash >= 0 && address.includes("%"))) return undefined;
  const width = address.includes(":") ? ADDRESS_BITS : IPV4_BITS;
  const given = slash < 0 ? width : parseDecimal(text.slice(slash + 1), width);
  if (given === undefined) return undefined;
  const prefixBits = given + ADDRESS_BITS - width;
  const freeBits = BigInt(ADDRESS_BITS - prefixBits);
  return { base: (base >> freeBits) << freeBits, prefixBits };
}

/** The one way to write a range: prefix always given, IPv6 as in RFC 5952. undefined: it is none. */
export function normalizeCidr(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr === undefined ? undefined : formatCidr(cidr);
}

export function formatCidr({ base, prefixBits }: Cidr): string {
  if (prefixBits >= MAPPED_BITS && base >> BigInt(IPV4_BITS) === MAPPED_BASE >> BigInt(IPV4_BITS)) {
    const bytes = [24n, 16n, 8n, 0n].map((shift) => (base >> shift) & 0xffn);
    return `${bytes.join(".")}/${prefixBits - MAPPED_BITS}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((base >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  return `${compressed(groups)}/${prefixBits}`;
}

/** `address` as {@link parseAddress} gives it. "::/0" holds IPv4 addresses too. */
export function cidrContains({ base, prefixBits }: Cidr, address: bigint): boolean {
  const freeBits = BigInt(ADDRESS_BITS - prefixBits);
  return address >> freeBits === base >> freeBits;
}

/** The 128 bits of an IPv4 or IPv6 address; a zone ("%eth0") is ignored. undefined: it is none. */
export function parseAddress(text: string): bigint | undefined {
  if (!text.includes(":")) {
    const low = parseIpv4(text);
    return low === undefined ? undefined : MAPPED_BASE | low;
  }
  const zone = text.indexOf("%");
  return parseIpv6(zone < 0 ? text : text.slice(0, zone));
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".", 5);
  if (parts.length !== 4) return undefined;
  let address = 0n;
  for (const part of parts) {
    const byte = parseDecimal(part, 255);
    if (byte === undefined) return undefined;
    address = (address << 8n) | BigInt(byte);
  }
  return address;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::", 3);
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  const after = parseGroups(tail ?? "", true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  // "::" stands for one group at least.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  let address = 0n;
  for (const group of [...before, ...Array.from({ length: missing }, () => 0), ...after]) {
    address = (address << 16n) | BigInt(group);
  }
  return address;
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":", 9);
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && mayEndInIpv4 && index === parts.length - 1) {
      const low = parseIpv4(part);
      if (low === undefined) return undefined;
      groups.push(Number(low >> 16n), Number(low & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Digits without a leading zero, 0 … `most`. */
function parseDecimal(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

/** The first of the longest runs of two zeros and more becomes "::". */
function compressed(groups: readonly string[]): string {
  let start = 0;
  let length = 1;
  for (let first = 0; first < groups.length; first++) {
    let end = first;
    while (groups[end] === "0") end += 1;
    if (end - first > length) [start, length] = [first, end - first];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
