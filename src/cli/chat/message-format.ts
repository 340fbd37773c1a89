import type { Conversation, Item, PendingMessage, ShownMessage } from "./conversation.ts";
import { calendarDay, clockTime, harmless, harmlessLines } from "./line-format.ts";
import { nameStyle, type Span } from "./styles.ts";
import { fitText } from "./text-width.ts";

/** Columns of a quoted message. */
const QUOTE_COLUMNS = 48;

/** A line of a conversation and how far its further rows are indented. */
export interface FormattedLine {
  readonly spans: readonly Span[];
  readonly indent: number;
}

/** The rows' columns before a text: "09:05 ". */
const TIME_COLUMNS = 6;

/** An item in as many lines as it needs, for a terminal. */
export function formatItem(item: Item | PendingMessage, conversation: Conversation): FormattedLine[] {
  if (item.kind === "note") {
    return harmlessLines(item.text).map((text) => ({ spans: [{ text, style: item.style }], indent: 3 }));
  }
  const isPending = item.kind === "pending";
  const lines: FormattedLine[] = [];
  const quote = quoteOf(item, conversation);
  if (quote !== "") lines.push(line({ text: `┌ ${quote}`, style: "dim" }));
  const [first = "", ...others] = textLines(item);
  const isDeleted = !isPending && item.isDeleted;
  const mentions = !isPending && item.mentionsMe;
  const style = isDeleted || isPending ? "dim" : mentions ? "accent" : undefined;
  const tail = tailOf(item);
  const head: Span[] = [
    { text: `${clockTime(item.timeMs)} `, style: "dim" },
    { text: `${harmless(item.sender)}:`, style: nameStyle(item.sender) },
    { text: ` ${first}`, style },
  ];
  lines.push({
    spans: others.length === 0 ? [...head, { text: tail, style: "dim" }] : head,
    indent: TIME_COLUMNS,
  });
  for (const [index, text] of others.entries()) {
    const isLast = index === others.length - 1;
    lines.push(line({ text, style }, { text: isLast ? tail : "", style: "dim" }));
  }
  if (!isPending && item.reactions.length > 0) lines.push(line({ text: reactionsOf(item), style: "dim" }));
  return lines;
}

/** A line that separates days. */
export function formatDay(timeMs: number): FormattedLine {
  return { spans: [{ text: `-- ${calendarDay(timeMs)} --`, style: "dim" }], indent: 0 };
}

/** A message on one line, for output that only ever grows. `where`: the room, when it is not the current one. */
export function formatPlain(message: ShownMessage, conversation: Conversation, user: string): Span[] {
  const spans: Span[] = [{ text: `${clockTime(message.timeMs)} `, style: "dim" }];
  const text = textLines(message).join(" ⏎ ");
  const quote = quoteOf(message, conversation);
  const answer = quote === "" ? "" : ` (to ${quote})`;
  const tail = message.isEdited ? " (edited)" : "";
  const reactions = message.reactions.length > 0 ? ` [${reactionsOf(message)}]` : "";
  if (conversation.isDirect) {
    const isOwn = message.isOwn || message.sender === user;
    const who = isOwn
      ? `you whisper to ${harmless(conversation.name)}`
      : `${harmless(message.sender)} whispers`;
    return [...spans, { text: `${who}${answer}:`, style: "accent" }, { text: ` ${text}${tail}${reactions}` }];
  }
  return [
    ...spans,
    { text: `${harmless(message.sender)}${answer}:`, style: nameStyle(message.sender) },
    { text: ` ${text}${tail}${reactions}` },
  ];
}

/** A message in a few words. */
export function shortOf(message: ShownMessage): string {
  return fitText(`${harmless(message.sender)}: ${textLines(message).join(" ⏎ ")}`, QUOTE_COLUMNS);
}

function line(...spans: Span[]): FormattedLine {
  return { spans: [{ text: " ".repeat(TIME_COLUMNS) }, ...spans], indent: TIME_COLUMNS };
}

function quoteOf(item: ShownMessage | PendingMessage, conversation: Conversation): string {
  if (item.replyTo === 0) return "";
  const answered = conversation.find(item.replyTo);
  return answered === undefined ? `#${item.replyTo}` : shortOf(answered);
}

function textLines(item: ShownMessage | PendingMessage): string[] {
  if (item.kind === "message" && item.isDeleted) return ["(deleted)"];
  return harmlessLines(item.text);
}

function tailOf(item: ShownMessage | PendingMessage): string {
  if (item.kind === "pending") return " …";
  return `${item.isEdited && !item.isDeleted ? " (edited)" : ""}  #${item.offset}`;
}

function reactionsOf({ reactions }: ShownMessage): string {
  return reactions
    .map(({ reaction, count, isMine }) => `${harmless(reaction)} ${count}${isMine ? "*" : ""}`)
    .join("  ");
}
