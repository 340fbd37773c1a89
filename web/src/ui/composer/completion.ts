import { nameKey } from "../../../../src/protocol/names.ts";

/** A name or an emoji that is being typed. */
export interface CompletionQuery {
  readonly kind: "mention" | "emoji";
  /** Where the "@" or ":" is; what is chosen replaces [start, caret). */
  readonly start: number;
  /** What stands behind it so far. */
  readonly query: string;
}

const MENTION = /(?:^|[^\p{L}\p{M}\p{N}_@])@([\p{L}\p{M}\p{N}_.-]{0,24})$/u;
/** Two letters at least: ":)" and "10:30" begin nothing. */
const EMOJI = /(?:^|[\s(（])[:]([\p{L}_+-][\p{L}\p{N}_+-]{1,24})$/u;

/** What could be completed at the caret; undefined: nothing. */
export function completionAt(text: string, caret: number): CompletionQuery | undefined {
  // A line, and of it no more than can matter.
  const before = text.slice(Math.max(0, caret - 60, text.lastIndexOf("\n", caret - 1) + 1), caret);
  const mention = MENTION.exec(before)?.[1];
  if (mention !== undefined) {
    return { kind: "mention", start: caret - mention.length - 1, query: mention };
  }
  const emoji = EMOJI.exec(before)?.[1];
  if (emoji !== undefined) return { kind: "emoji", start: caret - emoji.length - 1, query: emoji };
  return undefined;
}

/** Names that begin with the query, then names with a part that does; in the order given. Hangul letter by letter. */
export function matchNames(names: readonly string[], query: string, limit: number): string[] {
  const wanted = fold(query);
  const first: string[] = [];
  const second: string[] = [];
  for (const name of names) {
    const folded = fold(name);
    if (folded.startsWith(wanted)) first.push(name);
    else if (folded.split(/[_.-]/).some((part) => part.startsWith(wanted))) second.push(name);
  }
  return [...first, ...second].slice(0, limit);
}

/** The text with what was chosen in place of what was typed, and where the caret is then. */
export function complete(
  text: string,
  caret: number,
  { start }: CompletionQuery,
  chosen: string,
): { readonly text: string; readonly caret: number } {
  const after = text.slice(caret);
  const inserted = /^\s/.test(after) ? chosen : `${chosen} `;
  return { text: text.slice(0, start) + inserted + after, caret: start + chosen.length + 1 };
}

const SHORTCODE = /(?:^|[\s(（]):([a-z0-9_+-]{2,24}):$/;

/** Puts the emoji in the place of a ":name:" whose second colon has just been typed; undefined: there is none. */
export function replaceShortcode(
  text: string,
  caret: number,
  find: (name: string) => string | undefined,
): { readonly text: string; readonly caret: number } | undefined {
  const name = SHORTCODE.exec(text.slice(Math.max(0, caret - 30), caret))?.[1];
  const emoji = name === undefined ? undefined : find(name);
  if (name === undefined || emoji === undefined) return undefined;
  const start = caret - name.length - 2;
  return { text: text.slice(0, start) + emoji + text.slice(caret), caret: start + emoji.length };
}

function fold(name: string): string {
  return nameKey(name).normalize("NFD");
}
