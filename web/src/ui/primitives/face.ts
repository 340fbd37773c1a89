/** Colours for faces; tokens.css has as many. */
export const FACE_COUNT = 8;

/** Which of the colours a name has, 1 … FACE_COUNT: the same on every machine (FNV-1a over the folded name). */
export function faceOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name.normalize("NFKC").toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return ((hash >>> 0) % FACE_COUNT) + 1;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Extended_Pictographic}]/u;

/** One or two characters that stand for a name: "Ada Lovelace" is AL, "ada" is A, "김서연" is 서연 as Koreans shorten it. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s_.-]+/u).filter((word) => word !== "");
  const first = words[0] ?? "";
  const characters = Array.from(graphemes.segment(first), ({ segment }) => segment);
  const [head = "?"] = characters;
  if (WIDE.test(head)) {
    const isHangulName = /^\p{Script=Hangul}{3}$/u.test(first);
    return isHangulName ? characters.slice(1).join("") : characters.slice(0, 2).join("");
  }
  const [second = ""] = Array.from(graphemes.segment(words[1] ?? ""), ({ segment }) => segment);
  return (head + (WIDE.test(second) ? "" : second)).toUpperCase();
}
