import type { Framer } from "./framer.ts";
import { AddressError, canonicalAddress, type SocketAddress } from "./socket-address.ts";

/**
 * The PROXY protocol, versions 1 and 2: what a proxy writes at the beginning of a connection to tell whose
 * it is. Source: haproxy, doc/proxy-protocol.txt, sections 2.1 (text) and 2.2 (binary). Pure bytes.
 *
 * Of the values after a version 2 address (TLVs, 2.2) nothing is read, the checksum PP2_TYPE_CRC32C
 * neither: TCP has its own.
 */

/** The longest header of version 1, its CRLF included (2.1). */
export const PROXY_V1_LIMIT_BYTES = 107;

/**
 * The longest header of version 2: its 16 fixed bytes and 536 more, what the smallest TCP segment carries
 * (2.2 asks senders to stay within it). The length field would allow 65,535.
 */
export const PROXY_V2_LIMIT_BYTES = 16 + 536;

/** What is wrong with a header; the `detail` of the session that it ends. */
export const ProxyHeaderFaults = {
  /** The connection does not begin with a header. */
  MISSING: 1,
  /** A header of version 1 does not end within 107 bytes, or one of version 2 is longer than 552. */
  TOO_LONG: 2,
  /** Version 1: its line is not PROXY, a protocol, two addresses and two ports, one space between. */
  BAD_LINE: 3,
  /** An address is not one of the family that was named, or a port is not a number up to 65,535. */
  BAD_ADDRESS: 4,
  /** Version 2: the version or the command is none that is defined. */
  BAD_COMMAND: 5,
  /** Version 2: the family or the transport is none that is defined. */
  BAD_FAMILY: 6,
  /** Version 2: the length leaves no room for the addresses of the family. */
  TOO_SHORT: 7,
} as const;

export type ProxyHeaderFaultName = keyof typeof ProxyHeaderFaults;
export type ProxyHeaderFault = (typeof ProxyHeaderFaults)[ProxyHeaderFaultName];

/** What a header says: whose connection it is; `source` undefined: the proxy's own (LOCAL, UNKNOWN, …). */
export interface ProxyHeader {
  readonly version: 1 | 2;
  readonly source: SocketAddress | undefined;
}

const v1Signature = Buffer.from("PROXY ", "latin1");
const v2Signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** The first bytes of version 2: signature, version and command, family and transport, length. */
const V2_FIXED_BYTES = 16;

const CR = 13;
const LF = 10;

/** Finds where a header ends; the header itself is read by {@link readProxyHeader}. */
export const proxyHeaderFramer: Framer = {
  headerBytes: PROXY_V1_LIMIT_BYTES,
  frameLimitBytes: PROXY_V2_LIMIT_BYTES,
  frameLength(bytes, start, end) {
    if (begins(bytes, start, end, v2Signature)) return v2Length(bytes, start, end);
    if (begins(bytes, start, end, v1Signature)) return v1Length(bytes, start, end);
    return -ProxyHeaderFaults.MISSING;
  },
};

/** Whether the bytes so far agree with the signature. */
function begins(bytes: Uint8Array, start: number, end: number, signature: Uint8Array): boolean {
  const count = Math.min(end - start, signature.byteLength);
  for (let index = 0; index < count; index++) {
    if (bytes[start + index] !== signature[index]) return false;
  }
  return true;
}

function v1Length(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + PROXY_V1_LIMIT_BYTES);
  for (let at = start + v1Signature.byteLength; at < limit; at++) {
    if (bytes[at] === LF) return -ProxyHeaderFaults.BAD_LINE;
    if (bytes[at] !== CR) continue;
    if (at + 1 === limit) break;
    return bytes[at + 1] === LF ? at + 2 - start : -ProxyHeaderFaults.BAD_LINE;
  }
  return end - start >= PROXY_V1_LIMIT_BYTES ? -ProxyHeaderFaults.TOO_LONG : 0;
}

