import { assert } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import type { Appended, MessageKind, NewMessage } from "../store/store.ts";
import type { HistoryMessage } from "./event.ts";
import { NO_REACTIONS } from "./history-message.ts";
import { MessageReactions } from "./message-reactions.ts";

interface TailEntry {
  readonly offset: number;
  readonly timeMs: number;
  sender: string;
  /** As it is now. */
  text: string;
  readonly kind: MessageKind;
  readonly target: number;
  readonly replyTo: number;
  editedMs: number;
  deleted: boolean;
  reactions: MessageReactions | undefined;
  changedOffset: number;
  readonly senderId: UserId;
  readonly clientMessageId: string;
  readonly hash: number;
  /** The next older entry in its chain. */
  older: TailEntry | undefined;
}

/** Chains of an empty tail; a power of two. */
const FIRST_CHAINS = 8;

/**
 * The last entries of a memory room, bounded in number and in text: messages, and what edited, deleted
 * or reacted to them, with the same meaning as in a store's log. Also what recognises a repeat: the same
 * (sender, client message id) is known for as long as its entry is in the tail.
 */
export class MemoryTail {
  readonly #entryLimit: number;
  readonly #textUnitLimit: number;
  /** A ring: the entry of offset `o` is at `o % entryLimit`. */
  readonly #ring: (TailEntry | undefined)[] = [];
  /**
   * A hash table of the entries by sender and client message id: the newest of each chain. (A Map needs
   * a string made of the two for its key, and looks up, adds and removes one at each publication: 0.9 µs
   * in all, against 0.25.)
   */
  #chains: (TailEntry | undefined)[] = noChains(FIRST_CHAINS);
  #firstOffset = 0;
  #lastOffset = 0;
  #textUnits = 0;

  /** `textUnitLimit` counts UTF-16 units; the newest entry is kept even when it is longer. */
  constructor(entryLimit: number, textUnitLimit: number) {
    this.#entryLimit = entryLimit;
    this.#textUnitLimit = textUnitLimit;
  }

  /** Offset of the oldest entry kept; 0 when there is none. */
  get firstOffset(): number {
    return this.#firstOffset;
  }

  /** Offset of the newest entry; 0 when there was none yet. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** Time of the newest entry; 0 when there is none. */
  get lastTimeMs(): number {
    return this.#find(this.#lastOffset)?.timeMs ?? 0;
  }

  get entryCount(): number {
    return this.#firstOffset === 0 ? 0 : this.#lastOffset - this.#firstOffset + 1;
  }

  /** The entry this would be a repeat of. */
  find(
    senderId: UserId,
    clientMessageId: string,
  ): { readonly offset: number; readonly timeMs: number } | undefined {
    const hash = hashOf(senderId, clientMessageId);
    let entry = this.#chains[this.#chainOf(hash)];
    while (
      entry !== undefined &&
      (entry.hash !== hash || entry.senderId !== senderId || entry.clientMessageId !== clientMessageId)
    ) {
      entry = entry.older;
    }
    return entry;
  }

  /** Adds a message that {@link find} does not know; returns its offset. */
  push(
    senderId: UserId,
    sender: string,
    clientMessageId: string,
    text: string,
    timeMs: number,
    replyTo: number,
  ): number {
    return this.#push(senderId, sender, clientMessageId, text, timeMs, "text", 0, replyTo);
  }

  /** Adds an entry, unknown to {@link find}, that changes a message; its offset, or why it may not be. */
  amend(entry: NewMessage): number | NonNullable<Appended["refused"]> {
    const { kind, target, senderId, text, timeMs } = entry;
    const changed = this.#find(target);
    if (changed === undefined || changed.kind !== "text" || changed.deleted) return "NO_TARGET";
    const needsAuthor = kind === "edit" || kind === "delete";
    if (needsAuthor && !entry.asModerator && changed.senderId !== senderId) return "NOT_AUTHOR";
    const isReaction = kind === "reaction" || kind === "reactionRemoved";
    if (isReaction && (changed.reactions?.has(text, senderId) ?? false) === (kind === "reaction")) {
      return "NO_CHANGE";
    }
    if (kind === "edit") {
      this.#setText(changed, text);
      changed.editedMs = timeMs;
    } else if (kind === "delete") {
      this.#delete(changed);
    } else {
      changed.reactions ??= new MessageReactions();
      if (kind === "reaction") changed.reactions.add(text, senderId);
      else changed.reactions.take(text, senderId);
    }
    changed.changedOffset = this.#lastOffset + 1;
    return this.#push(senderId, entry.senderName, entry.clientMessageId, text, timeMs, kind, target, 0);
  }

  /** The account is no more; what it said stays, under another name. */
  renameSender(senderId: UserId, sender: string): void {
    for (let offset = this.#firstOffset; offset <= this.#lastOffset; offset++) {
      const entry = this.#find(offset);
      if (entry?.senderId === senderId) entry.sender = sender;
    }
  }

