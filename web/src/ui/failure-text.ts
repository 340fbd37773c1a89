import type { Dictionary } from "../i18n/dictionary.ts";
import type { ChatErrorCode, Failure } from "../state/contract.ts";

/** Codes that stand for several reasons: the server's words say which. */
const UNSPECIFIC: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  "NAME_INVALID",
  "PASSWORD_INVALID",
  "TEXT_INVALID",
  "TEXT_REFUSED",
  "LIMIT_REACHED",
  "INVALID_PACKET",
  "PERMISSION_DENIED",
]);

/** What went wrong, to the person. The server's own words, English, follow where the code does not say all. */
export function failureText({ code, detail }: Failure, t: Dictionary): string {
  const text = t.failures[code];
  return UNSPECIFIC.has(code) && detail !== "" && detail !== code ? `${text} (${detail})` : text;
}
