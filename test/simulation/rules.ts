import type { MemoryDisk } from "../../src/chat/store/memory-disk.ts";
import type { StoredMessage } from "../../src/chat/store/store.ts";
import { ROOMS } from "./chat-simulation.ts";
import { firstText, type SimulatedUser } from "./simulated-user.ts";
import type { Breach } from "./wiretap.ts";

export interface Evidence {
  readonly disk: MemoryDisk;
  readonly users: readonly SimulatedUser[];
  readonly gone: readonly SimulatedUser[];
  readonly breach: Breach;
}

/** Compares what everybody was told with what is on the disk, when all is quiet (docs/ARCHITECTURE.md). */
export function checkRules(evidence: Evidence): void {
  for (const { name, kind } of ROOMS) if (kind === "logged") checkLog(evidence, name);
  checkLog(evidence, PRIVATE_ROOM);
  checkAcknowledged(evidence);
  checkHeard(evidence);
  checkTimelines(evidence);
  checkPrivate(evidence);
  checkWhispers(evidence);
}

/** Of a user's room that only the invited may know of. */
export const PRIVATE_ROOM = "den";

function logOf(disk: MemoryDisk, room: string): readonly StoredMessage[] {
  const found = disk.findRoom(room);
  return found === undefined ? [] : disk.log(found.id);
}

/** The log shows a message as it became. */
function isSame(
  heard: { readonly kind: string; readonly text: string },
  entry: StoredMessage | undefined,
): boolean {
  if (entry === undefined || entry.kind !== heard.kind) return false;
  if (entry.deleted || (entry.kind !== "text" && entry.text === "")) return true; // erased
  return firstText(heard.text) === firstText(entry.text);
}

/** Why an entry that somebody was told of is not what the log has there; empty: it is. */
export function logMismatch(
  heard: { readonly kind: string; readonly text: string },
  entry: StoredMessage | undefined,
): string {
  if (isSame(heard, entry)) return "";
  return `${heard.kind} "${shorten(heard.text)}", where the log has ${entry?.kind} "${shorten(entry?.text ?? "")}"`;
}

function shorten(text: string): string {
  return text.slice(0, 40);
}

/** Rule 3 on the disk: no text twice; rule 1: offsets without gaps. */
function checkLog({ disk, breach }: Evidence, room: string): void {
  const seen = new Set<string>();
  for (const [index, { offset, kind, text }] of logOf(disk, room).entries()) {
    if (offset !== index + 1) breach(1, `${room} has offset ${offset} at place ${index + 1}`);
    if (kind !== "text" || text === "") continue;
    if (seen.has(text)) breach(3, `"${shorten(text)}" is in ${room} twice`);
    seen.add(text);
  }
}

/** Rule 2: what was acknowledged is in the log at the offset that was told. */
function checkAcknowledged({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const said of user.acknowledged) {
      const { room, offset, text, kind } = said;
      if (ROOMS.find(({ name }) => name === room)?.kind === "memory") continue;
      if (offset === 0 && kind.startsWith("reaction")) continue; // it changed nothing
      if (!isSame(said, logOf(disk, room)[offset - 1])) {
        breach(
          2,
          `${user.name}'s ${kind} "${shorten(text)}" was acknowledged at ${offset} of ${room} and is not there`,
        );
      }
    }
  }
}

/** Rules 1 and 8: what was told of a logged room is its log; of a memory room, nothing twice. */
function checkHeard({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const [name, { segments }] of user.records) {
      const isMemory = ROOMS.find((room) => room.name === name)?.kind === "memory";
      const log = logOf(disk, name);
      for (const heard of isMemory ? [] : segments.flat()) {
        if (isSame(heard, log[heard.offset - 1])) continue;
        const there = log[heard.offset - 1];
        breach(
          1,
          `${user.name} heard ${heard.kind} "${shorten(heard.text)}" at ${heard.offset} of ${name}, where the log has ${there?.kind} "${shorten(there?.text ?? "")}"`,
        );
      }
      // A memory room forgets when the server does: what was not acknowledged is said again in the new one.
      for (const life of isMemory ? segments : [segments.flat()]) {
        const offsets = life.map(({ offset }) => offset);
        if (new Set(offsets).size !== offsets.length)
          breach(8, `${user.name} heard something of ${name} twice`);
      }
    }
  }
  for (const user of users) {
    const last = user.records.get("lobby")?.segments.at(-1)?.at(-1);
    if (last?.offset !== logOf(disk, "lobby").length)
      breach(8, `${user.name} has not heard all of the lobby`);
  }
}

/** History and live agree: what the told entries make of each message is what the log shows. */
function checkTimelines({ disk, users, breach }: Evidence): void {
  for (const user of users) {
    for (const [name, { segments, timeline }] of user.records) {
      if (ROOMS.find((room) => room.name === name)?.kind === "memory") continue;
      const found = disk.findRoom(name);
      const account = disk.findAccount(user.name);
      // Who left, or was out when something changed, has an old picture, and knows it.
      const heardAll = segments.at(-1)?.at(-1)?.offset === found?.lastOffset;
      if (found === undefined || account === undefined || !heardAll) continue;
      const log = disk.log(found.id, account.id);
      for (const { offset, text, isDeleted, reactions } of timeline.messages) {
        const entry = log[offset - 1];
        const shown = JSON.stringify([
          text,
          isDeleted,
          sorted(reactions.map(({ reaction, count, isMine }) => [reaction, count, isMine])),
        ]);
        const stored = JSON.stringify([
          entry?.text,
          entry?.deleted,
          sorted(entry?.reactions.map(({ reaction, count, mine }) => [reaction, count, mine]) ?? []),
        ]);
        if (shown !== stored)
          breach(8, `${user.name} sees ${offset} of ${name} as ${shown}; the log has ${stored}`);
      }
    }
  }
}

function sorted(items: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return items.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

/** Rule 4: nobody heard of the private room who was not let in. */
function checkPrivate({ disk, users, gone, breach }: Evidence): void {
  const found = disk.findRoom(PRIVATE_ROOM);
  if (found === undefined) return;
  for (const user of [...users, ...gone]) {
    const account = disk.findAccount(user.name);
    const isKnown = found.roster.some(({ userId }) => userId === account?.id);
    const heard = user.records.get(PRIVATE_ROOM)?.segments.flat().length ?? 0;
    if (!isKnown && heard > 0) breach(4, `${user.name} heard the private room without having been invited`);
  }
}

/** Rules 2, 3 and 8 for whispers: in the log once, and heard once by who is there at the end. */
function checkWhispers({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const { to, text, offset } of user.whispersAcknowledged) {
      const ids = [disk.findAccount(user.name)?.id ?? 0, disk.findAccount(to)?.id ?? 0].toSorted(
        (a, b) => a - b,
      );
      const texts = logOf(disk, `@${ids[0]}:${ids[1]}`).map((entry) => entry.text);
      if (texts[offset - 1] !== text)
        breach(2, `${user.name}'s whisper "${shorten(text)}" was acknowledged and is not there`);
      if (texts.filter((other) => other === text).length !== 1)
        breach(3, `the whisper "${shorten(text)}" is there twice`);
      const addressee = users.find(({ name }) => name === to);
      if (addressee !== undefined && !addressee.whispersHeard.includes(text))
        breach(8, `${to} never heard the whisper "${shorten(text)}"`);
    }
    if (new Set(user.whispersHeard).size !== user.whispersHeard.length)
      breach(3, `${user.name} heard a whisper twice`);
  }
}
