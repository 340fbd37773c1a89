/** An IPv4 or IPv6 endpoint. Hosts are literal addresses; names are resolved before they come here. */
export interface SocketAddress {
  readonly family: 4 | 6;
  /** "127.0.0.1", "::1"; "::" listens on both families (dual stack). */
  readonly host: string;
  /** 0 … 65535; 0 asks the kernel for a free one. */
  readonly port: number;
}

/** What is told of an end of a connection that the kernel does not know any more: 0.0.0.0 port 0. */
export const unknownAddress: SocketAddress = { family: 4, host: "0.0.0.0", port: 0 };

/** Thrown for text that is not HOST:PORT. */
export class AddressError extends Error {
  readonly code = "BAD_ADDRESS";
}

/** Parses "127.0.0.1:9000", "[::1]:9000" or "localhost:9000" (which means 127.0.0.1). */
export function parseSocketAddress(text: string): SocketAddress {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text.trim());
  const port = Number(match?.groups?.port ?? Number.NaN);
  const written = match?.groups?.six ?? match?.groups?.host;
  if (written === undefined || !(port <= 65_535)) {
    throw new AddressError(`"${text}" is not HOST:PORT (for example 127.0.0.1:9000 or [::1]:9000)`);
  }
  return socketAddress(written, port);
}

/** An address from a literal host (or "localhost") and a port number. */
export function socketAddress(host: string, port: number): SocketAddress {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new AddressError(`port ${port} is not a whole number from 0 to 65535`);
  }
  if (host === "localhost") return { family: 4, host: "127.0.0.1", port };
  if (isIPv4(host)) return { family: 4, host, port };
  if (isIPv6(host)) return { family: 6, host, port };
  throw new AddressError(`"${host}" is not an IPv4 or IPv6 address`);
}

/**
 * The same as `socketAddress` for a literal address, in the text of RFC 5952, and with an IPv4-mapped IPv6
 * address as the IPv4 address it is. What others tell, a proxy for instance, goes through here, so that one
 * address has one name. Throws AddressError.
 */
export function canonicalAddress(host: string, port: number): SocketAddress {
  if (host === "localhost") throw new AddressError(`"${host}" is not an IPv4 or IPv6 address`);
  const address = socketAddress(host, port);
  if (address.family === 4) return address;
  const canonical = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical);
  if (mapped === null) return { family: 6, host: canonical, port };
  const [high, low] = [Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)];
  return { family: 4, host: [high >> 8, high & 0xff, low >> 8, low & 0xff].join("."), port };
}

// No leading zeros: some readers take such a number for an octal one.
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isIPv4(text: string): boolean {
  return ipv4.test(text);
}

function isIPv6(text: string): boolean {
  // The brackets are the URL's: what would end them early is none of an address's characters.
  return /^[\da-f:.]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}

/** "127.0.0.1:9000" or "[::1]:9000". */
export function formatSocketAddress(address: SocketAddress): string {
  return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
