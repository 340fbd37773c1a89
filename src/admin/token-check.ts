import { hash, timingSafeEqual } from "node:crypto";

/**
 * Knows a secret token by its digest. Two digests are compared, in a time that tells nothing of how much of a
 * guess was right, whatever its length.
 */
export class TokenCheck {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = hash("sha256", token, "buffer");
  }

  /** Whether a header `Authorization: Bearer TOKEN` (RFC 6750) has the token. */
  allows(authorization: string | undefined): boolean {
    const token = /^Bearer +(?<token>\S+) *$/i.exec(authorization ?? "")?.groups?.token ?? "";
    return timingSafeEqual(hash("sha256", token, "buffer"), this.#digest);
  }
}
