import type { RoomId } from "../../names.ts";
import { reads, type RequestHandlers, type Tables } from "./request-handlers.ts";

type HistoryRequestName = "historyAfter" | "historyBefore" | "offsetAtTime";

export function historyRequests({ sql, messages }: Tables): RequestHandlers<HistoryRequestName> {
  const ends = sql(`
    SELECT min(offset) AS first_offset FROM messages WHERE room_id = ?1
      AND EXISTS (SELECT 1 FROM rooms WHERE id = ?1 AND deleted = 0)`);
  const last = sql("SELECT max(offset) AS last_offset FROM messages WHERE room_id = ?");
  const timeOf = sql("SELECT time_ms FROM messages WHERE room_id = ? AND offset = ?");

  /** Halves the log: times rise with offsets, or nearly so, when the server's clock was set back. */
  const offsetAtTime = (roomId: RoomId, timeMs: number): number => {
    const firstOffset = ends.get(roomId)?.first_offset;
    if (firstOffset === undefined || firstOffset === null) return 1;
    let low = Number(firstOffset);
    let high = Number(last.get(roomId)?.last_offset) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (Number(timeOf.get(roomId, middle)?.time_ms) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    historyAfter: reads(({ roomId, after, limit, userId }) => messages.after(roomId, after, limit, userId)),
    historyBefore: reads(({ roomId, before, limit, userId }) =>
      messages.before(roomId, before, limit, userId),
    ),
    offsetAtTime: reads(({ roomId, timeMs }) => offsetAtTime(roomId, timeMs)),
  };
}
