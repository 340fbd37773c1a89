import { PacketType } from "../protocol/codes.ts";
import type { RoomMessage } from "./client-events.ts";
import type { Conversations } from "./conversations.ts";
import { roomMessage } from "./entry-events.ts";
import { entryOf } from "./log-entry.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import { RoomsApi } from "./rooms-api.ts";

/** Which part of a room's log: one of `after`, `before`, `around` and `fromTimeMs`, or none for the newest. */
export interface HistoryOptions extends RequestOptions {
  /** Entries after this offset. */
  readonly after?: number;
  /** Entries before this offset. */
  readonly before?: number;
  /** Entries around this offset, it included. */
  readonly around?: number;
  /** Entries from this time on, milliseconds since 1970-01-01 UTC. */
  readonly fromTimeMs?: number;
  /** 1 … 200, default 50. Fewer come when more would not fit into a packet. */
  readonly limit?: number;
}

export interface SearchOptions extends RequestOptions {
  /** Default: everywhere that the user may read. */
  readonly roomId?: number;
  /** Only messages before this offset; with a room only. */
  readonly before?: number;
  /** 1 … 100, default 20. */
  readonly limit?: number;
}

/** A part of a log; `more`: there are others further in the direction asked for (around: after these). */
export interface MessagePage {
  readonly messages: readonly RoomMessage[];
  readonly more: boolean;
}

/** What was said: a part of ChatClient. Rooms and direct conversations alike, by their room id. */
export abstract class ReadingApi extends RoomsApi {
  protected abstract readonly conversations: Conversations;

  /**
   * A page of a room's log, oldest first: messages as they are now, and between them the edits, deletions
   * and reactions at their own offsets. RoomTimeline puts pages and events together.
   */
  history(roomId: number, options: HistoryOptions = {}): Promise<MessagePage> {
    const { after, around, fromTimeMs, limit = 0 } = options;
    const { name, newest } = this.#room(roomId);
    const before = options.before ?? (newest ?? Number.MAX_SAFE_INTEGER - 1) + 1;
    const range =
      around !== undefined
        ? { around }
        : fromTimeMs !== undefined
          ? { fromTimeMs }
          : after !== undefined
            ? { after }
            : { before };
    return this.ask(PacketType.HISTORY_REQUEST, { roomId, ...range, limit }, options, (page) => {
      const entries = page.messages.map(entryOf);
      const messages = entries.map((entry) => roomMessage(roomId, name, entry, this.directory.userName));
      return { messages, more: page.more };
    });
  }

  /** Messages that have all the words, by their beginnings; the newest first. Query: 1 … 256 bytes. */
  search(query: string, options: SearchOptions = {}): Promise<MessagePage> {
    const { roomId = 0, before = 0, limit = 0 } = options;
    return this.ask(PacketType.SEARCH_REQUEST, { query, roomId, before, limit }, options, (found) => ({
      messages: found.hits.flatMap(({ room, message }) => {
        if (message === undefined) return [];
        const entry = entryOf(message);
        return [roomMessage(message.roomId, room, entry, this.directory.userName)];
      }),
      more: found.more,
    }));
  }

  /** The user has read the room up to here; the user's other sessions are told. It never goes back. Accounts only. */
  markRead(roomId: number, offset: number, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.MARK_READ_REQUEST, { roomId, offset }, options, () => {});
  }

  #room(roomId: number): { readonly name: string; readonly newest: number | undefined } {
    const info = this.directory.find(roomId)?.info;
    return {
      name: info?.name ?? this.conversations.peerOf(roomId) ?? "",
      newest: info?.lastOffset ?? this.conversations.lastOffsetOf(roomId),
    };
  }
}
