import { PacketType } from "../protocol/codes.ts";
import { ChatError } from "./chat-error.ts";
import { entryOf, type LogEntry } from "./log-entry.ts";
import type { RoomStream } from "./room-stream.ts";
import type { ServerLink } from "./server-link.ts";

/** Entries in one page of history; the most that the protocol allows. */
const PAGE_ENTRIES = 200;

/** Asks for the entries of a room after an offset. `answer` is called once, later. */
export function fetchPage(
  link: ServerLink,
  stream: RoomStream,
  after: number,
  timeoutMs: number,
  answer: (answer: readonly LogEntry[] | ChatError) => void,
): void {
  const fields = { roomId: stream.roomId, after, limit: PAGE_ENTRIES };
  link.request(PacketType.HISTORY_REQUEST, fields, timeoutMs, (page) => {
    answer(page instanceof ChatError ? page : page.messages.map(entryOf));
  });
}
