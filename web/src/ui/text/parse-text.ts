import { findMentions } from "../../../../src/protocol/mentions.ts";
import { findLinks } from "./find-links.ts";

/** A piece of a line. All texts are plain: whoever shows them makes text nodes of them, never markup. */
export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "code"; readonly text: string }
  /** `href`: http or https, checked and normalised. */
  | { readonly type: "link"; readonly text: string; readonly href: string }
  /** `text` begins with "@"; `key`: what the name is compared by. */
  | { readonly type: "mention"; readonly text: string; readonly key: string };

export type Block =
  /** Line feeds are in the texts. */
  | { readonly type: "paragraph"; readonly inlines: readonly Inline[] }
  /** `language`: what stands behind the opening fence; may be empty. */
  | { readonly type: "code"; readonly language: string; readonly text: string };

/** A fence opens at the beginning of a line and closes at the end of one; both may be on the same line. */
const FENCED = /(^|\n)```([\p{L}\p{N}+#_.-]{0,20})\n([\s\S]*?)\n?```(?=\n|$)|(^|\n)```([^\n]+?)```(?=\n|$)/gu;
/** One or more backticks, something, as many again: CommonMark 6.1, on one line. */
const CODE_SPAN = /(?<!`)(`{1,2})(?!`)([^\n]*?[^\n`])\1(?!`)/gu;

/**
 * What a message's text is made of: paragraphs with `code`, links and @mentions, and ``` code blocks ```.
 * A fence or a backtick without its counterpart is just text. Every character of the text is in the
 * result but for the marks themselves and the line feeds beside fences.
 */
export function parseText(text: string): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  for (const match of text.matchAll(FENCED)) {
    addParagraph(blocks, text.slice(at, match.index));
    const [whole, , language = "", code, , oneLine] = match;
    blocks.push({ type: "code", language, text: code ?? oneLine ?? "" });
    at = match.index + whole.length;
    if (text[at] === "\n" && !text.startsWith("\n```", at)) at++;
  }
  addParagraph(blocks, text.slice(at));
  return blocks;
}

function addParagraph(blocks: Block[], text: string): void {
  if (text === "") return;
  const inlines: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(CODE_SPAN)) {
    addText(inlines, text.slice(at, match.index));
    inlines.push({ type: "code", text: match[2] ?? "" });
    at = match.index + match[0].length;
  }
  addText(inlines, text.slice(at));
  blocks.push({ type: "paragraph", inlines });
}

/** Text without code in it: links, and mentions between them. */
function addText(inlines: Inline[], text: string): void {
  let at = 0;
  for (const { start, end, href } of findLinks(text)) {
    addMentions(inlines, text.slice(at, start));
    inlines.push({ type: "link", text: text.slice(start, end), href });
    at = end;
  }
  addMentions(inlines, text.slice(at));
}

function addMentions(inlines: Inline[], text: string): void {
  let at = 0;
  for (const { start, end, key } of findMentions(text)) {
    if (start > at) inlines.push({ type: "text", text: text.slice(at, start) });
    inlines.push({ type: "mention", text: text.slice(start, end), key });
    at = end;
  }
  if (at < text.length) inlines.push({ type: "text", text: text.slice(at) });
}
