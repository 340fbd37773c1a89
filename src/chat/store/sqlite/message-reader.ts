import type { RoomId, UserId } from "../../names.ts";
import type { StoredMessage } from "../store.ts";
import type { Row, Sql } from "./lazy-statement.ts";
import { kindOfNumber } from "./message-kinds.ts";
import type { ReactionTable } from "./reaction-table.ts";

/** Accounts' names are read where they are kept; a guest's is in the row. */
const COLUMNS = `
  messages.offset, sender_id,
  iif(sender_id > 0, ifnull(accounts.name, '(deleted)'), sender_name) AS sender_name,
  messages.text, time_ms, messages.kind, target, reply_to, edited_ms, messages.deleted, changed_offset`;

// CROSS: the room first, so that not one message of a deleted one is looked at.
const OF_ROOM = `
  FROM rooms CROSS JOIN messages ON messages.room_id = rooms.id LEFT JOIN accounts ON accounts.id = sender_id
  WHERE rooms.id = ?1 AND rooms.deleted = 0`;

/** Reads entries of logs as they are shown. */
export class MessageReader {
  readonly #reactions: ReactionTable;
  readonly #after;
  readonly #before;
  readonly #one;

  constructor(sql: Sql, reactions: ReactionTable) {
    this.#reactions = reactions;
    this.#after = sql(`SELECT ${COLUMNS} ${OF_ROOM} AND offset > ?2 ORDER BY offset LIMIT ?3`);
    this.#before = sql(`SELECT ${COLUMNS} ${OF_ROOM} AND offset < ?2 ORDER BY offset DESC LIMIT ?3`);
    this.#one = sql(`SELECT ${COLUMNS} ${OF_ROOM} AND offset = ?2`);
  }

  after(roomId: RoomId, after: number, limit: number, userId: UserId): StoredMessage[] {
    return this.#withReactions(roomId, this.#after.all(roomId, after, limit), userId);
  }

  /** `before` 0: from the end. */
  before(roomId: RoomId, before: number, limit: number, userId: UserId): StoredMessage[] {
    const bound = before === 0 ? Number.MAX_SAFE_INTEGER : before;
    return this.#withReactions(roomId, this.#before.all(roomId, bound, limit).toReversed(), userId);
  }

  one(roomId: RoomId, offset: number, userId: UserId): StoredMessage | undefined {
    const row = this.#one.get(roomId, offset);
    return row === undefined ? undefined : this.#withReactions(roomId, [row], userId)[0];
  }

  #withReactions(roomId: RoomId, rows: readonly Row[], userId: UserId): StoredMessage[] {
    const first = rows[0];
    const last = rows.at(-1);
    if (first === undefined || last === undefined) return [];
    const reactions = this.#reactions.read(roomId, Number(first.offset), Number(last.offset), userId);
    return rows.map((row) => ({
      offset: Number(row.offset),
      senderId: Number(row.sender_id),
      senderName: String(row.sender_name),
      text: String(row.text),
      timeMs: Number(row.time_ms),
      kind: kindOfNumber(Number(row.kind)),
      target: Number(row.target),
      replyTo: Number(row.reply_to),
      editedMs: Number(row.edited_ms),
      deleted: row.deleted === 1,
      reactions: reactions.get(Number(row.offset)) ?? [],
      changedOffset: Number(row.changed_offset),
    }));
  }
}
