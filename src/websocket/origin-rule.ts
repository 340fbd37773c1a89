/** An entry of an allow-list is not an origin. `code` "BAD_ORIGIN". */
export class OriginError extends Error {
  readonly code = "BAD_ORIGIN";
  constructor(entry: string) {
    super(`"${entry}" is not an origin: write it as a browser does, for instance https://chat.example.org`);
    this.name = "OriginError";
  }
}

/** Whether a page of this origin may connect, where the request's Host header is `host`. */
export type OriginRule = (origin: string | undefined, host: string | undefined) => boolean;

/**
 * The rule for the Origin header (RFC 6455, 10.2): it keeps pages of strangers from speaking in the name
 * of whoever looks at them. Programs that are no browsers send none, and could send any; so a request
 * without it is allowed.
 *
 * - An empty list: the page must come from the host (name and port) that the Host header names.
 * - Otherwise: its origin must be in the list, exactly (`https://chat.example.org`, `null`); the Host
 *   header counts for nothing.
 * - `*` in the list: every page.
 *
 * The rule of the empty list trusts the Host header, which a name that an attacker made to lead here
 * (DNS rebinding) satisfies: where that matters, list the origins. Throws OriginError for an entry that
 * is none of these.
 */
export function originRule(allowList: readonly string[]): OriginRule {
  if (allowList.length === 0) return isSameHost;
  const allowed = new Set(allowList.map(normalOrigin));
  if (allowed.has("*")) return () => true;
  return (origin) => origin === undefined || allowed.has(origin.toLowerCase());
}

function isSameHost(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  const page = webOrigin(origin);
  if (page === undefined || host === undefined || !isHost(host)) return false;
  // Parsed with the page's scheme, so that a default port is the same written or not.
  const server = webOrigin(`${page.protocol}//${host}`);
  return server !== undefined && server.host === page.host;
}

/** An entry as browsers write it: no default port, lower case. */
function normalOrigin(entry: string): string {
  const trimmed = entry.trim();
  if (trimmed === "*" || trimmed === "null") return trimmed;
  const url = webOrigin(trimmed);
  if (url !== undefined) return url.origin;
  // Applications in a browser's clothes have schemes of their own: app://localhost.
  if (/^https?:/i.test(trimmed) || !/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+$/i.test(trimmed)) {
    throw new OriginError(entry);
  }
  return trimmed.toLowerCase();
}

/** The URL of an http or https origin: scheme, host and port and nothing else; undefined for the rest. */
function webOrigin(text: string): URL | undefined {
  if (!/^https?:\/\/[^/?#@\\\s]+$/i.test(text)) return undefined;
  return URL.parse(text) ?? undefined;
}

function isHost(text: string): boolean {
  return /^[^/?#@\\\s]+$/.test(text);
}
