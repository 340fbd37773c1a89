import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { AddressRate, addressGroup } from "../../chat/gate/address-rate.ts";
import { RecentTable } from "../../chat/gate/recent-table.ts";
import { TokenCheck } from "../token-check.ts";

export interface AdminGuardOptions {
  readonly token: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Wrong tokens that one address may send in a minute. Default 10. */
  readonly wrongPerMinute?: number;
  /** Other origins whose pages may ask ("https://ops.example.com"). Default: none. */
  readonly origins?: readonly string[];
}

/** Why a request is not let in. */
export interface Refusal {
  readonly status: 401 | 403 | 415 | 429;
  readonly code: "TOKEN" | "ORIGIN" | "MEDIA_TYPE" | "RATE_LIMITED";
  readonly message: string;
  /** Of 429. */
  readonly retryAfterMs?: number;
}

/** Of a request, what is looked at. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's address, behind trusted proxies too. */
  readonly address: string;
}

const MINUTE_MS = 60_000;
const DEFAULT_WRONG_PER_MINUTE = 10;
/** Addresses whose log line is remembered. */
const TOLD_LIMIT = 1024;

/**
 * Who may use the admin API. The token comes in a header that no browser sends by itself, and there are no
 * cookies, so a page of another site cannot act in an administrator's name; what browsers say of where a
 * request comes from (Origin, Sec-Fetch-Site) is looked at all the same. Wrong tokens are slowed: each address
 * has so many in a minute, then 429 for right ones too, so that guessing learns nothing.
 */
export class AdminGuard {
  readonly #token: TokenCheck;
  readonly #wrong: AddressRate;
  readonly #told = new RecentTable<string, number>(TOLD_LIMIT);
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #origins: ReadonlySet<string>;

  constructor(options: AdminGuardOptions) {
    this.#token = new TokenCheck(options.token);
    this.#wrong = new AddressRate(options.wrongPerMinute ?? DEFAULT_WRONG_PER_MINUTE, MINUTE_MS);
    this.#clock = options.clock;
    this.#log = options.log;
    this.#origins = new Set(options.origins);
  }

  /** undefined: let in. */
  refusal(request: GuardedRequest): Refusal | undefined {
    return this.#foreign(request) ?? mediaRefusal(request) ?? this.tokenRefusal(request, this.#token);
  }

  /** The part about tokens, for another token with the same limit on guessing. */
  tokenRefusal({ headers, address }: GuardedRequest, token: TokenCheck): Refusal | undefined {
    const nowMs = this.#clock.monotonicMs();
    const waitMs = this.#wrong.waitMs(address, nowMs);
    if (waitMs > 0) return this.#slowed(address, waitMs, nowMs);
    const { authorization } = headers;
    if (token.allows(authorization)) return undefined;
    // Nobody has guessed when nothing was sent: a page that asks for the token first is no attack.
    if (authorization === undefined) return wrongToken("send the token: Authorization: Bearer TOKEN");
    this.#wrong.take(address, nowMs);
    return wrongToken("the token is wrong");
  }

  #slowed(address: string, retryAfterMs: number, nowMs: number): Refusal {
    const group = addressGroup(address);
    const toldMs = this.#told.get(group);
    if (toldMs === undefined || nowMs - toldMs >= MINUTE_MS) {
      this.#told.set(group, nowMs);
      this.#log.warn({ address }, "too many wrong admin tokens from an address: it has to wait");
    }
    return { status: 429, code: "RATE_LIMITED", message: "too many wrong tokens from here", retryAfterMs };
  }

  /** A browser says that a page of another site asks. */
  #foreign({ headers }: GuardedRequest): Refusal | undefined {
    const { origin, host } = headers;
    if (origin !== undefined) {
      const isOwn = host !== undefined && hostOf(origin) === host.toLowerCase();
      return isOwn || this.#origins.has(origin) ? undefined : foreignPage;
    }
    const site = headers["sec-fetch-site"];
    // "none": typed into the address bar. Programs send neither header.
    return site === undefined || site === "same-origin" || site === "none" ? undefined : foreignPage;
  }
}

const foreignPage: Refusal = {
  status: 403,
  code: "ORIGIN",
  message: "pages of other sites may not use the admin API",
};

function wrongToken(message: string): Refusal {
  return { status: 401, code: "TOKEN", message };
}

/** Forms of other sites can send three media types without being asked first; JSON is none of them. */
function mediaRefusal({ method, headers }: GuardedRequest): Refusal | undefined {
  if (method === "GET" || method === "HEAD") return undefined;
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return undefined;
  return { status: 415, code: "MEDIA_TYPE", message: "send application/json" };
}

/** "example.com:8080", as a Host header would have it; undefined for "null" and nonsense. */
function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url === null || url.origin !== origin ? undefined : url.host;
}
