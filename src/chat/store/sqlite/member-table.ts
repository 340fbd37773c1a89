import { nameKey } from "../../../protocol/names.ts";
import type { RoomId, UserId } from "../../names.ts";
import type { MemberRole } from "../store.ts";
import type { Sql } from "./lazy-statement.ts";
import type { LogHeads } from "./log-heads.ts";

export interface MemberChange {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly nowMs: number;
  readonly role?: MemberRole | undefined;
  readonly invited?: boolean | undefined;
  /** Of a guest. */
  readonly userName?: string | undefined;
}

/** Who has which role in which room. An entry without role and invitation is none. */
export class MemberTable {
  readonly #heads: LogHeads;
  readonly #accountKey;
  readonly #find;
  readonly #write;
  readonly #remove;
  readonly #removeUser;
  readonly #markRead;

  constructor(sql: Sql, heads: LogHeads) {
    this.#heads = heads;
    this.#accountKey = sql("SELECT name_key FROM accounts WHERE id = ?");
    this.#find = sql(`
      SELECT role, invited, user_name, joined_ms, read_offset FROM room_members
      WHERE room_id = ? AND user_id = ?`);
    this.#write = sql(`
      INSERT INTO room_members
        (room_id, user_id, role, invited, name_key, user_name, joined_ms, read_offset)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      ON CONFLICT (room_id, user_id) DO UPDATE SET
        role = ?3, invited = ?4, name_key = ?5, user_name = ?6, joined_ms = ?7, read_offset = ?8`);
    this.#remove = sql("DELETE FROM room_members WHERE room_id = ? AND user_id = ?");
    this.#removeUser = sql("DELETE FROM room_members WHERE user_id = ?");
    this.#markRead = sql(`
      UPDATE room_members SET read_offset = max(read_offset, ?3) WHERE room_id = ?1 AND user_id = ?2
      RETURNING read_offset`);
  }

  /** False when there is no such room or account (any more). */
  canHave(roomId: RoomId, userId: UserId): boolean {
    return (
      this.#heads.of(roomId) !== undefined && (userId <= 0 || this.#accountKey.get(userId) !== undefined)
    );
  }

  /** Makes, changes or removes an entry. Nothing happens where there can be none. */
  change({ roomId, userId, nowMs, role, invited, userName }: MemberChange): void {
    const head = this.#heads.of(roomId);
    const account = userId > 0 ? this.#accountKey.get(userId) : undefined;
    if (head === undefined || (userId > 0 && account === undefined)) return;
    const entry = this.#find.get(roomId, userId);
    const oldRole = String(entry?.role ?? "none");
    const newRole = role ?? oldRole;
    const isInvited = invited ?? entry?.invited === 1;
    if (newRole === "none" && !isInvited) {
      if (entry !== undefined) this.#remove.run(roomId, userId);
      return;
    }
    const name = userId > 0 ? "" : (userName ?? String(entry?.user_name ?? ""));
    const isSame = newRole === oldRole && isInvited === (entry?.invited === 1) && name === entry?.user_name;
    if (isSame) return;
    const becomesMember = oldRole === "none" && newRole !== "none";
    this.#write.run(
      roomId,
      userId,
      newRole,
      isInvited ? 1 : 0,
      String(account?.name_key ?? nameKey(name)),
      name,
      becomesMember ? nowMs : Number(entry?.joined_ms ?? nowMs),
      becomesMember ? head.lastOffset : Number(entry?.read_offset ?? 0),
    );
  }

  /** Where the marker is now; 0 for users without an entry. */
  markRead(roomId: RoomId, userId: UserId, offset: number): number {
    const last = this.#heads.of(roomId)?.lastOffset ?? 0;
    const before = this.#find.get(roomId, userId)?.read_offset;
    if (before === undefined || Number(before) >= Math.min(offset, last)) return Number(before ?? 0);
    return Number(this.#markRead.get(roomId, userId, Math.min(offset, last))?.read_offset ?? 0);
  }

  removeUser(userId: UserId): void {
    this.#removeUser.run(userId);
  }
}
