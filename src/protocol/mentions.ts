import { checkUserName } from "./names.ts";

/** Users that one text can mention; further ones are not looked at. */
export const MENTION_LIMIT = 20;

const NAME_RUN = /[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]*/uy;
const TWO_SEPARATORS = /[_.-]{2}/;
const LAST_SEPARATOR = /[_.-]$/;
const PART_OF_A_WORD = /^[\p{L}\p{M}\p{N}_@]/u;

/** Where a text mentions somebody: [start, end) in UTF-16 units, the "@" included. */
export interface Mention {
  readonly start: number;
  readonly end: number;
  /** What the name is compared by. */
  readonly key: string;
}

/**
 * The name keys of whom a text mentions ("@name"), each once, in order, at most MENTION_LIMIT. An "@"
 * inside a word, as in an e-mail address, begins no mention; whether a user of that name exists is not
 * asked. A name ends where names end: "@ada." and "@ada's" mention "ada".
 */
export function mentionedKeys(text: string): string[] {
  const keys = new Set<string>();
  for (const { key } of findMentions(text)) {
    keys.add(key);
    if (keys.size >= MENTION_LIMIT) break;
  }
  return [...keys];
}

/** Every mention of a text with its place, in order; by the same rules, for those who show it. */
export function* findMentions(text: string): Generator<Mention> {
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (isInsideWord(text, at)) continue;
    const mention = mentionAt(text, at);
    if (mention !== undefined) yield mention;
  }
}

/** The character before is asked alone: V8 14 overlooks ones outside the BMP when it looks backwards. */
function isInsideWord(text: string, at: number): boolean {
  const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1);
  return before !== undefined && PART_OF_A_WORD.test(before);
}

function mentionAt(text: string, start: number): Mention | undefined {
  NAME_RUN.lastIndex = start + 1;
  const run = NAME_RUN.exec(text)?.[0];
  if (run === undefined) return undefined;
  const [beginning = ""] = run.split(TWO_SEPARATORS, 1);
  const name = beginning.replace(LAST_SEPARATOR, "");
  const check = checkUserName(name);
  return check.ok ? { start, end: start + 1 + name.length, key: check.key } : undefined;
}
