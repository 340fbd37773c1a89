import type { ShownMessage } from "../../../src/client/room-timeline.ts";
import { mentionedKeys } from "../../../src/protocol/mentions.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import type { MessageItem, ReplyPreview, TimelineItem } from "./contract.ts";
import type { MessageOverlay } from "./message-overlays.ts";
import { overlaidReactions } from "./message-overlays.ts";
import type { OutgoingItem } from "./outgoing-messages.ts";

/** Messages of one sender that are no further apart are shown as one group. */
const GROUP_MS = 5 * 60_000;

export interface TimelineSource {
  readonly messages: readonly ShownMessage[];
  /** By the first offset after it: the first that is missing. */
  readonly holes: ReadonlyMap<number, number>;
  /** The first message that was new when the place was opened; 0: none. */
  readonly unreadOffset: number;
  /** Shown after the messages; none while newer messages are not loaded. */
  readonly outgoing: readonly OutgoingItem[];
  readonly isOnline: boolean;
  keyOf(offset: number): string | undefined;
  overlayOf(offset: number): MessageOverlay | undefined;
  /** The preview of an answered message; the same object for as long as nothing changes about it. */
  replyTo(offset: number): ReplyPreview;
  displayNameOf(name: string): string;
}

interface KnownRow {
  readonly shown: ShownMessage;
  readonly overlay: MessageOverlay | undefined;
  readonly replyTo: ReplyPreview | undefined;
  readonly displayName: string;
  readonly isGroupStart: boolean;
  readonly key: string;
  readonly row: TimelineItem;
}

interface KnownOutgoing {
  readonly item: OutgoingItem;
  readonly isGroupStart: boolean;
  readonly isOnline: boolean;
  readonly replyTo: ReplyPreview | undefined;
  readonly row: TimelineItem;
}

/** Makes the rows of a place's messages. A row of which nothing changed is the same object as before. */
export class TimelineRows {
  readonly #userName: string;
  readonly #userKey: string;
  readonly #dayOf: (timeMs: number) => number;
  #rows = new Map<number, KnownRow>();
  #outgoing = new Map<string, KnownOutgoing>();
  /** Days, gaps and the unread line, by key. */
  #lines = new Map<string, TimelineItem>();
  readonly #days = new WeakMap<ShownMessage, number>();

  /** `dayOf`: see PageHost. */
  constructor(userName: string, dayOf: (timeMs: number) => number) {
    this.#userName = userName;
    this.#userKey = nameKey(userName);
    this.#dayOf = dayOf;
  }

