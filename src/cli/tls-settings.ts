import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsCertificate, TlsServerOptions } from "../engine/index.ts";
import { CliError, EXIT_USAGE } from "./cli-error.ts";
import type { PorticoConfig } from "./config-schema.ts";

/** What listeners are told of TLS, with the files that the settings name read. */
export interface TlsSettings {
  readonly packets: TlsServerOptions | undefined;
  readonly http: TlsServerOptions | undefined;
}

/** Rejects nothing that is switched off. Throws CliError when a file cannot be read. */
export function tlsSettings({ packets, http, tls }: PorticoConfig): TlsSettings {
  if (!packets.tls && !http.tls) return { packets: undefined, http: undefined };
  const common: TlsServerOptions = {
    certificates: [
      readPair("tls.certificate", tls.certificate, "tls.key", tls.key),
      ...certificatePairs(tls.more).map(([certificate, key]) =>
        readPair("tls.more", certificate, "tls.more", key),
      ),
    ],
    minVersion: tls.minVersion,
    ...(tls.ciphers === "" ? {} : { ciphers: tls.ciphers }),
    driver: tls.driver,
    tickets: tls.tickets,
    handshakes: tls.handshakes,
    handshakeTimeoutMs: tls.handshakeTimeout,
  };
  const clients: Pick<TlsServerOptions, "clientCertificates" | "ca"> =
    tls.clientCertificates === "none"
      ? {}
      : { clientCertificates: tls.clientCertificates, ca: readText("tls.ca", tls.ca) };
  return {
    packets: packets.tls ? { ...common, ...clients } : undefined,
    http: http.tls ? common : undefined,
  };
}

/** SHA-256 of the first certificate in a file. Throws CliError, or Node's own error when it is none. */
export function fingerprintOf(path: string): string {
  return new X509Certificate(readText("tls.certificate", path)).fingerprint256;
}

/** "a.pem a.key, b.pem b.key" as pairs; undefined when that is not what it is. */
export function parseCertificatePairs(text: string): readonly (readonly [string, string])[] | undefined {
  const pairs: (readonly [string, string])[] = [];
  for (const part of text.split(",")) {
    const words = part
      .trim()
      .split(/\s+/)
      .filter((word) => word !== "");
    if (words.length === 0) continue;
    const [certificate, key, ...rest] = words;
    if (certificate === undefined || key === undefined || rest.length > 0) return undefined;
    pairs.push([certificate, key]);
  }
  return pairs;
}

function certificatePairs(text: string): readonly (readonly [string, string])[] {
  const pairs = parseCertificatePairs(text);
  if (pairs !== undefined) return pairs;
  throw new CliError('tls.more: expected pairs such as "a.pem a.key, b.pem b.key"', EXIT_USAGE);
}

function readPair(
  certificateName: string,
  certificatePath: string,
  keyName: string,
  keyPath: string,
): TlsCertificate {
  const pair = { certificate: readText(certificateName, certificatePath), key: readText(keyName, keyPath) };
  const certificate = certificateIn(pair.certificate);
  if (certificate === undefined) {
    throw new CliError(`${certificateName}: ${certificatePath} is no certificate in PEM`, EXIT_USAGE);
  }
  const key = keyIn(pair.key);
  if (key === undefined) {
    throw new CliError(`${keyName}: ${keyPath} is no key in PEM, or it is encrypted`, EXIT_USAGE);
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new CliError(`${keyName}: ${keyPath} is not the key of ${certificatePath}`, EXIT_USAGE);
  }
  return pair;
}

/** The first, which is the server's own. */
function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function keyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** A line for each certificate that clients will refuse for its times. */
export function certificateWarnings({ packets, http }: TlsSettings, nowMs: number): readonly string[] {
  const warnings = (packets ?? http)?.certificates.map(({ certificate: pem }) => {
    const certificate = certificateIn(pem);
    if (certificate === undefined) return "";
    const { subject, validFromDate, validToDate } = certificate;
    const name = subject.replaceAll("\n", ", ");
    if (nowMs > validToDate.getTime()) {
      return `the certificate of ${name} expired on ${validToDate.toISOString()}: clients refuse it`;
    }
    if (nowMs < validFromDate.getTime()) {
      return `the certificate of ${name} is not valid before ${validFromDate.toISOString()}: clients refuse it`;
    }
    return "";
  });
  return (warnings ?? []).filter((warning) => warning !== "");
}

function readText(key: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${key}: ${path} cannot be read: ${why}`, EXIT_USAGE, { cause: error });
  }
}