  /** The entries from `start` to `end` that are kept, both included, as `userId` sees them. */
  range(start: number, end: number, userId: UserId): HistoryMessage[] {
    const messages: HistoryMessage[] = [];
    if (this.#firstOffset === 0) return messages;
    const last = Math.min(end, this.#lastOffset);
    for (let offset = Math.max(start, this.#firstOffset); offset <= last; offset++) {
      messages.push(shown(this.#entryAt(offset), userId));
    }
    return messages;
  }

  /** The first offset whose time is not before `timeMs`; one above the last when there is none. */
  offsetAtTime(timeMs: number): number {
    for (let offset = this.#firstOffset; offset !== 0 && offset <= this.#lastOffset; offset++) {
      if (this.#entryAt(offset).timeMs >= timeMs) return offset;
    }
    return this.#lastOffset + 1;
  }

  #push(
    senderId: UserId,
    sender: string,
    clientMessageId: string,
    text: string,
    timeMs: number,
    kind: MessageKind,
    target: number,
    replyTo: number,
  ): number {
    if (this.entryCount === this.#entryLimit) this.#dropOldest();
    const offset = this.#lastOffset + 1;
    const hash = hashOf(senderId, clientMessageId);
    const entry: TailEntry = {
      offset,
      timeMs,
      sender,
      text,
      kind,
      target,
      replyTo,
      editedMs: 0,
      deleted: false,
      reactions: undefined,
      changedOffset: 0,
      senderId,
      clientMessageId,
      hash,
      older: undefined,
    };
    this.#lastOffset = offset;
    this.#ring[offset % this.#entryLimit] = entry;
    this.#link(entry);
    this.#textUnits += text.length;
    if (this.#firstOffset === 0) this.#firstOffset = offset;
    if (this.entryCount > this.#chains.length) this.#addChains();
    while (this.#textUnits > this.#textUnitLimit && this.entryCount > 1) this.#dropOldest();
    return offset;
  }

  #setText(entry: TailEntry, text: string): void {
    this.#textUnits += text.length - entry.text.length;
    entry.text = text;
  }

  #delete(message: TailEntry): void {
    this.#setText(message, "");
    message.deleted = true;
    message.reactions = undefined;
    for (let offset = message.offset + 1; offset <= this.#lastOffset; offset++) {
      const entry = this.#entryAt(offset);
      if (entry.kind === "edit" && entry.target === message.offset) this.#setText(entry, "");
    }
  }

  #dropOldest(): void {
    const oldest = this.#entryAt(this.#firstOffset);
    this.#ring[this.#firstOffset % this.#entryLimit] = undefined;
    this.#unlink(oldest);
    this.#textUnits -= oldest.text.length;
    this.#firstOffset = this.entryCount === 1 ? 0 : this.#firstOffset + 1;
  }

  #chainOf(hash: number): number {
    return hash & (this.#chains.length - 1);
  }

  #link(entry: TailEntry): void {
    const chain = this.#chainOf(entry.hash);
    entry.older = this.#chains[chain];
    this.#chains[chain] = entry;
  }

  /** The oldest entry of all is also the oldest of its chain. */
  #unlink(oldest: TailEntry): void {
    const chain = this.#chainOf(oldest.hash);
    let entry = this.#chains[chain];
    if (entry === oldest) {
      this.#chains[chain] = undefined;
      return;
    }
    while (entry !== undefined && entry.older !== oldest) entry = entry.older;
    assert(entry !== undefined, "an entry is in the chain of its hash");
    entry.older = undefined;
  }

  #addChains(): void {
    this.#chains = noChains(this.#chains.length * 2);
    for (let offset = this.#firstOffset; offset <= this.#lastOffset; offset++)
      this.#link(this.#entryAt(offset));
  }

  #find(offset: number): TailEntry | undefined {
    const entry = this.#ring[offset % this.#entryLimit];
    return entry?.offset === offset ? entry : undefined;
  }

  #entryAt(offset: number): TailEntry {
    const entry = this.#find(offset);
    assert(entry !== undefined, "the tail has each entry from first to last");
    return entry;
  }
}

function shown(entry: TailEntry, userId: UserId): HistoryMessage {
  return {
    offset: entry.offset,
    timeMs: entry.timeMs,
    sender: entry.sender,
    text: entry.text,
    kind: entry.kind,
    target: entry.target,
    replyTo: entry.replyTo,
    editedMs: entry.editedMs,
    deleted: entry.deleted,
    reactions: entry.reactions?.shownTo(userId) ?? NO_REACTIONS,
    changedOffset: entry.changedOffset,
  };
}

function noChains(count: number): (TailEntry | undefined)[] {
  return Array.from<TailEntry | undefined>({ length: count }).fill(undefined);
}

/**
 * FNV-1a of the id's UTF-16 units, begun with the sender. Whoever makes many of one hash makes chains
 * long, but never longer than the tail.
 */
function hashOf(senderId: UserId, clientMessageId: string): number {
  let hash = 0x811c9dc5 ^ senderId;
  for (let index = 0; index < clientMessageId.length; index++) {
    hash = Math.imul(hash ^ clientMessageId.charCodeAt(index), 0x01000193);
  }
  // The low bits choose the chain: let the high ones have a say. Within what V8 keeps without a box.
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}