  make(source: TimelineSource): TimelineItem[] {
    const items: TimelineItem[] = [];
    const rows = new Map<number, KnownRow>();
    const outgoing = new Map<string, KnownOutgoing>();
    const lines = new Map<string, TimelineItem>();
    const line = (item: TimelineItem): void => {
      const known = this.#lines.get(item.key) ?? item;
      lines.set(item.key, known);
      items.push(known);
    };
    let before: ShownMessage | undefined;
    let day: number | undefined;
    for (const shown of source.messages) {
      const { offset, timeMs } = shown;
      let isGroupStart = before === undefined || !isSameGroup(before, shown);
      const missing = source.holes.get(offset);
      if (missing !== undefined) {
        line({ type: "gap", key: `gap:${offset}`, fromOffset: missing, toOffset: offset - 1 });
        isGroupStart = true;
      }
      const dayHere = this.#dayOfMessage(shown);
      if (dayHere !== day) {
        line({ type: "day", key: `day:${offset}`, dayMs: timeMs });
        day = dayHere;
        isGroupStart = true;
      }
      if (offset === source.unreadOffset) {
        line({ type: "unread", key: "unread" });
        isGroupStart = true;
      }
      const known = this.#row(shown, isGroupStart, source);
      rows.set(offset, known);
      items.push(known.row);
      before = shown;
    }
    for (const item of source.outgoing) {
      const dayHere = this.#dayOf(item.timeMs);
      let isGroupStart =
        before === undefined || !isSameGroup(before, { ...item, sender: this.#userName, offset: 0 });
      if (dayHere !== day) {
        line({ type: "day", key: `day:${item.key}`, dayMs: item.timeMs });
        day = dayHere;
        isGroupStart = true;
      }
      const known = this.#outgoingRow(item, isGroupStart, source);
      outgoing.set(item.key, known);
      items.push(known.row);
      before = asShown(item, this.#userName);
    }
    this.#rows = rows;
    this.#outgoing = outgoing;
    this.#lines = lines;
    return items;
  }

  #dayOfMessage(shown: ShownMessage): number {
    const known = this.#days.get(shown);
    if (known !== undefined) return known;
    const day = this.#dayOf(shown.timeMs);
    this.#days.set(shown, day);
    return day;
  }

  #row(shown: ShownMessage, isGroupStart: boolean, source: TimelineSource): KnownRow {
    const { offset } = shown;
    const known = this.#rows.get(offset);
    const overlay = source.overlayOf(offset);
    const replyTo = shown.replyTo > 0 && !shown.isDeleted ? source.replyTo(shown.replyTo) : undefined;
    const displayName = source.displayNameOf(shown.sender);
    const key = source.keyOf(offset) ?? `m:${offset}`;
    if (
      known !== undefined &&
      known.shown === shown &&
      known.overlay === overlay &&
      known.replyTo === replyTo &&
      known.displayName === displayName &&
      known.isGroupStart === isGroupStart &&
      known.key === key
    ) {
      return known;
    }
    const isOwn = shown.sender === this.#userName;
    const text = shown.isDeleted ? "" : (overlay?.text ?? shown.text);
    const message: MessageItem = {
      key,
      offset,
      sender: shown.sender,
      displayName,
      isOwn,
      text,
      timeMs: shown.timeMs,
      edited: shown.editedMs > 0,
      editedMs: shown.editedMs,
      deleted: shown.isDeleted,
      replyTo,
      reactions: overlaidReactions(shown.reactions, overlay).map(({ reaction, count, isMine }) => ({
        emoji: reaction,
        count,
        mine: isMine,
      })),
      state: "sent",
      failure: undefined,
      mentionsMe: !isOwn && mentionedKeys(text).includes(this.#userKey),
      isGroupStart,
      isChanging: overlay !== undefined && (overlay.text !== undefined || overlay.isDeleting),
    };
    const row: TimelineItem = { type: "message", key, message };
    return { shown, overlay, replyTo, displayName, isGroupStart, key, row };
  }

  #outgoingRow(item: OutgoingItem, isGroupStart: boolean, source: TimelineSource): KnownOutgoing {
    const known = this.#outgoing.get(item.key);
    const { isOnline } = source;
    const replyTo = item.replyTo > 0 ? source.replyTo(item.replyTo) : undefined;
    if (
      known !== undefined &&
      known.item === item &&
      known.isGroupStart === isGroupStart &&
      known.isOnline === isOnline &&
      known.replyTo === replyTo
    ) {
      return known;
    }
    const { key, text, timeMs, failure, offset } = item;
    const waiting = isOnline ? "sending" : "queued";
    const message: MessageItem = {
      key,
      offset,
      sender: this.#userName,
      displayName: source.displayNameOf(this.#userName),
      isOwn: true,
      text,
      timeMs,
      edited: false,
      editedMs: 0,
      deleted: false,
      replyTo,
      reactions: [],
      state: failure !== undefined ? "failed" : offset > 0 ? "sent" : waiting,
      failure,
      mentionsMe: false,
      isGroupStart,
      isChanging: false,
    };
    return { item, isGroupStart, isOnline, replyTo, row: { type: "message", key, message } };
  }
}

type Grouped = Pick<ShownMessage, "sender" | "timeMs" | "replyTo" | "offset">;

function isSameGroup(before: Grouped, message: Grouped): boolean {
  const apartMs = message.timeMs - before.timeMs;
  return before.sender === message.sender && message.replyTo === 0 && apartMs < GROUP_MS;
}

function asShown({ timeMs, text, replyTo }: OutgoingItem, sender: string): ShownMessage {
  return { offset: 0, timeMs, sender, text, replyTo, editedMs: 0, isDeleted: false, reactions: [] };
}
