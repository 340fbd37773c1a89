import { varintSize } from "../../protocol/varint.ts";
import { utf8Size } from "../../protocol/utf8.ts";
import type { RoomEvent } from "../hub/event.ts";
import type { RoomId } from "../names.ts";

/** What a run is encoded from: its events, comings and goings merged. Each is one packet. */
export type RunEntry = Exclude<RoomEvent, { readonly type: "userJoined" | "userLeft" }> | Presence;

/** Users whose first sessions came, or whose last sessions left. */
export interface Presence {
  readonly type: "usersJoined" | "usersLeft";
  readonly roomId: RoomId;
  readonly names: readonly string[];
}

/** A notice's header and its room id, at most. */
const NOTICE_BYTES = 4 + 6;

/**
 * The entries of a run. All who came become one entry, at the place of the first, so that each is there
 * before what it says; all who left another, at the place of the last, so that each is there until then.
 * Who came and left again, or left and came back, is in neither: nothing changed, and so the two have no
 * name in common and their order says nothing. Of member counts the last is kept. Names that would not
 * fit in one packet of `packetLimitBytes` become several entries.
 */
export function entriesOf(events: readonly RoomEvent[], packetLimitBytes: number): readonly RunEntry[] {
  if (events.every(isEntry)) return events;
  const changes = new Map<string, "userJoined" | "userLeft">();
  let firstCame = -1;
  let lastWent = -1;
  let lastCount = -1;
  for (const [index, event] of events.entries()) {
    if (event.type === "memberCount") lastCount = index;
    if (event.type !== "userJoined" && event.type !== "userLeft") continue;
    if (event.type === "userLeft") lastWent = index;
    else if (firstCame < 0) firstCame = index;
    const before = changes.get(event.name);
    if (before === undefined) changes.set(event.name, event.type);
    else if (before !== event.type) changes.delete(event.name);
  }
  const came: string[] = [];
  const went: string[] = [];
  for (const [name, type] of changes) (type === "userJoined" ? came : went).push(name);
  const entries: RunEntry[] = [];
  for (const [index, event] of events.entries()) {
    if (index === firstCame) addPresence(entries, "usersJoined", event.roomId, came, packetLimitBytes);
    if (index === lastWent) addPresence(entries, "usersLeft", event.roomId, went, packetLimitBytes);
    if (event.type === "userJoined" || event.type === "userLeft") continue;
    if (event.type !== "memberCount" || index === lastCount) entries.push(event);
  }
  return entries;
}

/** True for what stays as it is. */
function isEntry(event: RoomEvent): event is RoomEvent & RunEntry {
  return event.type !== "userJoined" && event.type !== "userLeft" && event.type !== "memberCount";
}

function addPresence(
  entries: RunEntry[],
  type: Presence["type"],
  roomId: RoomId,
  names: readonly string[],
  packetLimitBytes: number,
): void {
  let from = 0;
  let size = NOTICE_BYTES;
  for (const [index, name] of names.entries()) {
    const nameBytes = utf8Size(name);
    const itemBytes = 1 + varintSize(nameBytes) + nameBytes;
    if (size + itemBytes > packetLimitBytes && index > from) {
      entries.push({ type, roomId, names: names.slice(from, index) });
      from = index;
      size = NOTICE_BYTES;
    }
    size += itemBytes;
  }
  if (from < names.length) entries.push({ type, roomId, names: names.slice(from) });
}
