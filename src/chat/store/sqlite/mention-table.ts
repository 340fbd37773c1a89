import { mentionedKeys } from "../../../protocol/mentions.ts";
import type { RoomId, UserId } from "../../names.ts";
import type { Sql } from "./lazy-statement.ts";

/** Which messages mention which accounts. Nobody mentions himself. */
export class MentionTable {
  readonly #findAccount;
  readonly #insert;
  readonly #delete;

  constructor(sql: Sql) {
    this.#findAccount = sql("SELECT id FROM accounts WHERE name_key = ?");
    this.#insert = sql("INSERT OR IGNORE INTO mentions (user_id, room_id, offset) VALUES (?, ?, ?)");
    this.#delete = sql("DELETE FROM mentions WHERE room_id = ? AND offset BETWEEN ? AND ?");
  }

  add(roomId: RoomId, offset: number, senderId: UserId, text: string): void {
    for (const key of mentionedKeys(text)) {
      const id = this.#findAccount.get(key)?.id;
      if (id !== undefined && Number(id) !== senderId) this.#insert.run(id, roomId, offset);
    }
  }

  remove(roomId: RoomId, firstOffset: number, lastOffset: number): void {
    this.#delete.run(roomId, firstOffset, lastOffset);
  }
}
