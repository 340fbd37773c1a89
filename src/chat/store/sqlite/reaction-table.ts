import type { RoomId, UserId } from "../../names.ts";
import type { Reaction } from "../store.ts";
import type { Sql } from "./lazy-statement.ts";

/** Different reactions of one message that are shown, the first ones. */
const SHOWN_LIMIT = 50;

export interface GivenReaction {
  readonly roomId: RoomId;
  /** Of the message. */
  readonly offset: number;
  readonly reaction: string;
  readonly userId: UserId;
}

/** Who reacted to what, and how many did. */
export class ReactionTable {
  readonly #find;
  readonly #insert;
  readonly #delete;
  readonly #countUp;
  readonly #countDown;
  readonly #dropZero;
  readonly #deleteRange;
  readonly #deleteCounts;
  readonly #read;

  constructor(sql: Sql) {
    this.#find = sql(
      "SELECT 1 FROM reactions WHERE room_id = ? AND offset = ? AND reaction = ? AND user_id = ?",
    );
    this.#insert = sql(
      "INSERT OR IGNORE INTO reactions (room_id, offset, reaction, user_id) VALUES (?, ?, ?, ?)",
    );
    this.#delete = sql(
      "DELETE FROM reactions WHERE room_id = ? AND offset = ? AND reaction = ? AND user_id = ?",
    );
    this.#countUp = sql(`
      INSERT INTO reaction_counts (room_id, offset, reaction, position, count) VALUES (?, ?, ?, ?, 1)
      ON CONFLICT (room_id, offset, reaction) DO UPDATE SET count = count + 1`);
    this.#countDown = sql(
      "UPDATE reaction_counts SET count = count - 1 WHERE room_id = ? AND offset = ? AND reaction = ?",
    );
    this.#dropZero = sql(
      "DELETE FROM reaction_counts WHERE room_id = ? AND offset = ? AND reaction = ? AND count = 0",
    );
    this.#deleteRange = sql("DELETE FROM reactions WHERE room_id = ? AND offset BETWEEN ? AND ?");
    this.#deleteCounts = sql("DELETE FROM reaction_counts WHERE room_id = ? AND offset BETWEEN ? AND ?");
    this.#read = sql(`
      SELECT offset, reaction, count, EXISTS (
        SELECT 1 FROM reactions AS own WHERE own.room_id = counts.room_id AND own.offset = counts.offset
          AND own.reaction = counts.reaction AND own.user_id = ?4) AS mine
      FROM reaction_counts AS counts WHERE room_id = ?1 AND offset BETWEEN ?2 AND ?3
      ORDER BY offset, position`);
  }

  has({ roomId, offset, reaction, userId }: GivenReaction): boolean {
    return this.#find.get(roomId, offset, reaction, userId) !== undefined;
  }

  /** `position` decides its place if it is the message's first of this kind. Once given, it is given. */
  add({ roomId, offset, reaction, userId }: GivenReaction, position: number): void {
    if (this.#insert.run(roomId, offset, reaction, userId) === 0) return;
    this.#countUp.run(roomId, offset, reaction, position);
  }

  take({ roomId, offset, reaction, userId }: GivenReaction): void {
    if (this.#delete.run(roomId, offset, reaction, userId) === 0) return;
    this.#countDown.run(roomId, offset, reaction);
    this.#dropZero.run(roomId, offset, reaction);
  }

  /** All reactions to the messages from `first` to `last`. */
  remove(roomId: RoomId, first: number, last: number): void {
    this.#deleteRange.run(roomId, first, last);
    this.#deleteCounts.run(roomId, first, last);
  }

  /** By message. */
  read(roomId: RoomId, first: number, last: number, userId: UserId): Map<number, Reaction[]> {
    const byOffset = new Map<number, Reaction[]>();
    for (const row of this.#read.all(roomId, first, last, userId)) {
      const offset = Number(row.offset);
      const reactions = byOffset.get(offset) ?? [];
      if (reactions.length >= SHOWN_LIMIT) continue;
      reactions.push({ reaction: String(row.reaction), count: Number(row.count), mine: row.mine === 1 });
      byOffset.set(offset, reactions);
    }
    return byOffset;
  }
}
