import type { Conversation, Item } from "./conversation.ts";
import { calendarDay } from "./line-format.ts";
import { formatDay, formatItem, type FormattedLine } from "./message-format.ts";
import { wrapSpans } from "./span-wrap.ts";
import type { Span } from "./styles.ts";

type Row = readonly Span[];

/**
 * Which part of a conversation is on the screen. It follows the newest message, until one looks back:
 * then it stays where it is whatever comes.
 */
export class MessageView {
  /** The last row shown is this item's, and so many rows of it are below the screen. Undefined: it follows. */
  #bottom: { readonly item: Item; readonly hidden: number } | undefined;
  #columns = 80;
  #height = 20;

  get isFollowing(): boolean {
    return this.#bottom === undefined;
  }

  resize(columns: number, height: number): void {
    this.#columns = columns;
    this.#height = Math.max(1, height);
  }

  follow(): void {
    this.#bottom = undefined;
  }

  /** The rows to be shown, at most as many as there is room for, and whether the first item is among them. */
  rows(conversation: Conversation): { readonly rows: readonly Row[]; readonly isAtTop: boolean } {
    const { items, pending } = conversation;
    const rows: Row[] = [];
    let index = items.length - 1;
    const bottom = this.#bottom;
    if (bottom === undefined) {
      for (const each of pending.toReversed()) rows.unshift(...this.#wrap(formatItem(each, conversation)));
    } else {
      index = items.indexOf(bottom.item);
      if (index < 0) {
        this.#bottom = undefined;
        return this.rows(conversation);
      }
      const own = this.#rowsOf(conversation, index);
      rows.push(...own.slice(0, Math.max(0, own.length - bottom.hidden)));
      index--;
    }
    while (index >= 0 && rows.length < this.#height) rows.unshift(...this.#rowsOf(conversation, index--));
    const isAtTop = index < 0 && rows.length <= this.#height;
    return { rows: rows.slice(-this.#height), isAtTop };
  }

  /** Moves by rows: back for a negative count. */
  scroll(conversation: Conversation, count: number): void {
    const { items } = conversation;
    let index = this.#bottom === undefined ? items.length - 1 : items.indexOf(this.#bottom.item);
    let hidden = (this.#bottom?.hidden ?? 0) - count;
    if (index < 0) return;
    let size = this.#rowsOf(conversation, index).length;
    while (hidden >= size && index > 0) {
      hidden -= size;
      size = this.#rowsOf(conversation, --index).length;
    }
    while (hidden < 0 && index < items.length - 1) {
      size = this.#rowsOf(conversation, ++index).length;
      hidden += size;
    }
    const item = items[index];
    const isAtEnd = hidden <= 0 && index === items.length - 1;
    if (item === undefined || (isAtEnd && !conversation.hasNewer)) this.#bottom = undefined;
    else this.#bottom = { item, hidden: Math.max(0, Math.min(hidden, size - 1)) };
  }

  /** Nothing above the first row: the top of what there is is at the top of the screen. */
  stopAtTop(conversation: Conversation): void {
    const missing = this.#height - this.rows(conversation).rows.length;
    if (missing > 0 && this.#bottom !== undefined) this.scroll(conversation, missing);
  }

  /** Puts a message into the middle of the screen. */
  centre(conversation: Conversation, offset: number): void {
    const { items } = conversation;
    const item = conversation.find(offset);
    if (item === undefined) return;
    this.#bottom = { item, hidden: 0 };
    const below = Math.floor(this.#height / 2);
    if (items.at(-1) !== item) this.scroll(conversation, below);
  }

  /** Whether the end of what is loaded is on the screen. */
  isAtEnd(conversation: Conversation): boolean {
    return (
      this.#bottom === undefined ||
      (this.#bottom.item === conversation.items.at(-1) && this.#bottom.hidden === 0)
    );
  }

  #rowsOf(conversation: Conversation, index: number): Row[] {
    const { items } = conversation;
    const item = items[index];
    if (item === undefined) return [];
    const lines = formatItem(item, conversation);
    if (item.kind === "message") {
      let place = index - 1;
      while (place >= 0 && items[place]?.kind !== "message") place--;
      const before = items[place];
      const isNewDay = before === undefined || calendarDay(before.timeMs) !== calendarDay(item.timeMs);
      if (isNewDay) lines.unshift(formatDay(item.timeMs));
    }
    return this.#wrap(lines);
  }

  #wrap(lines: readonly FormattedLine[]): Row[] {
    return lines.flatMap(({ spans, indent }) => wrapSpans(spans, this.#columns, indent));
  }
}
