import type { RoomId, UserId } from "../../names.ts";
import type { Sql } from "./lazy-statement.ts";

/** What is counted up to. */
const UNREAD_LIMIT = 999;
/** Newest entries that are looked at, so that a log of reactions or of one's own words costs no more. */
const SCAN_LIMIT = 4096;

export interface UnreadCounts {
  readonly unreadCount: number;
  readonly mentionCount: number;
}

/** Counts the text messages of others behind a read marker. */
export function unreadCounter(
  sql: Sql,
): (roomId: RoomId, userId: UserId, readOffset: number, lastOffset: number) => UnreadCounts {
  const unread = sql(`
    SELECT count(*) AS count FROM (
      SELECT 1 FROM messages
      WHERE room_id = ? AND offset > ? AND kind = 0 AND deleted = 0 AND sender_id <> ? LIMIT ${UNREAD_LIMIT})`);
  const mentions = sql(`
    SELECT count(*) AS count FROM (
      SELECT 1 FROM mentions WHERE user_id = ? AND room_id = ? AND offset > ? LIMIT ${UNREAD_LIMIT})`);
  return (roomId, userId, readOffset, lastOffset) => {
    if (readOffset >= lastOffset) return { unreadCount: 0, mentionCount: 0 };
    const after = Math.max(readOffset, lastOffset - SCAN_LIMIT);
    return {
      unreadCount: Number(unread.get(roomId, after, userId)?.count),
      mentionCount: Number(mentions.get(userId, roomId, readOffset)?.count),
    };
  };
}
