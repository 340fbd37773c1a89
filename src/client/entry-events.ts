import { mentionedKeys } from "../protocol/mentions.ts";
import { nameKey } from "../protocol/names.ts";
import type { RoomMessage, Told } from "./client-events.ts";
import type { EventHub } from "./event-hub.ts";
import type { LogEntry } from "./log-entry.ts";

/** Where an entry is. `room`: a direct conversation's is the other user's name. */
export interface EntryPlace {
  readonly roomId: number;
  readonly room: string;
  readonly direct: boolean;
}

/** An entry as history and searches show it. */
export function roomMessage(roomId: number, room: string, entry: LogEntry, userName: string): RoomMessage {
  return { roomId, room, ...entry, mentionsMe: mentions(entry, userName) };
}

/** Tells an entry as the event that its kind is. */
export function emitEntry(
  events: EventHub,
  place: EntryPlace,
  entry: LogEntry,
  told: Told,
  userName: string,
): void {
  const { roomId, room, direct } = place;
  const { kind, offset, timeMs, sender, target, text } = entry;
  const change = { roomId, room, direct, offset, timeMs, sender, target, ...told };
  switch (kind) {
    case "text": {
      const message = { ...roomMessage(roomId, room, entry, userName), ...told };
      if (!direct) events.emit({ type: "message", ...message });
      else {
        const to = sender === userName ? room : userName;
        events.emit({ type: "whisper", peer: room, from: sender, to, ...message });
      }
      break;
    }
    case "edit":
      events.emit({ type: "edited", text, mentionsMe: mentions(entry, userName), ...change });
      break;
    case "delete":
      events.emit({ type: "deleted", ...change });
      break;
    case "reaction":
    case "reactionRemoved":
      events.emit({ type: "reaction", reaction: text, added: kind === "reaction", ...change });
      break;
  }
}

function mentions({ kind, sender, text }: LogEntry, userName: string): boolean {
  if ((kind !== "text" && kind !== "edit") || sender === userName) return false;
  return mentionedKeys(text).includes(nameKey(userName));
}
