import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import {
  derBitString,
  derBoolean,
  derContext,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
  derTime,
  derUtf8String,
  pemOf,
} from "./der.ts";
import type { TlsCertificate } from "./tls-options.ts";

/** What a certificate is for. */
export interface CertificateRequest {
  /** DNS names and IP addresses; the first is the common name too. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Whose signature it has. Default: its own key's (self-signed). */
  readonly issuer?: TlsCertificate;
  /** Whether it may sign others. Default false. */
  readonly isAuthority?: boolean;
}

/** A certificate made here, with its new key. */
export interface MadeCertificate extends TlsCertificate {
  /** SHA-256 of the certificate: 32 bytes in hexadecimal with colons, as OpenSSL and browsers show it. */
  readonly fingerprint: string;
}

const Oid = {
  COMMON_NAME: "2.5.4.3",
  ECDSA_SHA256: "1.2.840.10045.4.3.2",
  SUBJECT_KEY: "2.5.29.14",
  KEY_USAGE: "2.5.29.15",
  ALTERNATIVE_NAME: "2.5.29.17",
  BASIC_CONSTRAINTS: "2.5.29.19",
  AUTHORITY_KEY: "2.5.29.35",
  EXTENDED_KEY_USAGE: "2.5.29.37",
  SERVER_AUTH: "1.3.6.1.5.5.7.3.1",
  CLIENT_AUTH: "1.3.6.1.5.5.7.3.2",
} as const;

/** Names longer than this are not the common name (RFC 5280, ub-common-name). */
const COMMON_NAME_LIMIT = 64;

/**
 * An X.509 certificate (RFC 5280) with a new EC P-256 key: for trying out, and for tests. Certificates for the
 * public come from an authority. Throws TypeError for a name that is none.
 */
export function makeCertificate(request: CertificateRequest): MadeCertificate {
  const { names, validFromMs, validToMs, issuer, isAuthority = false } = request;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = nameOf(names[0] ?? "portico");
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const issuerCertificate = issuer === undefined ? undefined : new X509Certificate(issuer.certificate);
  const algorithm = derSequence(derObjectIdentifier(Oid.ECDSA_SHA256));
  const keyInfo = publicKey.export({ type: "spki", format: "der" });
  const authorityKey = issuerCertificate === undefined ? publicKey : issuerCertificate.publicKey;
  const content = derSequence(
    derContext(0, derInteger(Uint8Array.of(2)), true), // version 3
    derInteger(serialNumber()),
    algorithm,
    issuerCertificate === undefined ? subject : nameOf(commonNameOf(issuerCertificate)),
    derSequence(derTime(validFromMs), derTime(validToMs)),
    subject,
    keyInfo,
    derContext(3, extensions(names, isAuthority, publicKey, authorityKey), true),
  );
  const signature = sign("sha256", content, signer);
  const der = derSequence(content, algorithm, derBitString(signature));
  return {
    certificate: pemOf("CERTIFICATE", der),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    fingerprint: new X509Certificate(der).fingerprint256,
  };
}

function extensions(
  names: readonly string[],
  isAuthority: boolean,
  publicKey: KeyObject,
  authorityKey: KeyObject,
): Buffer {
  const constraints = isAuthority ? derSequence(derBoolean(true)) : derSequence();
  // keyCertSign and cRLSign, or digitalSignature: bits 5 and 6, or 0, of the string.
  const usage = isAuthority ? derBitString(Uint8Array.of(0x06), 1) : derBitString(Uint8Array.of(0x80), 7);
  const list = [
    extension(Oid.BASIC_CONSTRAINTS, true, constraints),
    extension(Oid.KEY_USAGE, true, usage),
    extension(Oid.SUBJECT_KEY, false, derOctetString(keyIdOf(publicKey))),
    extension(Oid.AUTHORITY_KEY, false, derSequence(derContext(0, keyIdOf(authorityKey), false))),
  ];
  if (!isAuthority) {
    const purposes = derSequence(derObjectIdentifier(Oid.SERVER_AUTH), derObjectIdentifier(Oid.CLIENT_AUTH));
    list.push(extension(Oid.EXTENDED_KEY_USAGE, false, purposes));
  }
  if (names.length > 0) {
    list.push(extension(Oid.ALTERNATIVE_NAME, false, derSequence(...names.map(alternativeName))));
  }
  return derSequence(...list);
}

function extension(oid: string, isCritical: boolean, value: Uint8Array): Buffer {
  const critical = isCritical ? [derBoolean(true)] : [];
  return derSequence(derObjectIdentifier(oid), ...critical, derOctetString(value));
}

/** RFC 5280, 4.2.1.6: [2] dNSName, [7] iPAddress. */
function alternativeName(name: string): Buffer {
  const address = addressBytes(name);
  if (address !== undefined) return derContext(7, address, false);
  if (!/^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(name)) {
    throw new TypeError(`"${name}" is neither a host name nor an IP address`);
  }
  return derContext(2, Buffer.from(name, "latin1"), false);
}

function addressBytes(name: string): Uint8Array | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    const bytes = name.split(".").map(Number);
    if (bytes.every((byte) => byte <= 255)) return Uint8Array.from(bytes);
  }
  if (!name.includes(":") || !URL.canParse(`http://[${name}]/`)) return undefined;
  const [head = "", tail] = new URL(`http://[${name}]/`).hostname.slice(1, -1).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const words = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function nameOf(commonName: string): Buffer {
  const text = commonName.slice(0, COMMON_NAME_LIMIT);
  return derSequence(derSet(derSequence(derObjectIdentifier(Oid.COMMON_NAME), derUtf8String(text))));
}

function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? "";
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the key's bits. It identifies; nothing depends on its strength. */
function keyIdOf(key: KeyObject): Uint8Array {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Uint8Array.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return createHash("sha1").update(point).digest();
}

/** Positive, not guessable, at most 20 bytes (RFC 5280, 4.1.2.2). */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}
