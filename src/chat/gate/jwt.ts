import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import type { Clock } from "../../base/clock.ts";
import { GateSettingsError } from "./gate-settings.ts";

/** An authority whose JSON Web Tokens (RFC 7519) log in. Exactly one of the first three. */
export interface JwtSettings {
  /** Shared with whoever makes the tokens (HS256, HS384, HS512); at least 32 bytes. */
  readonly secret?: string | undefined;
  /** Where the authority's public keys (RFC 7517) are fetched, over HTTPS; HTTP on this machine only. */
  readonly jwksUrl?: string | undefined;
  /** The public keys themselves: the content of a JWKS file. */
  readonly jwks?: string | undefined;
  /** What `iss` must be. Default: anything. */
  readonly issuer?: string | undefined;
  /** What `aud` must be or have. Default: anything. */
  readonly audience?: string | undefined;
  /** The claim that holds the user's name. Default: preferred_username, else name, else sub. */
  readonly nameClaim?: string | undefined;
}

/** Who a token is for. */
export interface ExternalUser {
  /** `iss` and `sub` with a bar between: unique among all authorities. */
  readonly externalId: string;
  /** As the token says it; not checked. */
  readonly name: string;
}

/** Tokens are not taken for now: the authority's keys cannot be fetched. */
export class JwtKeysError extends Error {
  readonly code = "JWT_KEYS";
  constructor(cause: unknown) {
    super("the keys for JSON Web Tokens cannot be had", { cause });
    this.name = "JwtKeysError";
  }
}

const SECRET_LEAST_BYTES = 32;
const EXTERNAL_ID_MOST_BYTES = 512;
/** Clocks differ. */
const TOLERANCE_SECONDS = 10;
const DEFAULT_NAME_CLAIMS = ["preferred_username", "name", "sub"];

const symmetric = ["HS256", "HS384", "HS512"] as const;
/** Nothing with a shared secret among them: a public key must never serve as one. */
const asymmetric = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** Checks JSON Web Tokens: signature, expiry (`exp` is required, and so is `sub`), issuer, audience. */
export class JwtVerifier {
  readonly #settings: JwtSettings;
  readonly #clock: Clock;
  readonly #key: Uint8Array | JWTVerifyGetKey;
  readonly #options: JWTVerifyOptions;

  /** Throws GateSettingsError. */
  constructor(settings: JwtSettings, clock: Clock) {
    const { secret, jwksUrl, jwks, issuer, audience } = settings;
    const given = [secret, jwksUrl, jwks].filter((value) => value !== undefined);
    if (given.length !== 1) {
      throw new GateSettingsError("login.jwt needs exactly one of secret, jwksUrl and jwks");
    }
    this.#settings = settings;
    this.#clock = clock;
    this.#key = keyOf(settings);
    this.#options = {
      algorithms: [...(secret === undefined ? asymmetric : symmetric)],
      requiredClaims: ["sub", "exp"],
      clockTolerance: TOLERANCE_SECONDS,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
  }

  /** Who the token is for; undefined when it is not to be trusted. Rejects with JwtKeysError. */
  async verify(token: string): Promise<ExternalUser | undefined> {
    const options = { ...this.#options, currentDate: new Date(this.#clock.wallMs()) };
    try {
      const { payload } = await (typeof this.#key === "function"
        ? jwtVerify(token, this.#key, options)
        : jwtVerify(token, this.#key, options));
      return this.#userOf(payload);
    } catch (error) {
      if (!isTokensFault(error)) throw new JwtKeysError(error);
      return undefined;
    }
  }

  #userOf(payload: JWTPayload): ExternalUser | undefined {
    const { iss = "", sub = "" } = payload;
    const externalId = `${iss}|${sub}`;
    if (sub === "" || Buffer.byteLength(externalId) > EXTERNAL_ID_MOST_BYTES) return undefined;
    const { nameClaim } = this.#settings;
    const claims = nameClaim === undefined ? DEFAULT_NAME_CLAIMS : [nameClaim];
    const name = claims.map((claim) => payload[claim]).find((value) => typeof value === "string");
    return { externalId, name: typeof name === "string" ? name : "" };
  }
}

/** Whether two settings make the same verifier. */
export function isSameJwt(a: JwtSettings | undefined, b: JwtSettings | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = ["secret", "jwksUrl", "jwks", "issuer", "audience", "nameClaim"] as const;
  return keys.every((key) => a[key] === b[key]);
}

function keyOf({ secret, jwksUrl, jwks }: JwtSettings): Uint8Array | JWTVerifyGetKey {
  if (secret !== undefined) {
    const bytes = new TextEncoder().encode(secret);
    if (bytes.length >= SECRET_LEAST_BYTES) return bytes;
    throw new GateSettingsError(`login.jwt.secret must have at least ${SECRET_LEAST_BYTES} bytes`);
  }
  return jwksUrl === undefined ? localKeys(jwks ?? "") : createRemoteJWKSet(keysUrl(jwksUrl));
}

function keysUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = url !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isHere)) return url;
  throw new GateSettingsError("login.jwt.jwksUrl must be an https: address (http: on this machine only)");
}

function localKeys(text: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof errors.JOSEError) {
      throw new GateSettingsError("login.jwt.jwks is no JSON Web Key Set");
    }
    throw error;
  }
}

/** Whether it is the token that is wrong, and not the fetching of keys. */
function isTokensFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // A JOSEError without a code of its own is a response of the keys' server that is no key set.
  return error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC";
}
