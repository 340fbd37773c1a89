import type { ClientEventOf } from "./client-events.ts";
import { type LogEntry, newEntry, type Reaction } from "./log-entry.ts";
import { MessageChanges } from "./message-changes.ts";

export interface RoomTimelineOptions {
  /** Whose reactions are `isMine`. */
  readonly userName: string;
  /** Messages that are kept; above it the oldest are dropped. Default 5000. */
  readonly limit?: number;
}

/** A message as it is to be shown. */
export interface ShownMessage {
  readonly offset: number;
  readonly timeMs: number;
  readonly sender: string;
  /** The newest text; empty when deleted. */
  readonly text: string;
  /** The offset of the message that this answers; 0: none. It may not be in the timeline. */
  readonly replyTo: number;
  /** When the text was last edited; 0: never. */
  readonly editedMs: number;
  readonly isDeleted: boolean;
  readonly reactions: readonly Reaction[];
}

/** The events that tell a room's entries. */
export type EntryEvent = ClientEventOf<"message" | "whisper" | "edited" | "deleted" | "reaction">;

/**
 * The messages of one room or conversation, made of its entries: pages of history and live events, in any
 * order and as often as they come. Changes are applied to the message they are about, even when they came
 * before it, and once: a page shows messages as they became (`asOf`), so what it has in it already is not
 * counted again. When the room is made anew (`resumed` with another epoch), `clear` it.
 *
 * Reactions by others that change nothing (added twice) cannot always be told from those that do when the
 * message came with a page: then their count is right again with the next page.
 */
export class RoomTimeline {
  readonly #userName: string;
  readonly #limit: number;
  readonly #messages = new Map<number, LogEntry>();
  readonly #changes: MessageChanges;
  /** Of the messages, ascending. */
  #offsets: number[] = [];
  readonly #shown = new Map<number, ShownMessage>();

  constructor(options: RoomTimelineOptions) {
    const { userName, limit = 5000 } = options;
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`the limit of messages is a whole number from 1, got ${limit}`);
    }
    this.#userName = userName;
    this.#limit = limit;
    this.#changes = new MessageChanges(limit * 4);
  }

  /** The oldest first. */
  get messages(): readonly ShownMessage[] {
    return this.#offsets.flatMap((offset) => this.find(offset) ?? []);
  }

  /** The message at an offset, if it is there. The same object for as long as nothing changes about it. */
  find(offset: number): ShownMessage | undefined {
    const known = this.#shown.get(offset);
    if (known !== undefined) return known;
    const message = this.#messages.get(offset);
    if (message === undefined) return undefined;
    const shown = this.#changes.show(message, this.#userName);
    this.#shown.set(offset, shown);
    return shown;
  }

  /** Takes a page of history, or any other entries. */
  applyPage(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.apply(entry);
  }

  /** Takes one entry. True when it changed what is shown. */
  apply(entry: LogEntry): boolean {
    if (entry.kind === "text") return this.#applyMessage(entry);
    this.#changes.add(entry);
    this.#shown.delete(entry.target);
    return this.#messages.has(entry.target);
  }

  /** Takes an event of the client, of this room. */
  applyEvent(event: EntryEvent): boolean {
    return this.apply(entryOfEvent(event));
  }

  /** Drops the messages before an offset: a window on a long log moves on. They may come again with a page. */
  forgetBefore(offset: number): void {
    const at = this.#offsets.findIndex((other) => other >= offset);
    this.#forget(this.#offsets.splice(0, at < 0 ? this.#offsets.length : at));
  }

  /** The same at the other end: drops the messages after an offset. */
  forgetAfter(offset: number): void {
    const at = this.#offsets.findIndex((other) => other > offset);
    if (at >= 0) this.#forget(this.#offsets.splice(at));
  }

  clear(): void {
    this.#messages.clear();
    this.#changes.clear();
    this.#shown.clear();
    this.#offsets = [];
  }

  #forget(offsets: readonly number[]): void {
    for (const offset of offsets) {
      this.#messages.delete(offset);
      this.#shown.delete(offset);
      this.#changes.forget(offset);
    }
  }

  #applyMessage(entry: LogEntry): boolean {
    const { offset } = entry;
    const known = this.#messages.get(offset);
    if (known !== undefined && known.asOf >= entry.asOf) return false;
    if (known === undefined && !this.#insert(offset)) return false;
    this.#messages.set(offset, entry);
    this.#shown.delete(offset);
    return true;
  }

  /** False when it is older than all there are, and there are as many as may be. */
  #insert(offset: number): boolean {
    const offsets = this.#offsets;
    let at = offsets.length;
    if (offset < (offsets.at(-1) ?? 0)) at = offsets.findIndex((other) => other > offset);
    if (offsets.length >= this.#limit) {
      if (at === 0) return false;
      this.#forget(offsets.splice(0, 1));
      at--;
    }
    offsets.splice(at, 0, offset);
    return true;
  }
}

function entryOfEvent(event: EntryEvent): LogEntry {
  if (event.type === "message" || event.type === "whisper") return event;
  const { offset, timeMs, sender, target } = event;
  const change = { offset, timeMs, sender, target, replyTo: 0 };
  switch (event.type) {
    case "edited":
      return newEntry({ ...change, kind: "edit", text: event.text });
    case "deleted":
      return newEntry({ ...change, kind: "delete", text: "" });
    case "reaction":
      return newEntry({
        ...change,
        kind: event.added ? "reaction" : "reactionRemoved",
        text: event.reaction,
      });
  }
}
