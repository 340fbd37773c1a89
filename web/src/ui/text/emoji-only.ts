/** More than these are a text of emoji, not an emoji. */
const MOST = 6;
const EMOJI_ONLY = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** The text is one to six emoji and nothing else: it is shown large. */
export function isEmojiOnly(text: string): boolean {
  // No emoji has more than 35 units: what is longer need not be looked at.
  return text.length <= MOST * 36 && EMOJI_ONLY.test(text.trim());
}
