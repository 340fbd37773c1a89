import type { RoomId } from "../names.ts";
import type { NewMessage, StoredMessage } from "../store/store.ts";
import type { HistoryMessage } from "./event.ts";
import { NO_REACTIONS } from "./history-message.ts";
import type { Room } from "./room.ts";

/** Entries kept of one room. */
const ENTRY_LIMIT = 128;
/** UTF-16 units of text kept of one room, and of all. */
const TEXT_UNIT_LIMIT = 65_536;
const TOTAL_TEXT_UNIT_LIMIT = 16_777_216;
/** Rooms of which entries are kept; above either total the room that began first is forgotten. */
const ROOM_LIMIT = 1_024;

type Entry = Pick<NewMessage, "senderName" | "text" | "timeMs" | "kind" | "target" | "replyTo">;

/** The newest entries of one room: each offset from `first` to `last`. */
interface Recent {
  readonly ring: (Entry | undefined)[];
  first: number;
  last: number;
  textUnits: number;
  /** Changes when entries were forgotten because they are shown otherwise now. */
  version: number;
}

/** Says what was known when the store was asked; see {@link RecentEntries.fill}. */
export interface FillToken {
  readonly recent: Recent;
  readonly version: number;
}

/**
 * The newest entries of logged rooms as history shows them, so that thousands who come back at once do
 * not all ask the store. Kept are only entries that look the same to everybody and as they were written:
 * one that is edited, deleted or reacted to is forgotten, with all before it.
 */
export class RecentEntries {
  readonly #rooms = new Map<RoomId, Recent>();
  #textUnits = 0;

  /** UTF-16 units kept in all. */
  get textUnits(): number {
    return this.#textUnits;
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  /** An entry that was published just now. It must not be changed any more. */
  push(roomId: RoomId, offset: number, entry: Entry): void {
    const recent = this.#rooms.get(roomId) ?? this.#add(roomId);
    if (recent.last + 1 !== offset) this.#restart(recent, offset);
    if (entry.kind !== "text") this.#amend(recent, entry);
    if (offset - recent.first >= ENTRY_LIMIT) this.#dropFirst(recent);
    this.#put(recent, offset, entry);
    recent.last = offset;
    while (recent.textUnits > TEXT_UNIT_LIMIT) this.#dropFirst(recent);
    while (this.#textUnits > TOTAL_TEXT_UNIT_LIMIT) this.#forgetEarliest();
  }

  /** Forgets what it has of the room, or of all. */
  forget(roomId?: RoomId): void {
    if (roomId === undefined) {
      this.#rooms.clear();
      this.#textUnits = 0;
      return;
    }
    this.#textUnits -= this.#rooms.get(roomId)?.textUnits ?? 0;
    this.#rooms.delete(roomId);
  }

  /** The entries from `start` to `end`, both included; undefined when they are not all here. */
  range(room: Room, start: number, end: number): HistoryMessage[] | undefined {
    const recent = this.#rooms.get(room.id);
    if (recent === undefined || recent.last !== room.lastOffset || end > recent.last) return undefined;
    const from = Math.max(start, room.firstOffset);
    if (from < recent.first) return undefined;
    const messages: HistoryMessage[] = [];
    for (let offset = from; offset <= end; offset++) {
      const entry = recent.ring[offset % ENTRY_LIMIT];
      if (entry === undefined) return undefined;
      messages.push(shown(offset, entry));
    }
    return messages;
  }

  /** To be had before the store is asked for what {@link fill} is to be given. */
  fillToken(roomId: RoomId): FillToken {
    const recent = this.#rooms.get(roomId) ?? this.#add(roomId);
    return { recent, version: recent.version };
  }

  /** Keeps what the store answered, as far as it goes on to what is here or to the room's end. */
  fill(token: FillToken, room: Room, stored: readonly StoredMessage[]): void {
    const { recent, version } = token;
    if (this.#rooms.get(room.id) !== recent || recent.version !== version) return;
    if (recent.last !== room.lastOffset) this.#restart(recent, room.lastOffset + 1);
    recent.last = room.lastOffset;
    for (let index = stored.length - 1; index >= 0; index--) {
      const message = stored[index] as StoredMessage;
      const { offset, text, changedOffset } = message;
      if (offset >= recent.first) continue;
      if (offset + 1 !== recent.first || recent.last - offset >= ENTRY_LIMIT) return;
      if (changedOffset !== 0) return;
      if (recent.textUnits + text.length > TEXT_UNIT_LIMIT) return;
      if (this.#textUnits + text.length > TOTAL_TEXT_UNIT_LIMIT) return;
      this.#put(recent, offset, message);
      recent.first = offset;
    }
  }

  #add(roomId: RoomId): Recent {
    if (this.#rooms.size >= ROOM_LIMIT) this.#forgetEarliest();
    const recent: Recent = { ring: [], first: 1, last: 0, textUnits: 0, version: 0 };
    this.#rooms.set(roomId, recent);
    return recent;
  }

  #restart(recent: Recent, offset: number): void {
    while (recent.first <= recent.last) this.#dropFirst(recent);
    recent.first = offset;
    recent.last = offset - 1;
  }

  #put(recent: Recent, offset: number, entry: Entry): void {
    recent.ring[offset % ENTRY_LIMIT] = entry;
    recent.textUnits += entry.text.length;
    this.#textUnits += entry.text.length;
  }

  #dropFirst(recent: Recent): void {
    const slot = recent.first % ENTRY_LIMIT;
    const length = recent.ring[slot]?.text.length ?? 0;
    recent.ring[slot] = undefined;
    recent.textUnits -= length;
    this.#textUnits -= length;
    recent.first += 1;
  }

  /** The target is shown otherwise from now on; when it is deleted, so are the edits of it. */
  #amend(recent: Recent, { kind, target }: Entry): void {
    recent.version += 1;
    let changed = target;
    if (kind === "delete") {
      for (let offset = recent.first; offset <= recent.last; offset++) {
        if (recent.ring[offset % ENTRY_LIMIT]?.target === target) changed = offset;
      }
    }
    while (recent.first <= Math.min(changed, recent.last)) this.#dropFirst(recent);
  }

  #forgetEarliest(): void {
    const [earliest] = this.#rooms.keys();
    if (earliest !== undefined) this.forget(earliest);
  }
}

function shown(offset: number, entry: Entry): HistoryMessage {
  return {
    offset,
    timeMs: entry.timeMs,
    sender: entry.senderName,
    text: entry.text,
    kind: entry.kind,
    target: entry.target,
    replyTo: entry.replyTo,
    editedMs: 0,
    deleted: false,
    reactions: NO_REACTIONS,
    changedOffset: 0,
  };
}
