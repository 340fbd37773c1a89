import type { RoomId } from "../../names.ts";
import type { Sql } from "./lazy-statement.ts";
import { TEXT_KIND } from "./message-kinds.ts";
import { searchTerms } from "./search-words.ts";

/** Rooms that are remembered as behind; above it they are looked for again. */
const BEHIND_LIMIT = 65_536;
/** Rooms looked at in one step when those that are behind are looked for. */
const SCAN_ROOMS = 200;
const ROOM_SHIFT = 33n;
/** Pages of the index that are merged in one step: more than are written for as many messages. */
const MERGE_PAGES = 64;

/** Where a message is in the search index. */
export function searchRowid(roomId: RoomId, offset: number): bigint {
  return (BigInt(roomId) << ROOM_SHIFT) + BigInt(offset);
}

/**
 * Keeps the search index, behind the logs: appending only notes that a room has something new. What was
 * noted in memory alone is found again by a look at all rooms, after opening and after a rollback.
 */
export class SearchIndex {
  readonly #behind = new Set<RoomId>();
  /** The rooms up to this id have been looked at; undefined: all. */
  #scannedTo: RoomId | undefined = 0;
  readonly #scan;
  readonly #indexedOffset;
  readonly #setIndexedOffset;
  readonly #readAfter;
  readonly #readOne;
  readonly #insert;
  readonly #delete;
  readonly #enqueue;
  readonly #queued;
  readonly #queuedOfRoom;
  readonly #dequeue;
  readonly #dequeueRange;
  readonly #merge;

  constructor(sql: Sql) {
    this.#scan = sql(`
      SELECT id, indexed_offset < ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS behind
      FROM rooms WHERE id > ? AND deleted = 0 ORDER BY id LIMIT ${SCAN_ROOMS}`);
    this.#indexedOffset = sql("SELECT indexed_offset FROM rooms WHERE id = ? AND deleted = 0");
    this.#setIndexedOffset = sql("UPDATE rooms SET indexed_offset = ? WHERE id = ?");
    this.#readAfter = sql(`
      SELECT offset, kind, text FROM messages WHERE room_id = ? AND offset > ? ORDER BY offset LIMIT ?`);
    this.#readOne = sql("SELECT kind, text FROM messages WHERE room_id = ? AND offset = ?");
    this.#insert = sql("INSERT INTO search (rowid, words) VALUES (?, ?)");
    this.#delete = sql("DELETE FROM search WHERE rowid BETWEEN ? AND ?");
    this.#enqueue = sql("INSERT OR IGNORE INTO search_queue (room_id, offset) VALUES (?, ?)");
    this.#queued = sql("SELECT room_id, offset FROM search_queue LIMIT ?");
    this.#queuedOfRoom = sql("SELECT room_id, offset FROM search_queue WHERE room_id = ? LIMIT ?");
    this.#dequeue = sql("DELETE FROM search_queue WHERE room_id = ? AND offset = ?");
    this.#dequeueRange = sql("DELETE FROM search_queue WHERE room_id = ? AND offset BETWEEN ? AND ?");
    this.#merge = sql("INSERT INTO search (search, rank) VALUES ('merge', ?)");
  }

  noteAppended(roomId: RoomId): void {
    if (this.#behind.size >= BEHIND_LIMIT) this.reset();
    this.#behind.add(roomId);
  }

  /** The text at `offset` is another one, or none, from now on. */
  noteChanged(roomId: RoomId, offset: number): void {
    this.#enqueue.run(roomId, offset);
  }

  /** What was noted may have been rolled back. */
  reset(): void {
    this.#behind.clear();
    this.#scannedTo = 0;
  }

  /** Indexes at most `limit` messages of all rooms. True: there is more. */
  work(limit: number): boolean {
    let left = limit - this.#workQueue(this.#queued.all(limit));
    if (left > 0 && this.#scannedTo !== undefined) this.#scanRooms();
    for (const roomId of this.#behind) {
      if (left <= 0) return true;
      left -= this.#indexNew(roomId, left);
    }
    return left <= 0 || this.#scannedTo !== undefined;
  }

  /** Merges some of what was written in pieces; without it, searching becomes slower and slower. */
  merge(): void {
    this.#merge.run(MERGE_PAGES);
  }

  /** Indexes at most `limit` messages of one room. */
  workOn(roomId: RoomId, limit: number): void {
    const left = limit - this.#workQueue(this.#queuedOfRoom.all(roomId, limit));
    if (left > 0) this.#indexNew(roomId, left);
  }

  /** Takes out the messages from `first` to `last`. */
  remove(roomId: RoomId, first: number, last: number): void {
    this.#delete.run(searchRowid(roomId, first), searchRowid(roomId, last));
    this.#dequeueRange.run(roomId, first, last);
  }

  #workQueue(rows: readonly { readonly [column: string]: unknown }[]): number {
    for (const row of rows) {
      const roomId = Number(row.room_id);
      const offset = Number(row.offset);
      this.#dequeue.run(roomId, offset);
      // What the index has not reached yet it will find as it is now.
      if (offset > Number(this.#indexedOffset.get(roomId)?.indexed_offset ?? 0)) continue;
      this.#delete.run(searchRowid(roomId, offset), searchRowid(roomId, offset));
      const message = this.#readOne.get(roomId, offset);
      if (message !== undefined) this.#add(roomId, offset, message);
    }
    return rows.length;
  }

  #indexNew(roomId: RoomId, limit: number): number {
    const room = this.#indexedOffset.get(roomId);
    const rows = room === undefined ? [] : this.#readAfter.all(roomId, Number(room.indexed_offset), limit);
    for (const row of rows) this.#add(roomId, Number(row.offset), row);
    const last = rows.at(-1);
    if (last !== undefined) this.#setIndexedOffset.run(Number(last.offset), roomId);
    if (rows.length < limit) this.#behind.delete(roomId);
    return rows.length;
  }

  #add(roomId: RoomId, offset: number, message: { readonly [column: string]: unknown }): void {
    if (message.kind !== TEXT_KIND) return;
    const terms = searchTerms(roomId, offset, String(message.text));
    if (terms !== "") this.#insert.run(searchRowid(roomId, offset), terms);
  }

  #scanRooms(): void {
    const rows = this.#scan.all(this.#scannedTo ?? 0);
    for (const row of rows) if (row.behind === 1) this.#behind.add(Number(row.id));
    const last = rows.at(-1);
    this.#scannedTo = last === undefined || rows.length < SCAN_ROOMS ? undefined : Number(last.id);
  }
}
