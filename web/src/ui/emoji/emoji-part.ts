export { EmojiPicker } from "./emoji-picker.tsx";
export { emojiNamed, findEmoji } from "./find-emoji.ts";
