import type { RoomId } from "../../names.ts";
import type { Sql } from "./lazy-statement.ts";
import { searchRowid } from "./search-index.ts";
import { BLOCK_SIZE, searchBlock, searchExpression } from "./search-words.ts";

/** Messages that one search looks through at most, the newest of each room first. */
const MESSAGE_LIMIT = 1_048_576;
/** A block counts as so many at least: finding nothing has its price too. */
const LEAST_COST = 1024;

const OFFSET_MASK = 2 ** 33 - 1;

export interface FoundMessage {
  readonly roomId: RoomId;
  readonly offset: number;
  readonly timeMs: number;
}

/** What is looked for; `before`: only offsets below it, 0: all. */
export interface WantedMessages {
  readonly words: readonly string[];
  readonly before: number;
  readonly limit: number;
}

interface Effort {
  left: number;
}

/** Finds messages in the search index; those that were changed and not yet indexed again are left out. */
export class MessageFinder {
  readonly #inBlock;
  readonly #firstOffset;
  readonly #last;
  readonly #timeOf;

  constructor(sql: Sql) {
    this.#inBlock = sql(`
      SELECT search.rowid & ${OFFSET_MASK} AS offset FROM search
      WHERE search MATCH ? AND search.rowid < ? AND NOT EXISTS (
        SELECT 1 FROM search_queue WHERE search_queue.room_id = search.rowid >> 33
          AND search_queue.offset = search.rowid & ${OFFSET_MASK})
      ORDER BY search.rowid DESC LIMIT ?`);
    this.#firstOffset = sql("SELECT min(offset) AS offset FROM messages WHERE room_id = ?");
    this.#last = sql("SELECT offset, time_ms FROM messages WHERE room_id = ? ORDER BY offset DESC LIMIT 1");
    this.#timeOf = sql("SELECT time_ms FROM messages WHERE room_id = ? AND offset = ?");
  }

  /** Of one room, the newest first. */
  inRoom(roomId: RoomId, wanted: WantedMessages): FoundMessage[] {
    return this.#inRoom(roomId, wanted, { left: MESSAGE_LIMIT });
  }

  /**
   * Of all these rooms, the newest first. The latest active rooms are searched first, until all that is
   * found is newer than what a further room has.
   */
  inRooms(roomIds: ReadonlySet<RoomId>, wanted: WantedMessages): FoundMessage[] {
    const { limit } = wanted;
    const effort = { left: MESSAGE_LIMIT };
    const rooms = [...roomIds]
      .map((roomId) => ({ roomId, timeMs: Number(this.#last.get(roomId)?.time_ms ?? 0) }))
      .sort((one, other) => other.timeMs - one.timeMs);
    let found: FoundMessage[] = [];
    for (const { roomId, timeMs } of rooms) {
      const oldest = found[limit - 1];
      if (effort.left <= 0 || (oldest !== undefined && oldest.timeMs > timeMs)) break;
      found = [...found, ...this.#inRoom(roomId, wanted, effort)].sort(newestFirst).slice(0, limit);
    }
    return found;
  }

  #inRoom(roomId: RoomId, { words, before, limit }: WantedMessages, effort: Effort): FoundMessage[] {
    const first = Number(this.#firstOffset.get(roomId)?.offset ?? 0);
    const last = Number(this.#last.get(roomId)?.offset ?? 0);
    const end = before === 0 ? last + 1 : Math.min(before, last + 1);
    const found: FoundMessage[] = [];
    if (first === 0 || end <= first) return found;
    for (let block = searchBlock(end - 1); block >= searchBlock(first); block--) {
      if (found.length >= limit || effort.left <= 0) break;
      const blockEnd = Math.min(end, (block + 1) * BLOCK_SIZE);
      effort.left -= Math.max(LEAST_COST, blockEnd - Math.max(first, block * BLOCK_SIZE));
      const expression = searchExpression(roomId, block, words);
      const rows = this.#inBlock.all(expression, searchRowid(roomId, end), limit - found.length);
      for (const row of rows) found.push(this.#found(roomId, Number(row.offset)));
    }
    return found;
  }

  #found(roomId: RoomId, offset: number): FoundMessage {
    return { roomId, offset, timeMs: Number(this.#timeOf.get(roomId, offset)?.time_ms ?? 0) };
  }
}

function newestFirst(one: FoundMessage, other: FoundMessage): number {
  return other.timeMs - one.timeMs || other.roomId - one.roomId || other.offset - one.offset;
}
