import type { ChatErrorCode, TransportFailure } from "../../client/index.ts";

/** What a person may do when no connection can be made; it goes behind the reason. */
const hints: Readonly<Record<TransportFailure, string>> = {
  TLS_NOT_SPOKEN: "; leave --tls, --fingerprint and --ca away to talk without it",
  TLS_REQUIRED: "; add --tls, or --fingerprint or --ca for a certificate that this machine does not know",
  TLS_UNTRUSTED: "; --ca FILE or --fingerprint SHA256 says which one to trust",
  TLS_FINGERPRINT: "; ask whoever runs the server which one is right before you trust it",
  TLS_WRONG_NAME: "; connect by a name that it is for, or say with --fingerprint that it is the right one",
  TLS_EXPIRED: "; whoever runs the server must renew it",
  TLS_CLIENT_CERTIFICATE: "; this client has none: it is a port for services",
  TLS_INCOMPATIBLE: "; is this a port of Portico for packets?",
};

/** undefined: the code is of something else, which may be better another time. */
export function transportHint(code: ChatErrorCode): string | undefined {
  return isTransportFailure(code) ? hints[code] : undefined;
}

export function isTransportFailure(code: ChatErrorCode): code is TransportFailure {
  return Object.hasOwn(hints, code);
}
