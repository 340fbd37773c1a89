import { nameKey } from "../../protocol/names.ts";
import type { RoomId } from "../names.ts";
import { GateSettingsError } from "./gate-settings.ts";

/** Where a text is to be said. */
export interface FilterContext {
  /** The user's name. */
  readonly user: string;
  readonly request: "publish" | "editMessage" | "whisper";
  /** 0: a whisper. */
  readonly roomId: RoomId;
  /** A whisper's addressee, as the client wrote it; else empty. */
  readonly to: string;
}

export type FilterVerdict =
  | { readonly action: "allow" }
  /** This text is said in its place; one that breaks the rules of texts is refused. */
  | { readonly action: "replace"; readonly text: string }
  /** `reason`: in words, for the user. */
  | { readonly action: "refuse"; readonly reason: string };

/**
 * Looks at each text that is published, edited or whispered, before anything else sees it. It is called
 * in the hot path: it must be quick, and must not wait for anything.
 */
export type MessageFilter = (text: string, context: FilterContext) => FilterVerdict;

export interface WordFilterSettings {
  /** Words that are not let through, at most 10,000; whole words, however they are written. Default none. */
  readonly words: readonly string[];
  /** `replace`: with as many asterisks; `refuse`: the whole text, TEXT_REFUSED. Default "refuse". */
  readonly action: "replace" | "refuse";
}

const WORDS_LIMIT = 10_000;

const WORD = /[\p{L}\p{M}\p{N}_\p{Default_Ignorable_Code_Point}]+/gu;
const ONE_WORD = /^[\p{L}\p{M}\p{N}_]+$/u;
/** Characters without a shape of their own, which would hide a word. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
// oxlint-disable-next-line eslint/no-control-regex -- ASCII is what it is for
const ASCII = /^[\u0000-\u007f]*$/;

const ALLOW: FilterVerdict = { action: "allow" };
const REFUSE: FilterVerdict = { action: "refuse", reason: "the text has a word that is not allowed here" };

/**
 * The filter that comes with the server: a list of words, compared after NFKC and without case, whole
 * words only. undefined when there are none. Throws GateSettingsError for an entry that is not one word.
 */
export function wordFilter({ words, action }: WordFilterSettings): MessageFilter | undefined {
  if (words.length === 0) return undefined;
  if (words.length > WORDS_LIMIT) {
    throw new GateSettingsError(`filter.words has ${words.length} words; the most is ${WORDS_LIMIT}`);
  }
  const keys = new Set<string>();
  for (const word of words) {
    const key = wordKey(word.trim());
    if (!ONE_WORD.test(key)) {
      throw new GateSettingsError(`filter.words: ${JSON.stringify(word)} is not one word`);
    }
    keys.add(key);
  }
  const hasOne = (text: string): boolean =>
    wordKey(text)
      .match(WORD)
      ?.some((word) => keys.has(word)) ?? false;
  return (text) => {
    if (!hasOne(text)) return ALLOW;
    if (action === "refuse") return REFUSE;
    const masked = text.replaceAll(WORD, (word) =>
      keys.has(wordKey(word)) ? "*".repeat(Array.from(word).length) : word,
    );
    // A single character may stand for several words.
    return hasOne(masked) ? REFUSE : { action: "replace", text: masked };
  };
}

function wordKey(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : nameKey(text.replaceAll(IGNORABLE, ""));
}
