import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";
import { roleOf } from "./room-table.ts";

type MemberRequestName = "setMember" | "listMembers" | "markRead";

export function memberRequests(tables: Tables): RequestHandlers<MemberRequestName> {
  const { sql, audit, members, sanctions } = tables;
  const list = sql(`
    SELECT room_members.user_id, role, room_members.name_key, ifnull(display_name, '') AS display_name,
      ifnull(name, room_members.user_name) AS name, ifnull(until_ms, 0) AS muted_until_ms
    FROM room_members LEFT JOIN accounts ON accounts.id = room_members.user_id
    LEFT JOIN sanctions ON sanctions.room_id = room_members.room_id
      AND sanctions.user_id = room_members.user_id AND sanctions.kind = 'mute'
    WHERE room_members.room_id = ? AND role <> 'none' AND room_members.name_key > ?
    ORDER BY room_members.name_key LIMIT ?`);
  const count = sql("SELECT member_count FROM rooms WHERE id = ? AND deleted = 0");

  return {
    setMember: writes((request) => {
      const { roomId, userId, mutedUntilMs, bannedUntilMs, reason = "", by = "", userName = "" } = request;
      if (!members.canHave(roomId, userId)) return undefined;
      members.change(request);
      sanctions.set({ roomId, userId, mutedUntilMs, bannedUntilMs, reason, by, userName });
      audit.write(request.audit);
      return undefined;
    }),
    listMembers: reads(({ roomId, afterKey, limit }) => {
      const room = count.get(roomId);
      if (room === undefined) return { members: [], total: 0 };
      const page = list.all(roomId, afterKey, limit).map((row) => ({
        userId: Number(row.user_id),
        name: String(row.name),
        nameKey: String(row.name_key),
        displayName: String(row.display_name),
        role: roleOf(row.role),
        mutedUntilMs: Number(row.muted_until_ms),
      }));
      return { members: page, total: Number(room.member_count) };
    }),
    markRead: writes(({ roomId, userId, offset }) => members.markRead(roomId, userId, offset)),
  };
}
