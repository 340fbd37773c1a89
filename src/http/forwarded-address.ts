import { type Cidr, cidrContains, parseAddress } from "../base/cidr.ts";

/** Whether an address is one of the proxies that are believed. What is no address is not. */
export function isTrustedAddress(host: string, trusted: readonly Cidr[]): boolean {
  if (trusted.length === 0) return false;
  const address = parseAddress(host);
  return address !== undefined && trusted.some((range) => cidrContains(range, address));
}

/**
 * Whom a chain of trusted proxies forwards: the rightmost address of `X-Forwarded-For` that is not a
 * trusted proxy's, because each proxy appends whom it heard, and what stands to the left of the first
 * stranger is that stranger's own claim. When all are trusted it is the leftmost. undefined when there is
 * no header, or when what has to be believed is no address: then the connection's own address holds.
 *
 * Only for requests that came from a trusted proxy themselves.
 */
export function forwardedAddress(header: string | undefined, trusted: readonly Cidr[]): string | undefined {
  if (header === undefined) return undefined;
  const entries = header.split(",");
  let found: string | undefined;
  for (let index = entries.length - 1; index >= 0; index--) {
    const host = hostOf(entries[index] as string);
    if (host === undefined) return undefined;
    found = host;
    if (!isTrustedAddress(host, trusted)) break;
  }
  return found;
}

/** With a port, or in the brackets that IPv6 needs for one: "192.0.2.1:4711", "[2001:db8::1]:4711". */
const withPort = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<four>[0-9.]+))(?::\d{1,5})?$/i;

function hostOf(entry: string): string | undefined {
  const text = entry.trim();
  // Without brackets the colons of an IPv6 address leave no room for a port.
  const host = parseAddress(text) === undefined ? hostBeforePort(text) : text;
  return host === undefined || parseAddress(host) === undefined || host.includes("%") ? undefined : host;
}

function hostBeforePort(text: string): string | undefined {
  const groups = withPort.exec(text)?.groups;
  return groups?.six ?? groups?.four;
}
