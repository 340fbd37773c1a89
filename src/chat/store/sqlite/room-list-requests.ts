import type { UserId } from "../../names.ts";
import type { RoomSummary } from "../store.ts";
import { CONVERSATION_NAME } from "./conversation-name.ts";
import type { Row } from "./lazy-statement.ts";
import { reads, type RequestHandlers, type Tables } from "./request-handlers.ts";
import { accessOf, roleOf } from "./room-table.ts";
import { unreadCounter } from "./unread-counter.ts";

type RoomListRequestName = "listOpenRooms" | "listRoomsOf" | "listConversations";

/** Behind every name that begins so: the last of all characters. */
const LAST_CHARACTER = "\u{10ffff}";

const ROOM = `rooms.id, rooms.kind, rooms.access, rooms.topic, rooms.archived, rooms.epoch,
  ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS last_offset,
  ifnull((SELECT time_ms FROM messages WHERE room_id = rooms.id ORDER BY offset DESC LIMIT 1), 0) AS last_time_ms`;

export function roomListRequests({ sql }: Tables): RequestHandlers<RoomListRequestName> {
  const open = sql(`
    SELECT ${ROOM}, name, 'none' AS role, 0 AS read_offset FROM rooms
    WHERE kind = 'logged' AND access <> 'private' AND deleted = 0
      AND name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT ?4`);
  // CROSS: the user's rooms first, whatever the planner believes about their number.
  const ofUser = sql(`
    SELECT ${ROOM}, name, role, read_offset
    FROM room_members CROSS JOIN rooms ON rooms.id = room_members.room_id
    WHERE user_id = ? AND active_ms = 0 AND role <> 'none' AND kind = 'logged' AND deleted = 0 AND name > ?
    ORDER BY name LIMIT ?`);
  const conversations = sql(`
    SELECT ${ROOM}, own.role, own.read_offset, own.active_ms, ${CONVERSATION_NAME} AS name
    FROM room_members AS own CROSS JOIN rooms ON rooms.id = own.room_id
    WHERE own.user_id = ?1 AND own.active_ms > 0 AND (own.active_ms, own.room_id) < (?2, ?3) AND deleted = 0
    ORDER BY own.active_ms DESC, own.room_id DESC LIMIT ?4`);
  const countUnread = unreadCounter(sql);

  const summarize = (row: Row, userId: UserId, cursor: string): RoomSummary => ({
    id: Number(row.id),
    name: String(row.name),
    kind: row.kind === "direct" ? "direct" : "logged",
    access: accessOf(row.access),
    topic: String(row.topic),
    archived: row.archived === 1,
    epoch: String(row.epoch),
    role: roleOf(row.role),
    lastOffset: Number(row.last_offset),
    lastTimeMs: Number(row.last_time_ms),
    readOffset: Number(row.read_offset),
    ...countUnread(Number(row.id), userId, Number(row.read_offset), Number(row.last_offset)),
    cursor,
  });

  return {
    listOpenRooms: reads(({ prefix, after, limit }) =>
      open
        .all(prefix, prefix + LAST_CHARACTER, after, limit)
        .map((row) => ({ ...summarize(row, 0, String(row.name)), unreadCount: 0, mentionCount: 0 })),
    ),
    listRoomsOf: reads(({ userId, after, limit }) =>
      ofUser.all(userId, after, limit).map((row) => summarize(row, userId, String(row.name))),
    ),
    listConversations: reads(({ userId, after, limit }) => {
      const cursor = conversationCursor(after);
      if (cursor === undefined) return [];
      return conversations
        .all(userId, ...cursor, limit)
        .map((row) => summarize(row, userId, `${String(row.active_ms)}:${String(row.id)}`));
    }),
  };
}

/** Time and room of the last conversation of a page; undefined for what is no cursor. */
function conversationCursor(after: string): [number, number] | undefined {
  if (after === "") return [Number.MAX_SAFE_INTEGER, 0];
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(after);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}
