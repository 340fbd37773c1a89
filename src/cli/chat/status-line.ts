import type { ShownState } from "./chat-screen.ts";
import { harmless } from "./line-format.ts";
import type { Span } from "./styles.ts";
import { textWidth } from "./text-width.ts";

/** The conversations with their numbers and what is unread in them, and how the connection is. */
export function statusSpans(shown: ShownState, columns: number, isFollowing: boolean): Span[] {
  const { conversations } = shown;
  const nowMs = shown.nowMs();
  const facts: Span[] = [];
  if (!shown.isOnline()) {
    const waiting = shown.pendingCount() > 0 ? `, ${shown.pendingCount()} waiting` : "";
    facts.push({ text: ` offline${waiting} `, style: "alarm" });
  }
  if (!isFollowing) facts.push({ text: " looking back (End: newest) ", style: "accent" });
  const typing = conversations.current.typingNames(nowMs).slice(0, 3).map(harmless);
  if (typing.length > 0) {
    facts.push({ text: ` ${typing.join(", ")} ${typing.length === 1 ? "is" : "are"} typing `, style: "dim" });
  }
  const factWidth = facts.reduce((sum, { text }) => sum + textWidth(text), 0);
  const rooms: Span[] = [];
  let used = 0;
  for (const [index, each] of conversations.list.entries()) {
    const mentions = each.mentionCount > 0 ? "!" : "";
    const unread =
      each.unreadCount > 0 ? ` ${each.unreadCount > 999 ? "999+" : each.unreadCount}${mentions}` : "";
    const text = ` ${index + 1}:${harmless(each.title)}${unread} `;
    const width = textWidth(text);
    if (used + width + factWidth > columns - 2) {
      rooms.push({ text: "…", style: "dim" });
      used++;
      break;
    }
    used += width;
    const isCurrent = each === conversations.current;
    const style = isCurrent
      ? "inverse"
      : unread === ""
        ? "dim"
        : each.mentionCount > 0 || each.isDirect
          ? "accent"
          : "bold";
    rooms.push({ text, style });
  }
  const gap = Math.max(0, columns - used - factWidth);
  return [...rooms, { text: " ".repeat(gap) }, ...facts];
}
