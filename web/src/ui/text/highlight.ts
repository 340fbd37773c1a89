export interface Piece {
  readonly text: string;
  readonly isHit: boolean;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** Splits a text so that the words which begin with a word of the query can be marked. */
export function highlight(text: string, query: string): Piece[] {
  const wanted = words(query).map(({ word }) => word);
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end, word } of words(text)) {
    if (!wanted.some((beginning) => word.startsWith(beginning))) continue;
    if (start > at) pieces.push({ text: text.slice(at, start), isHit: false });
    pieces.push({ text: text.slice(start, end), isHit: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isHit: false });
  return pieces;
}

function words(text: string): { readonly start: number; readonly end: number; readonly word: string }[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    start: index,
    end: index + word.length,
    word: word.normalize("NFKC").toLowerCase(),
  }));
}

/** The beginning of a text around its first hit, at most `most` characters, for a list of results. */
export function excerptAround(text: string, query: string, most: number): string {
  const line = text.replaceAll(/\s+/gu, " ").trim();
  if (line.length <= most) return line;
  const before = highlight(line, query).findIndex(({ isHit }) => isHit);
  const hitAt = highlight(line, query)
    .slice(0, Math.max(0, before))
    .reduce((sum, { text: piece }) => sum + piece.length, 0);
  const start = Math.max(0, Math.min(hitAt - Math.floor(most / 3), line.length - most));
  const cut = line
    .slice(start, start + most)
    .toWellFormed()
    .replaceAll("\uFFFD", "");
  return `${start > 0 ? "…" : ""}${cut}${start + most < line.length ? "…" : ""}`;
}
