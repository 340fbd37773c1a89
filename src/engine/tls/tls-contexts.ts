import { constants, randomBytes, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { OpensslContext } from "../openssl/openssl-context.ts";
import { makeOpensslContext } from "./openssl-contexts.ts";
import { TlsSettingsError } from "./tls-error.ts";
import type { TlsCertificate, TlsServerOptions } from "./tls-options.ts";

/** Resumption is for this service alone (SSL_CTX_set_session_id_context). */
const SESSION_ID_CONTEXT = "portico";
/** Seconds for which a ticket is good. */
const TICKET_SECONDS = 300;

/** Of TLS 1.3 (RFC 8446, B.4): those that OpenSSL has on. It has no weak ones. */
const TLS13_CIPHERS = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];
/** Node's own list has CBC, and RSA key exchange, for clients of fifteen years ago. */
const TLS12_CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];
/**
 * OpenSSL's groups but those of finite fields, which cost a server several times as much as a client (CVE-2002-20001)
 * and which nobody needs who knows elliptic curves. Before OpenSSL 3.5 it cannot be said by what is left out.
 */
const GROUPS = ["DEFAULT:-ffdhe2048:-ffdhe3072", "X25519:P-256:X448:P-384:P-521"].find(isGroupList);

/** The certificates of a listener, ready to be used, by the names that they are for. */
export class TlsContexts {
  /** For tls.Server, which makes a context of its own from them: the first certificate. */
  readonly defaults: SecureContextOptions;
  /** The same for OpenSSL called directly; undefined: Node's TLSSocket is used. */
  readonly openssl: OpensslContext | undefined;
  readonly #byName = new Map<string, SecureContext>();

  /** Throws TlsSettingsError when a certificate or key cannot be used. Tickets of others are not resumed. */
  constructor(options: TlsServerOptions) {
    const { certificates, clientCertificates = "none", ca } = options;
    const [first] = certificates;
    if (first === undefined) throw new TlsSettingsError("TLS needs a certificate and its key");
    if (clientCertificates !== "none" && ca === undefined) {
      throw new TlsSettingsError("client certificates need the authority (ca) that they must be from");
    }
    const ticketKeys = randomBytes(48);
    const optionsOf = (certificate: TlsCertificate): SecureContextOptions => ({
      cert: certificate.certificate,
      key: certificate.key,
      ...(certificate.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
      ...(ca === undefined ? {} : { ca }),
      minVersion: options.minVersion ?? "TLSv1.2",
      ciphers: [
        ...TLS13_CIPHERS,
        ...(options.ciphers === undefined ? TLS12_CIPHERS : [options.ciphers]),
      ].join(":"),
      ...(GROUPS === undefined ? {} : { ecdhCurve: GROUPS }),
      // Renegotiation is refused: it costs the server much and the client little.
      secureOptions:
        constants.SSL_OP_NO_RENEGOTIATION | (options.tickets === false ? constants.SSL_OP_NO_TICKET : 0),
      honorCipherOrder: true,
      sessionIdContext: SESSION_ID_CONTEXT,
      sessionTimeout: TICKET_SECONDS,
      ticketKeys,
    });
    this.defaults = optionsOf(first);
    const settings = new Map<SecureContext, SecureContextOptions>();
    for (const [index, certificate] of certificates.entries()) {
      const where = certificates.length > 1 ? `certificate ${index + 1}` : "the certificate";
      const context = contextOf(optionsOf(certificate), where);
      settings.set(context, optionsOf(certificate));
      for (const name of namesOf(certificate.certificate, where)) {
        if (!this.#byName.has(name)) this.#byName.set(name, context);
      }
    }
    this.openssl = makeOpensslContext(options, {
      defaults: this.defaults,
      all: [...settings.values()],
      forName: (name) => {
        const context = this.find(name);
        return context === undefined ? undefined : settings.get(context);
      },
    });
  }

  /** For the name that a client asked for; undefined: the default. */
  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    const exact = this.#byName.get(name);
    if (exact !== undefined) return exact;
    const dot = name.indexOf(".");
    return dot < 0 ? undefined : this.#byName.get(`*${name.slice(dot)}`);
  }

  /** The names that have a certificate, for log lines. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }
}

/** Throws TlsSettingsError. */
export function contextOf(options: SecureContextOptions, where: string): SecureContext {
  // Node takes what is no certificate for no authority at all, and then trusts nobody.
  if (typeof options.ca === "string") checkAuthorities(options.ca);
  try {
    return createSecureContext(options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = whyUnusable.find(([pattern]) => pattern.test(code))?.[1] ?? (error as Error).message;
    throw new TlsSettingsError(`${where} cannot be used: ${why}`, error);
  }
}

const whyUnusable: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/KEY_VALUES_MISMATCH|KEY_TYPE_MISMATCH/, "the key is not the certificate's"],
  [/NO_START_LINE|DECODER_.*UNSUPPORTED|UNSUPPORTED$/, "it is not PEM text, or not a key that OpenSSL knows"],
  [
    /BAD_DECRYPT|BAD_PASSWORD|INTERRUPTED_OR_CANCELLED/,
    "its key is encrypted, and the passphrase is not right",
  ],
  [/NO_CIPHER_MATCH/, "OpenSSL knows none of the ciphers"],
  [/EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL/, "its key is too short"],
];

function checkAuthorities(pem: string): void {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^]*?-----END[^]*?-----/g) ?? [];
  if (blocks.length === 0) throw new TlsSettingsError("the authority (ca) holds no certificate in PEM");
  try {
    for (const block of blocks) void new X509Certificate(block).fingerprint256;
  } catch (error) {
    throw new TlsSettingsError("the authority (ca) holds a certificate that cannot be read", error);
  }
}

function isGroupList(groups: string): boolean {
  try {
    createSecureContext({ ecdhCurve: groups });
    return true;
  } catch {
    return false;
  }
}

/** DNS names of a certificate, lower case; the common name where it has none. */
function namesOf(pem: string, where: string): readonly string[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new TlsSettingsError(`${where} cannot be read`, error);
  }
  const names = [...(certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name]) =>
    (name as string).toLowerCase(),
  );
  if (names.length > 0) return names;
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}
