import type { RoomId, UserId } from "../../names.ts";
import type { SearchHit, StoreRequests } from "../store.ts";
import { CONVERSATION_NAME } from "./conversation-name.ts";
import { type RequestHandlers, type Tables, writes } from "./request-handlers.ts";
import { type FoundMessage, MessageFinder } from "./message-finder.ts";
import { queryWords } from "./search-words.ts";

/** New messages that are indexed before a search answers; what is behind that is found a little later. */
const INDEX_FIRST = 1000;

type SearchRequest = StoreRequests["search"]["request"];

export function searchRequests(tables: Tables): RequestHandlers<"search"> {
  const { sql, heads, index, messages } = tables;
  const finder = new MessageFinder(sql);
  const mayRead = `role <> 'none' AND NOT EXISTS (
    SELECT 1 FROM sanctions WHERE sanctions.room_id = room_members.room_id
      AND sanctions.user_id = room_members.user_id AND sanctions.kind = 'ban')`;
  const isMember = sql(`SELECT 1 FROM room_members WHERE room_id = ? AND user_id = ? AND ${mayRead}`);
  const roomsOf = sql(`SELECT room_id FROM room_members WHERE user_id = ? AND ${mayRead}`);
  const nameOf = sql(`
    SELECT iif(kind = 'direct', ${CONVERSATION_NAME}, name) AS name
    FROM rooms JOIN (SELECT ? AS room_id, ? AS user_id) AS own ON own.room_id = rooms.id`);

  const readableRooms = ({ userId, roomIds }: SearchRequest): Set<RoomId> => {
    const all = [...roomIds, ...roomsOf.all(userId).map((row) => Number(row.room_id))];
    return new Set(all.filter((roomId) => heads.of(roomId) !== undefined));
  };

  const hitsOf = (found: readonly FoundMessage[], userId: UserId): SearchHit[] => {
    const names = new Map<RoomId, string>();
    return found.flatMap(({ roomId, offset }) => {
      const room = names.get(roomId) ?? String(nameOf.get(roomId, userId)?.name);
      names.set(roomId, room);
      const message = messages.one(roomId, offset, userId);
      return message === undefined ? [] : { roomId, room, message };
    });
  };

  const searchRoom = (request: SearchRequest): readonly FoundMessage[] | undefined => {
    const { userId, roomIds, roomId, query, before, limit } = request;
    if (!roomIds.includes(roomId) && isMember.get(roomId, userId) === undefined) return undefined;
    const words = queryWords(query);
    if (words.length === 0 || heads.of(roomId) === undefined) return [];
    index.workOn(roomId, INDEX_FIRST);
    return finder.inRoom(roomId, { words, before, limit });
  };

  const searchRooms = (request: SearchRequest): readonly FoundMessage[] => {
    const { query, before, limit } = request;
    const words = queryWords(query);
    if (words.length === 0) return [];
    index.work(INDEX_FIRST);
    return finder.inRooms(readableRooms(request), { words, before, limit });
  };

  return {
    search: writes((request) => {
      const found = request.roomId === 0 ? searchRooms(request) : searchRoom(request);
      return found === undefined ? undefined : hitsOf(found, request.userId);
    }),
  };
}
