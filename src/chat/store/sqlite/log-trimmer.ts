import type { RoomId } from "../../names.ts";
import type { MentionTable } from "./mention-table.ts";
import type { ReactionTable } from "./reaction-table.ts";
import type { SearchIndex } from "./search-index.ts";
import type { LazyStatement, Sql } from "./lazy-statement.ts";

/** Rooms whose retention is looked at in one step. */
const ROOMS_PER_STEP = 50;

export interface TrimmedRoom {
  readonly roomId: RoomId;
  readonly firstOffset: number;
}

export interface LogTrimmerParts {
  readonly sql: Sql;
  readonly index: SearchIndex;
  readonly mentions: MentionTable;
  readonly reactions: ReactionTable;
}

interface RetainedRoom {
  readonly roomId: RoomId;
  readonly ageMs: number;
  readonly count: number;
}

/** Removes entries from the beginning of logs, with everything that belongs to them, piece by piece. */
export class LogTrimmer {
  readonly #parts: LogTrimmerParts;
  /** Where the round over the rooms with retention is; 0 between two rounds. */
  #after: RoomId = 0;
  readonly #retained;
  readonly #firstOffset;
  readonly #lastOffset;
  readonly #firstRecent;
  readonly #deleted;
  readonly #removeMessages;
  readonly #removeEdits;
  readonly #removeMembers;
  readonly #removeSanctions;
  readonly #removeRoom;
  readonly #anyMember;

  constructor(parts: LogTrimmerParts) {
    const { sql } = parts;
    this.#parts = parts;
    this.#retained = sql(`
      SELECT id, retention_age_ms, retention_count FROM rooms
      WHERE id > ? AND deleted = 0 AND (retention_age_ms > 0 OR retention_count > 0)
      ORDER BY id LIMIT ${ROOMS_PER_STEP}`);
    this.#firstOffset = sql("SELECT min(offset) AS offset FROM messages WHERE room_id = ?");
    this.#lastOffset = sql("SELECT max(offset) AS offset FROM messages WHERE room_id = ?");
    this.#firstRecent = sql(`
      SELECT offset FROM messages WHERE room_id = ? AND offset BETWEEN ? AND ? AND time_ms >= ?
      ORDER BY offset LIMIT 1`);
    this.#deleted = sql("SELECT id FROM rooms WHERE deleted = 1 LIMIT 1");
    this.#removeMessages = sql("DELETE FROM messages WHERE room_id = ? AND offset BETWEEN ? AND ?");
    this.#removeEdits = sql("DELETE FROM edits WHERE room_id = ? AND target BETWEEN ? AND ?");
    this.#anyMember = sql("SELECT 1 FROM room_members WHERE room_id = ? LIMIT 1");
    this.#removeMembers = sql(`
      DELETE FROM room_members WHERE room_id = ?1 AND user_id IN (
        SELECT user_id FROM room_members WHERE room_id = ?1 LIMIT ?2)`);
    this.#removeSanctions = sql("DELETE FROM sanctions WHERE room_id = ?");
    this.#removeRoom = sql("DELETE FROM rooms WHERE id = ?");
  }

  /** Removes at most `limit` entries that no retention keeps. */
  trim(nowMs: number, limit: number): { readonly trimmed: readonly TrimmedRoom[]; readonly more: boolean } {
    const rows = this.#retained.all(this.#after);
    const trimmed: TrimmedRoom[] = [];
    let left = limit;
    for (const row of rows) {
      if (left <= 0) return { trimmed, more: true };
      const roomId = Number(row.id);
      const room = { roomId, ageMs: Number(row.retention_age_ms), count: Number(row.retention_count) };
      const removed = this.#trimRoom(room, nowMs, left);
      if (removed.count > 0) trimmed.push({ roomId, firstOffset: removed.firstOffset });
      left -= removed.count;
      // A room that took all that was left may have more to give.
      if (left > 0) this.#after = roomId;
    }
    const isRoundOver = rows.length < ROOMS_PER_STEP && left > 0;
    if (isRoundOver) this.#after = 0;
    return { trimmed, more: !isRoundOver };
  }

  /** Removes at most `limit` entries or members of a deleted room, at last itself. True: there is more. */
  purge(limit: number): boolean {
    const room = this.#deleted.get();
    if (room === undefined) return false;
    const roomId = Number(room.id);
    const first = this.#offset(this.#firstOffset, roomId);
    const last = this.#offset(this.#lastOffset, roomId);
    if (last > 0) {
      this.#remove(roomId, first, Math.min(last, first + limit - 1));
    } else if (this.#anyMember.get(roomId) === undefined) {
      this.#removeSanctions.run(roomId);
      this.#removeRoom.run(roomId);
      return this.#deleted.get() !== undefined;
    } else {
      this.#removeMembers.run(roomId, limit);
    }
    return true;
  }

  #trimRoom(room: RetainedRoom, nowMs: number, limit: number): { count: number; firstOffset: number } {
    const { roomId, ageMs, count } = room;
    const first = this.#offset(this.#firstOffset, roomId);
    const last = this.#offset(this.#lastOffset, roomId);
    const end = Math.min(last - 1, first + limit - 1);
    if (end < first) return { count: 0, firstOffset: first };
    let cut = count > 0 ? Math.min(end, last - count) : first - 1;
    if (ageMs > 0 && cut < end) {
      const recent = this.#firstRecent.get(roomId, cut + 1, end, nowMs - ageMs);
      cut = recent === undefined ? end : Number(recent.offset) - 1;
    }
    if (cut < first) return { count: 0, firstOffset: first };
    this.#remove(roomId, first, cut);
    return { count: cut - first + 1, firstOffset: cut + 1 };
  }

  #remove(roomId: RoomId, first: number, last: number): void {
    const { index, mentions, reactions } = this.#parts;
    this.#removeMessages.run(roomId, first, last);
    this.#removeEdits.run(roomId, first, last);
    index.remove(roomId, first, last);
    mentions.remove(roomId, first, last);
    reactions.remove(roomId, first, last);
  }

  #offset(statement: LazyStatement, roomId: RoomId): number {
    return Number(statement.get(roomId)?.offset ?? 0);
  }
}
