import { type Emoji, emojis, foldForSearch } from "./emoji-data.ts";

/**
 * Emoji that have a name or a word beginning with the query, in either language; the name's own beginning
 * first, then words inside a name. An empty query finds all.
 */
export function findEmoji(query: string, limit = Number.MAX_SAFE_INTEGER): Emoji[] {
  const wanted = foldForSearch(query);
  if (wanted === "") return emojis.slice(0, limit);
  const ranked: [Emoji[], Emoji[], Emoji[]] = [[], [], []];
  for (const emoji of emojis) {
    const [first = ""] = emoji.words;
    if (first.startsWith(wanted)) ranked[0].push(emoji);
    else if (emoji.words.some((word) => word.startsWith(wanted))) ranked[1].push(emoji);
    else if (emoji.words.some((word) => word.includes(` ${wanted}`))) ranked[2].push(emoji);
  }
  return ranked.flat().slice(0, limit);
}

/** The emoji of exactly this name, as it is typed between colons. */
export function emojiNamed(name: string): string | undefined {
  return emojis.find((emoji) => emoji.name === name)?.emoji;
}
