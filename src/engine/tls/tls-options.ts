/** A certificate with its key, as PEM text. */
export interface TlsCertificate {
  /** The certificate, then those between it and the authority, in this order. */
  readonly certificate: string;
  readonly key: string;
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export type TlsDriver = "auto" | "openssl" | "node";

/** TLS of a listener. */
export interface TlsServerOptions {
  /**
   * The first is shown to clients that ask for no name, or for one that none is for. The others are chosen by
   * the name asked for (SNI), by the names in the certificates themselves; `*.example.org` is for one label.
   */
  readonly certificates: readonly TlsCertificate[];
  /** Default "TLSv1.2"; the newest that both sides know is used. */
  readonly minVersion?: TlsVersion;
  /**
   * Cipher suites of TLS 1.2, the preferred first, in OpenSSL's names with colons between them. All of TLS 1.3
   * are offered besides. Default: those with forward secrecy and authenticated encryption (ECDHE with AES-GCM or
   * ChaCha20-Poly1305; RFC 9325, section 4.2).
   */
  readonly ciphers?: string;
  /** Application protocols (ALPN), the preferred first. A client that offers only others is refused. Default: none. */
  readonly applicationProtocols?: readonly string[];
  /** `require`: without a certificate of `ca` there is no session. `request`: see `TlsDetails`. Default "none". */
  readonly clientCertificates?: "none" | "request" | "require";
  /** Authorities of client certificates, PEM. Needed unless `clientCertificates` is "none". */
  readonly ca?: string;
  /** Whether clients may resume sessions by tickets; they are good for five minutes. Default true. */
  readonly tickets?: boolean;
  /**
   * Who does the records. `openssl`: the OpenSSL inside Node, called directly, which costs a third of the time for
   * each send; TlsSettingsError where it cannot be (another system than Linux, no koffi, an OpenSSL that is
   * not Node's own) and where clients show certificates. `node`: Node's TLSSocket. `auto`: `openssl` where
   * it can be, else `node`. Default "auto".
   */
  readonly driver?: TlsDriver;
  /** From accepting to the end of the handshake, ms. Then: closed, `TIMEOUT`. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Handshakes under way at once. Above: reset, `LIMIT`. Default 1024. */
  readonly handshakes?: number;
}

/** TLS of a connector. */
export interface TlsClientOptions {
  /** The name that the certificate must be for, asked for by SNI. Default: the address connected to. */
  readonly serverName?: string;
  /** Authorities that are trusted, PEM, instead of those that Node brings. */
  readonly ca?: string;
  /**
   * SHA-256 of the certificate (DER), 64 hexadecimal digits with or without colons. This certificate alone is
   * trusted then, whoever made it, and whatever it says of names and times.
   */
  readonly fingerprint?: string;
  /** For servers that ask who the client is. */
  readonly certificate?: TlsCertificate;
  /** Default "TLSv1.2". */
  readonly minVersion?: TlsVersion;
  /** Application protocols to offer (ALPN). Default: none. */
  readonly applicationProtocols?: readonly string[];
}

export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
export const TLS_HANDSHAKES = 1024;
