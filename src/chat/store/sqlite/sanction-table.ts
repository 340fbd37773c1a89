import { nameKey as keyOf } from "../../../protocol/names.ts";
import type { RoomId, UserId } from "../../names.ts";
import type { StoredSanction, UserSanction } from "../store.ts";
import type { Row, Sql } from "./lazy-statement.ts";

/** The place of what counts everywhere. */
export const SERVER_ID: RoomId = 0;

export interface Sanction {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly mutedUntilMs?: number | undefined;
  readonly bannedUntilMs?: number | undefined;
  readonly reason: string;
  readonly by: string;
  /** Of a guest. */
  readonly userName: string;
}

export interface RoomSanction {
  mutedUntilMs: number;
  bannedUntilMs: number;
}

/** Mutes and bans of users, in a room or (room id 0) everywhere. */
export class SanctionTable {
  readonly #set;
  readonly #lift;
  readonly #ofUser;
  readonly #ofRoom;
  readonly #guestsOfRoom;
  readonly #list;
  readonly #removeUser;
  readonly #removeEnded;

  constructor(sql: Sql) {
    this.#set = sql(`
      INSERT OR REPLACE INTO sanctions (room_id, user_id, kind, until_ms, reason, imposed_by, user_name)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#lift = sql("DELETE FROM sanctions WHERE room_id = ? AND user_id = ? AND kind = ?");
    this.#ofUser = sql("SELECT kind, until_ms, reason FROM sanctions WHERE room_id = ? AND user_id = ?");
    this.#ofRoom = sql("SELECT user_id, kind, until_ms FROM sanctions WHERE room_id = ?");
    this.#guestsOfRoom = sql(
      "SELECT user_id, user_name FROM sanctions WHERE room_id = ? AND user_id < 0 ORDER BY user_id",
    );
    this.#list = sql(`
      SELECT kind, until_ms, reason, imposed_by, iif(user_id > 0, ifnull(accounts.name, ''), user_name) AS subject
      FROM sanctions LEFT JOIN accounts ON accounts.id = user_id
      WHERE room_id = ? AND until_ms > ? ORDER BY user_id, kind LIMIT ?`);
    this.#removeUser = sql("DELETE FROM sanctions WHERE user_id = ?");
    this.#removeEnded = sql(`
      DELETE FROM sanctions WHERE (room_id, user_id, kind) IN (
        SELECT room_id, user_id, kind FROM sanctions WHERE until_ms <= ? LIMIT ?)`);
  }

  /** Sets what is given; 0 lifts it. */
  set(sanction: Sanction): void {
    this.#setOne(sanction, "mute", sanction.mutedUntilMs);
    this.#setOne(sanction, "ban", sanction.bannedUntilMs);
  }

  /** The reason is the ban's, if there is one. */
  ofUser(roomId: RoomId, userId: UserId): UserSanction {
    const rows = this.#ofUser.all(roomId, userId);
    const ban = rows.find(({ kind }) => kind === "ban");
    const mute = rows.find(({ kind }) => kind === "mute");
    return {
      mutedUntilMs: Number(mute?.until_ms ?? 0),
      bannedUntilMs: Number(ban?.until_ms ?? 0),
      reason: String((ban ?? mute)?.reason ?? ""),
    };
  }

  ofRoom(roomId: RoomId): Map<UserId, RoomSanction> {
    const byUser = new Map<UserId, RoomSanction>();
    for (const { user_id, kind, until_ms } of this.#ofRoom.all(roomId)) {
      const userId = Number(user_id);
      const sanction = byUser.get(userId) ?? { mutedUntilMs: 0, bannedUntilMs: 0 };
      if (kind === "ban") sanction.bannedUntilMs = Number(until_ms);
      else sanction.mutedUntilMs = Number(until_ms);
      byUser.set(userId, sanction);
    }
    return byUser;
  }

  findGuest(roomId: RoomId, nameKey: string): { userId: UserId; userName: string } | undefined {
    const guest = this.#guestsOfRoom
      .all(roomId)
      .find(({ user_name }) => keyOf(String(user_name)) === nameKey);
    return guest && { userId: Number(guest.user_id), userName: String(guest.user_name) };
  }

  list(roomId: RoomId, nowMs: number, limit: number): StoredSanction[] {
    return this.#list.all(roomId, nowMs, limit).map(sanctionOfRow);
  }

  removeUser(userId: UserId): void {
    this.#removeUser.run(userId);
  }

  /** Removes at most `limit` that are over; true when that may not be all. */
  removeEnded(nowMs: number, limit: number): boolean {
    return this.#removeEnded.run(nowMs, limit) === limit;
  }

  #setOne(sanction: Sanction, kind: "ban" | "mute", untilMs: number | undefined): void {
    if (untilMs === undefined) return;
    const { roomId, userId, reason, by, userName } = sanction;
    if (untilMs === 0) this.#lift.run(roomId, userId, kind);
    else this.#set.run(roomId, userId, kind, untilMs, reason, by, userName);
  }
}

export function sanctionOfRow(row: Row): StoredSanction {
  return {
    subject: String(row.subject),
    kind: row.kind === "mute" ? "mute" : "ban",
    untilMs: Number(row.until_ms),
    reason: String(row.reason),
    by: String(row.imposed_by),
  };
}
