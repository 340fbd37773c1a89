import type { RoomId } from "../../names.ts";

/** Offsets in a block; a search looks at one block after the other. Never change it: it is in the index. */
export const BLOCK_SIZE = 8192;
/** UTF-16 units of a word that count, in a text as in a query. */
const WORD_LENGTH = 40;
/** Words of a query that are looked for. */
const QUERY_WORD_LIMIT = 12;

const NOT_A_WORD = /[^\p{L}\p{M}\p{N}\p{Co}]+/u;
const MARKS_ABOVE_LATIN = /[\u0300-\u036f]+/g;
// oxlint-disable-next-line eslint/no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * The words of a text as they are indexed: letters, marks and numbers, in one case and compatibility
 * form, without accents on Latin, Greek and Cyrillic letters. Each once.
 */
export function searchWords(text: string): string[] {
  const words = new Set<string>();
  for (const word of fold(text).split(NOT_A_WORD)) if (word !== "") words.add(word.slice(0, WORD_LENGTH));
  return [...words];
}

/** The words that a query looks for, at most QUERY_WORD_LIMIT. */
export function queryWords(query: string): string[] {
  return searchWords(query).slice(0, QUERY_WORD_LIMIT);
}

/** Which block of its room an offset is in. */
export function searchBlock(offset: number): number {
  return Math.floor(offset / BLOCK_SIZE);
}

/** A text's words as they are in the index: each behind its room and block. */
export function searchTerms(roomId: RoomId, offset: number, text: string): string {
  const place = placeOf(roomId, searchBlock(offset));
  return searchWords(text)
    .map((word) => place + word)
    .join(" ");
}

/**
 * A query of FTS5 for the messages of a block that have, for each of `words`, a word that begins so.
 * Nothing but words is left of what a user typed, so nothing of it is syntax.
 */
export function searchExpression(roomId: RoomId, block: number, words: readonly string[]): string {
  const place = placeOf(roomId, block);
  return words.map((word) => `"${place}${word}"*`).join(" AND ");
}

function placeOf(roomId: RoomId, block: number): string {
  return `${roomId.toString(36)}:${block.toString(36)}:`;
}

function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // What separates words must do so before compatibility forms turn symbols into letters.
  return text
    .split(NOT_A_WORD)
    .join(" ")
    .normalize("NFKD")
    .replaceAll(MARKS_ABOVE_LATIN, "")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(MARKS_ABOVE_LATIN, "")
    .normalize("NFC");
}
