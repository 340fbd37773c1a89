/**
 * Why a TLS connection did not come to be:
 *
 * - `NOT_TLS`: what the peer sent is not TLS.
 * - `TIMEOUT`: the handshake took too long. `LIMIT`: too many handshakes were under way.
 * - `CLOSED`: the peer closed the connection during the handshake.
 * - `VERSION`, `CIPHER`, `ALPN`: nothing in common.
 * - `CLIENT_CERTIFICATE`: the client showed none, or none that is trusted.
 * - `UNTRUSTED`, `EXPIRED`, `NOT_YET_VALID`, `NAME`, `FINGERPRINT`: the server's certificate was not accepted here.
 * - `REFUSED`: the peer gave up with an alert, for example because it does not trust our certificate.
 * - `PROTOCOL`: anything else that breaks the rules, garbage above all.
 */
export type TlsErrorCode =
  | "NOT_TLS"
  | "TIMEOUT"
  | "LIMIT"
  | "CLOSED"
  | "VERSION"
  | "CIPHER"
  | "ALPN"
  | "CLIENT_CERTIFICATE"
  | "UNTRUSTED"
  | "EXPIRED"
  | "NOT_YET_VALID"
  | "NAME"
  | "FINGERPRINT"
  | "REFUSED"
  | "PROTOCOL";

/** A TLS handshake that failed, in one line. */
export class TlsError extends Error {
  readonly code: TlsErrorCode;
  constructor(code: TlsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TlsError";
    this.code = code;
  }
}

/** Certificates, keys or other TLS settings that cannot be used. Nothing was changed. */
export class TlsSettingsError extends Error {
  readonly code = "BAD_TLS";
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TlsSettingsError";
  }
}

/** OpenSSL's and Node's codes, by what they mean for the side that got them. */
const kinds: readonly (readonly [pattern: RegExp, code: TlsErrorCode, message: string])[] = [
  [
    /^ERR_SSL_(HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER)$/,
    "NOT_TLS",
    "the peer does not speak TLS",
  ],
  [
    /^ERR_SSL_(UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|BAD_PROTOCOL_VERSION_NUMBER|(TLSV1|SSLV3)_ALERT_PROTOCOL_VERSION)$/,
    "VERSION",
    "the two sides have no TLS version in common",
  ],
  [/^ERR_SSL_NO_SHARED_(CIPHER|GROUP)$/, "CIPHER", "the two sides have no cipher in common"],
  [
    /^ERR_SSL_(NO_APPLICATION_PROTOCOL|TLSV1_ALERT_NO_APPLICATION_PROTOCOL)$/,
    "ALPN",
    "the two sides have no application protocol (ALPN) in common",
  ],
  [
    /^ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE$/,
    "CLIENT_CERTIFICATE",
    "the client showed no certificate, and one is required",
  ],
  [
    /^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED$/,
    "CLIENT_CERTIFICATE",
    "the server requires a client certificate",
  ],
  [/^CERT_HAS_EXPIRED$/, "EXPIRED", "the server's certificate has expired"],
  [
    /^CERT_NOT_YET_VALID$/,
    "NOT_YET_VALID",
    "the server's certificate is not valid yet, or this machine's clock is wrong",
  ],
  [/^ERR_TLS_CERT_ALTNAME/, "NAME", "the server's certificate is for another name"],
  [/^ERR_SSL_.*_ALERT_/, "REFUSED", "the peer refused the handshake"],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|INVALID_|PATH_LENGTH|HOSTNAME_|CRL_)/,
    "UNTRUSTED",
    "the server's certificate is not trusted",
  ],
  [/^ECONNRESET$/, "CLOSED", "the peer closed the connection during the TLS handshake"],
];

/** What Node's TLS told, as a {@link TlsError}. */
export function tlsErrorOf(error: unknown): TlsError {
  if (error instanceof TlsError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const found = kinds.find(([pattern]) => pattern.test(code));
  if (found === undefined) {
    const why = code === "" ? firstLineOf(error) : code;
    return new TlsError("PROTOCOL", `the TLS handshake failed (${why})`, error);
  }
  const [, kind, message] = found;
  return new TlsError(kind, code === "ECONNRESET" ? message : `${message} (${code})`, error);
}

function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] as string;
}