function v2Length(bytes: Uint8Array, start: number, end: number): number {
  const available = end - start;
  if (available > 12 && (bytes[start + 12] as number) >>> 4 !== 2) return -ProxyHeaderFaults.BAD_COMMAND;
  if (available < V2_FIXED_BYTES) return 0;
  const length = V2_FIXED_BYTES + (((bytes[start + 14] as number) << 8) | (bytes[start + 15] as number));
  return length > PROXY_V2_LIMIT_BYTES ? -ProxyHeaderFaults.TOO_LONG : length;
}

/** Reads a whole header, as `proxyHeaderFramer` cut it; the number says what is wrong with it. */
export function readProxyHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
): ProxyHeader | ProxyHeaderFault {
  return bytes[start] === v1Signature[0] ? readV1(bytes, start, end) : readV2(bytes, start, end);
}

function readV1(bytes: Uint8Array, start: number, end: number): ProxyHeader | ProxyHeaderFault {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start - 2).toString("latin1");
  // After UNKNOWN the receiver ignores everything (2.1).
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { version: 1, source: undefined };
  const fields = line.split(" ");
  const [, protocol, source, destination, sourcePort, destinationPort] = fields;
  if (fields.length !== 6 || (protocol !== "TCP4" && protocol !== "TCP6")) return ProxyHeaderFaults.BAD_LINE;
  const family = protocol === "TCP4" ? 4 : 6;
  const from = v1Address(family, source as string, sourcePort as string);
  const to = v1Address(family, destination as string, destinationPort as string);
  if (from === undefined || to === undefined) return ProxyHeaderFaults.BAD_ADDRESS;
  return { version: 1, source: from };
}

function v1Address(family: 4 | 6, host: string, port: string): SocketAddress | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(port) || host.includes(":") !== (family === 6)) return undefined;
  try {
    return canonicalAddress(host, Number(port));
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}

/** Bytes of both addresses and both ports, by family: AF_INET, AF_INET6; AF_UNIX has no ports. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;

const Command = { LOCAL: 0, PROXY: 1 } as const;
const AF_INET = 1;
const AF_INET6 = 2;
const STREAM = 1;

function readV2(bytes: Uint8Array, start: number, end: number): ProxyHeader | ProxyHeaderFault {
  const versionAndCommand = bytes[start + 12] as number;
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >>> 4 !== 2 || command > Command.PROXY) return ProxyHeaderFaults.BAD_COMMAND;
  const own: ProxyHeader = { version: 2, source: undefined };
  // The proxy speaks for itself (a health check); the rest is discarded, the family too (2.2).
  if (command === Command.LOCAL) return own;
  const family = (bytes[start + 13] as number) >>> 4;
  const transport = (bytes[start + 13] as number) & 0x0f;
  const addressBytes = ADDRESS_BYTES[family];
  if (addressBytes === undefined || transport > 2) return ProxyHeaderFaults.BAD_FAMILY;
  if (end - start < V2_FIXED_BYTES + addressBytes) return ProxyHeaderFaults.TOO_SHORT;
  // What is defined but of no use here (AF_UNSPEC, AF_UNIX, datagrams) is taken for unspecified (2.2).
  if (transport !== STREAM || (family !== AF_INET && family !== AF_INET6)) return own;
  const at = start + V2_FIXED_BYTES;
  const hostBytes = family === AF_INET ? 4 : 16;
  const portAt = at + 2 * hostBytes;
  const port = ((bytes[portAt] as number) << 8) | (bytes[portAt + 1] as number);
  return { version: 2, source: canonicalAddress(hostText(bytes, at, at + hostBytes), port) };
}

function hostText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === 4) return bytes.subarray(start, end).join(".");
  const groups: string[] = [];
  for (let at = start; at < end; at += 2) {
    groups.push((((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16));
  }
  return groups.join(":");
}

/** The name of a fault, for a log line. */
export function proxyHeaderFaultName(fault: ProxyHeaderFault): ProxyHeaderFaultName {
  const names = Object.keys(ProxyHeaderFaults) as ProxyHeaderFaultName[];
  return names[fault - 1] as ProxyHeaderFaultName;
}
