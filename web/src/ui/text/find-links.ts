export interface Link {
  /** Where it is in the text, UTF-16 units, `end` excluded. */
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

const CANDIDATE = /(?<![\p{L}\p{N}_])https?:\/\/[^\s\p{Cc}<>"'`]+/giu;
/** Ends a sentence or a clause, in Latin and in East Asian writing. */
const TRAILING = /[.,:;!?*_~'"”’»…。、，．！？：；」』》〉】]$/u;
const BRACKETS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{", "）": "（" };
/** A host of ASCII letters with a Korean particle behind it: "https://example.com에서". */
const PARTICLE_AFTER_HOST = /^(https?:\/\/[a-z0-9.-]+\.[a-z]{2,}(?::\d+)?)[\p{Script=Hangul}]+$/iu;
/** What would let a link look like another than it is. */
const MISLEADING = /[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The links of a text: http and https alone, in order, not overlapping. Punctuation behind a link, and a
 * closing bracket that was opened before it, is not part of it. An address with a user name in it
 * (https://bank.example@evil.example) or with invisible characters is left as text.
 */
export function findLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const address = trimmed(match[0]);
    const href = checked(address);
    if (href !== undefined) links.push({ start: match.index, end: match.index + address.length, href });
  }
  return links;
}

function trimmed(candidate: string): string {
  let address = candidate;
  for (;;) {
    const last = address.at(-1) ?? "";
    const opening = BRACKETS[last];
    const isUnbalanced = opening !== undefined && address.split(last).length > address.split(opening).length;
    if (!isUnbalanced && !TRAILING.test(address)) break;
    address = address.slice(0, -1);
  }
  return PARTICLE_AFTER_HOST.exec(address)?.[1] ?? address;
}

function checked(address: string): string | undefined {
  if (MISLEADING.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  return url.href;
}
