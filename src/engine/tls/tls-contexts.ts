import { constants, randomBytes, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { TlsSettingsError } from "./tls-error.ts";
import type { TlsCertificate, TlsServerOptions } from "./tls-options.ts";

/** Resumption is for this service alone (SSL_CTX_set_session_id_context). */
const SESSION_ID_CONTEXT = "portico";
/** Seconds for which a ticket is good. */
const TICKET_SECONDS = 300;

/** The certificates of a listener, ready to be used, by the names that they are for. */
export class TlsContexts {
  /** For tls.Server, which makes a context of its own from them: the first certificate. */
  readonly defaults: SecureContextOptions;
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
      // Renegotiation is refused: it costs the server much and the client little.
      secureOptions:
        constants.SSL_OP_NO_RENEGOTIATION | (options.tickets === false ? constants.SSL_OP_NO_TICKET : 0),
      honorCipherOrder: true,
      sessionIdContext: SESSION_ID_CONTEXT,
      sessionTimeout: TICKET_SECONDS,
      ticketKeys,
    });
    this.defaults = optionsOf(first);
    for (const [index, certificate] of certificates.entries()) {
      const where = certificates.length > 1 ? `certificate ${index + 1}` : "the certificate";
      const context = contextOf(optionsOf(certificate), where);
      for (const name of namesOf(certificate.certificate, where)) {
        if (!this.#byName.has(name)) this.#byName.set(name, context);
      }
    }
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
  [/EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL/, "its key is too short"],
];

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
