import { assert } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import type { HistoryMessage } from "./event.ts";

interface TailEntry extends HistoryMessage {
  readonly key: string;
}

/**
 * The last messages of a memory room, bounded in number and in text. Also what recognises a repeat:
 * the same (sender, client message id) is known for as long as its message is in the tail.
 */
export class MemoryTail {
  readonly #messageLimit: number;
  readonly #textUnitLimit: number;
  /** A ring: the message of offset `o` is at `o % messageLimit`. */
  readonly #ring: (TailEntry | undefined)[] = [];
  readonly #byKey = new Map<string, TailEntry>();
  #firstOffset = 0;
  #lastOffset = 0;
  #textUnits = 0;

  /** `textUnitLimit` counts UTF-16 units; the newest message is kept even when it is longer. */
  constructor(messageLimit: number, textUnitLimit: number) {
    this.#messageLimit = messageLimit;
    this.#textUnitLimit = textUnitLimit;
  }

  /** Offset of the oldest message kept; 0 when there is none. */
  get firstOffset(): number {
    return this.#firstOffset;
  }

  /** Offset of the newest message; 0 when there was none yet. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  get messageCount(): number {
    return this.#byKey.size;
  }

  /** The message this would be a repeat of. */
  find(senderId: UserId, clientMessageId: string): HistoryMessage | undefined {
    return this.#byKey.get(entryKey(senderId, clientMessageId));
  }

  /** Adds a message that {@link find} does not know; returns its offset. */
  push(senderId: UserId, sender: string, clientMessageId: string, text: string, timeMs: number): number {
    if (this.messageCount === this.#messageLimit) this.#dropOldest();
    const offset = this.#lastOffset + 1;
    const entry: TailEntry = { offset, timeMs, sender, text, key: entryKey(senderId, clientMessageId) };
    this.#lastOffset = offset;
    this.#ring[offset % this.#messageLimit] = entry;
    this.#byKey.set(entry.key, entry);
    this.#textUnits += text.length;
    if (this.#firstOffset === 0) this.#firstOffset = offset;
    while (this.#textUnits > this.#textUnitLimit && this.messageCount > 1) this.#dropOldest();
    return offset;
  }

  /** Messages with `after` < offset, oldest first, at most `limit`. */
  after(after: number, limit: number): HistoryMessage[] {
    const start = Math.max(after + 1, this.#firstOffset);
    return this.#range(start, Math.min(start + limit - 1, this.#lastOffset));
  }

  /** The `limit` messages nearest below `before` (0: from the end), oldest first. */
  before(before: number, limit: number): HistoryMessage[] {
    const end = before === 0 ? this.#lastOffset : Math.min(before - 1, this.#lastOffset);
    return this.#range(Math.max(this.#firstOffset, end - limit + 1), end);
  }

  #range(start: number, end: number): HistoryMessage[] {
    const messages: HistoryMessage[] = [];
    if (this.#firstOffset === 0) return messages;
    for (let offset = start; offset <= end; offset++) {
      const { timeMs, sender, text } = this.#entryAt(offset);
      messages.push({ offset, timeMs, sender, text });
    }
    return messages;
  }

  #dropOldest(): void {
    const oldest = this.#entryAt(this.#firstOffset);
    this.#ring[this.#firstOffset % this.#messageLimit] = undefined;
    this.#byKey.delete(oldest.key);
    this.#textUnits -= oldest.text.length;
    this.#firstOffset = this.#byKey.size === 0 ? 0 : this.#firstOffset + 1;
  }

  #entryAt(offset: number): TailEntry {
    const entry = this.#ring[offset % this.#messageLimit];
    assert(entry?.offset === offset, "the tail has each message from first to last");
    return entry;
  }
}

function entryKey(senderId: UserId, clientMessageId: string): string {
  return `${senderId} ${clientMessageId}`;
}
