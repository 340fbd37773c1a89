import type { RoomId, UserId } from "../../names.ts";
import type {
  MemberRole,
  RoomAccess,
  RoomSettings,
  RosterEntry,
  SlowReaderPolicy,
  StoredRoom,
  StoredRoomKind,
} from "../store.ts";
import type { Row, Sql } from "./lazy-statement.ts";
import type { SanctionTable } from "./sanction-table.ts";

const COLUMNS = `
  rooms.*,
  ifnull((SELECT min(offset) FROM messages WHERE room_id = rooms.id), 0) AS first_offset,
  ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS last_offset
  FROM rooms`;

export interface RoomToMake {
  readonly name: string;
  readonly kind: StoredRoomKind;
  readonly epoch: string;
  readonly settings: RoomSettings;
  readonly nowMs: number;
}

/** Stored rooms, found with everything that a hub keeps of them. */
export class RoomTable {
  readonly #sanctions: SanctionTable;
  readonly #byName;
  readonly #byId;
  readonly #insert;
  readonly #special;
  readonly #everyone;
  readonly #roleOf;
  readonly #blockedBy;

  constructor(sql: Sql, sanctions: SanctionTable) {
    this.#sanctions = sanctions;
    this.#byName = sql(`SELECT ${COLUMNS} WHERE name = ? AND deleted = 0`);
    this.#byId = sql(`SELECT ${COLUMNS} WHERE id = ? AND deleted = 0`);
    this.#insert = sql(`
      INSERT INTO rooms (name, kind, epoch, created_ms, access, password_hash, topic, archived,
        slow_mode_ms, slow_reader, retention_age_ms, retention_count)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    // Named, because the planner would rather read all members than believe that few are special.
    this.#special = sql(`
      SELECT user_id, role, invited FROM room_members INDEXED BY room_members_special
      WHERE room_id = ? AND (role <> 'member' OR invited = 1) ORDER BY user_id`);
    this.#everyone = sql(
      "SELECT user_id, role, invited FROM room_members WHERE room_id = ? ORDER BY user_id",
    );
    this.#roleOf = sql("SELECT role FROM room_members WHERE room_id = ? AND user_id = ?");
    this.#blockedBy = sql(`
      SELECT blocks.user_id FROM room_members AS one
      JOIN room_members AS other ON other.room_id = one.room_id AND other.user_id <> one.user_id
      JOIN blocks ON blocks.user_id = one.user_id AND blocks.other_id = other.user_id
      WHERE one.room_id = ? ORDER BY blocks.user_id`);
  }

  byName(name: string): StoredRoom | undefined {
    const row = this.#byName.get(name);
    return row === undefined ? undefined : this.#describe(row);
  }

  byId(id: RoomId): StoredRoom | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : this.#describe(row);
  }

  insert({ name, kind, epoch, settings, nowMs }: RoomToMake): RoomId {
    if (epoch === "") throw new RangeError("a room has an epoch");
    return this.#insert.insert(
      name,
      kind,
      epoch,
      nowMs,
      settings.access,
      settings.passwordHash,
      settings.topic,
      settings.archived ? 1 : 0,
      settings.slowModeMs,
      settings.slowReader,
      settings.retentionAgeMs,
      settings.retentionCount,
    );
  }

  #describe(row: Row): StoredRoom {
    const id = Number(row.id);
    const isDirect = row.kind === "direct";
    const isOpen = !isDirect && row.access === "public";
    return {
      id,
      name: String(row.name),
      kind: isDirect ? "direct" : "logged",
      epoch: String(row.epoch),
      firstOffset: Number(row.first_offset),
      lastOffset: Number(row.last_offset),
      settings: settingsOfRow(row),
      roster: this.#roster(id, isOpen ? this.#special.all(id) : this.#everyone.all(id)),
      blockedBy: isDirect ? this.#blockedBy.all(id).map(({ user_id }) => Number(user_id)) : [],
    };
  }

  #roster(id: RoomId, members: readonly Row[]): RosterEntry[] {
    const sanctions = this.#sanctions.ofRoom(id);
    const roster = members.map((row) => {
      const userId = Number(row.user_id);
      const entry = rosterEntry(userId, roleOf(row.role), row.invited === 1, sanctions.get(userId));
      sanctions.delete(userId);
      return entry;
    });
    for (const [userId, sanction] of sanctions) {
      const role = roleOf(this.#roleOf.get(id, userId)?.role);
      roster.push(rosterEntry(userId, role, false, sanction));
    }
    return roster.sort((one, other) => one.userId - other.userId);
  }
}

function rosterEntry(
  userId: UserId,
  role: MemberRole,
  invited: boolean,
  sanction: { readonly mutedUntilMs: number; readonly bannedUntilMs: number } | undefined,
): RosterEntry {
  const { mutedUntilMs = 0, bannedUntilMs = 0 } = sanction ?? {};
  return { userId, role, invited, mutedUntilMs, bannedUntilMs };
}

function settingsOfRow(row: Row): RoomSettings {
  return {
    access: accessOf(row.access),
    passwordHash: String(row.password_hash),
    topic: String(row.topic),
    archived: row.archived === 1,
    slowModeMs: Number(row.slow_mode_ms),
    slowReader: slowReaderOf(row.slow_reader),
    retentionAgeMs: Number(row.retention_age_ms),
    retentionCount: Number(row.retention_count),
  };
}

export function roleOf(value: unknown): MemberRole {
  if (value === "member" || value === "moderator" || value === "owner") return value;
  return "none";
}

export function accessOf(value: unknown): RoomAccess {
  // What is not understood is not opened to everybody.
  return value === "public" || value === "password" ? value : "private";
}

function slowReaderOf(value: unknown): SlowReaderPolicy {
  return value === "skipToLatest" || value === "catchUp" ? value : "disconnect";
}
