import type { PortEvent, Reaction, RoomMessage } from "./chat-port.ts";
import type { Style } from "./styles.ts";

/** A message as it is shown; it changes when it is edited, deleted or reacted to. */
export interface ShownMessage {
  readonly kind: "message";
  readonly offset: number;
  readonly timeMs: number;
  readonly sender: string;
  readonly replyTo: number;
  readonly isOwn: boolean;
  readonly mentionsMe: boolean;
  /** Changes up to this offset are in it. */
  asOf: number;
  text: string;
  isEdited: boolean;
  isDeleted: boolean;
  reactions: readonly Reaction[];
}

/** Said, and not acknowledged. */
export interface PendingMessage {
  readonly kind: "pending";
  readonly timeMs: number;
  readonly sender: string;
  readonly text: string;
  readonly replyTo: number;
  /** Known once it is acknowledged. */
  offset: number;
}

/** A line of the client's own. */
export interface Note {
  readonly kind: "note";
  readonly timeMs: number;
  readonly text: string;
  readonly style: Style;
}

export type Item = ShownMessage | Note;

/** Messages and notes kept for one conversation; above, the oldest are dropped (history has them). */
export const ITEM_LIMIT = 5000;

/** Names kept for completion. */
const NAME_LIMIT = 1000;

/** Somebody who does not type on is not shown as typing for longer. */
const TYPING_MS = 6000;

/**
 * What is known of a room or a direct conversation: a window of its messages without gaps, what is
 * pending, and what is unread.
 */
export class Conversation {
  /** 0: a direct conversation in which nothing was said yet. */
  roomId: number;
  name: string;
  readonly isDirect: boolean;
  topic = "";
  isArchived = false;
  /** The session is in the room; always so for direct ones. */
  isJoined = true;
  /** The newest messages have been asked for. */
  isLoaded = false;
  hasOlder = true;
  /** The window does not reach up to the newest message. */
  hasNewer = false;
  lastOffset = 0;
  readOffset = 0;
  unreadCount = 0;
  mentionCount = 0;
  readonly items: Item[] = [];
  readonly pending: PendingMessage[] = [];
  readonly names: Set<string> = new Set();
  readonly #byOffset = new Map<number, ShownMessage>();
  readonly #typing = new Map<string, number>();

  constructor(roomId: number, name: string, isDirect: boolean) {
    this.roomId = roomId;
    this.name = name;
    this.isDirect = isDirect;
  }

  /** As it is written: "games", "@jun". */
  get title(): string {
    return this.isDirect ? `@${this.name}` : this.name;
  }

  get firstOffset(): number {
    for (const item of this.items) if (item.kind === "message") return item.offset;
    return 0;
  }

  find(offset: number): ShownMessage | undefined {
    return this.#byOffset.get(offset);
  }

  lastMessage(isWanted: (message: ShownMessage) => boolean): ShownMessage | undefined {
    return this.items.findLast((item): item is ShownMessage => item.kind === "message" && isWanted(item));
  }

  note(note: Note): void {
    this.items.push(note);
    this.#trim();
  }

  /** At its place, by offset. False: it is there already, or beyond the window. */
  add(message: ShownMessage): boolean {
    this.lastOffset = Math.max(this.lastOffset, message.offset);
    this.meet(message.sender);
    this.#typing.delete(message.sender);
    if (this.hasNewer || this.#byOffset.has(message.offset)) return false;
    this.#insert(message);
    this.#trim();
    return true;
  }

  /** A page of history that joins the window: its messages are put where they belong. */
  addPage(messages: readonly ShownMessage[]): void {
    for (const message of messages) {
      this.meet(message.sender);
      if (!this.#byOffset.has(message.offset)) this.#insert(message);
    }
  }

  /** Forgets the window, and every note in it: another part of the room comes in its place. */
  clear(): void {
    this.items.length = 0;
    this.#byOffset.clear();
  }

  meet(name: string): void {
    if (name !== "" && this.names.size < NAME_LIMIT) this.names.add(name);
  }

  edit({ offset, target, text }: PortEvent<"edited">): void {
    const message = this.find(target);
    if (message === undefined || offset <= message.asOf) return;
    message.asOf = offset;
    message.text = text;
    message.isEdited = true;
  }

  delete({ offset, target }: PortEvent<"deleted">): void {
    const message = this.find(target);
    if (message === undefined || offset <= message.asOf) return;
    message.asOf = offset;
    message.text = "";
    message.isDeleted = true;
    message.reactions = [];
  }

  /** Replaces what is shown of a message by what history says of it. */
  refresh(fresh: ShownMessage): void {
    const message = this.find(fresh.offset);
    if (message === undefined || fresh.asOf < message.asOf) return;
    message.asOf = fresh.asOf;
    message.text = fresh.text;
    message.isEdited = fresh.isEdited;
    message.isDeleted = fresh.isDeleted;
    message.reactions = fresh.reactions;
  }

  onTyping(name: string, nowMs: number): void {
    if (this.#typing.size < NAME_LIMIT) this.#typing.set(name, nowMs + TYPING_MS);
  }

  typingNames(nowMs: number): string[] {
    for (const [name, untilMs] of this.#typing) if (untilMs <= nowMs) this.#typing.delete(name);
    return [...this.#typing.keys()];
  }

  /** The pending message that a message of one's own is; it is pending no more. */
  settle(offset: number, text: string): void {
    const index = this.pending.findIndex((pending) => pending.offset === offset);
    const other = this.pending.findIndex((pending) => pending.offset === 0 && pending.text === text);
    const found = index >= 0 ? index : other;
    if (found >= 0) this.pending.splice(found, 1);
  }

  #insert(message: ShownMessage): void {
    this.#byOffset.set(message.offset, message);
    const { items } = this;
    let index = items.length;
    // Notes stay where they are: behind the message that was the last one then.
    for (let place = items.length - 1; place >= 0; place--) {
      const item = items[place];
      if (item?.kind !== "message") continue;
      if (item.offset < message.offset) break;
      index = place;
    }
    if (index === items.length) items.push(message);
    else items.splice(index, 0, message);
  }

  #trim(): void {
    while (this.items.length > ITEM_LIMIT) {
      const dropped = this.items.shift();
      if (dropped?.kind !== "message") continue;
      this.#byOffset.delete(dropped.offset);
      this.hasOlder = true;
    }
  }
}

/** A text of a room's log as it is shown; undefined for entries about other messages. */
export function shownMessage(message: RoomMessage, isOwn: boolean): ShownMessage | undefined {
  if (message.kind !== "text") return undefined;
  const { offset, timeMs, sender, replyTo, mentionsMe, asOf, text, editedMs, isDeleted, reactions } = message;
  const isEdited = editedMs > 0;
  return {
    kind: "message",
    offset,
    timeMs,
    sender,
    replyTo,
    isOwn,
    mentionsMe,
    asOf,
    text,
    isEdited,
    isDeleted,
    reactions,
  };
}
