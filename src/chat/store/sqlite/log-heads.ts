import type { RoomId } from "../../names.ts";
import type { Sql } from "./lazy-statement.ts";

/** Rooms whose newest offset is remembered. */
const ROOM_LIMIT = 65_536;

export interface LogHead {
  readonly roomId: RoomId;
  readonly isDirect: boolean;
  /** 0 for an empty log. Ahead of the database while a transaction runs. */
  lastOffset: number;
  /** Time of the entry that this transaction appended last. */
  lastTimeMs: number;
  isTouched: boolean;
}

/** Where each log ends. After a rollback it must be cleared. */
export class LogHeads {
  readonly #heads = new Map<RoomId, LogHead>();
  readonly #find;

  constructor(sql: Sql) {
    this.#find = sql(`
      SELECT kind, ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS last_offset
      FROM rooms WHERE id = ? AND deleted = 0`);
  }

  /** undefined when there is no such room. */
  of(roomId: RoomId): LogHead | undefined {
    return this.#heads.get(roomId) ?? this.#load(roomId);
  }

  forget(roomId: RoomId): void {
    this.#heads.delete(roomId);
  }

  clear(): void {
    this.#heads.clear();
  }

  #load(roomId: RoomId): LogHead | undefined {
    const row = this.#find.get(roomId);
    if (row === undefined) return undefined;
    if (this.#heads.size >= ROOM_LIMIT) this.#dropUntouched();
    const isDirect = row.kind === "direct";
    const head = { roomId, isDirect, lastOffset: Number(row.last_offset), lastTimeMs: 0, isTouched: false };
    this.#heads.set(roomId, head);
    return head;
  }

  /** Those of the running transaction are still needed, and are few. */
  #dropUntouched(): void {
    for (const [roomId, head] of this.#heads) if (!head.isTouched) this.#heads.delete(roomId);
  }
}
