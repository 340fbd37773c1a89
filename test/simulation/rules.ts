import type { MemoryDisk } from "../../src/chat/store/memory-disk.ts";
import { ROOMS } from "./chat-simulation.ts";
import type { SimulatedUser } from "./simulated-user.ts";
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
  checkAcknowledged(evidence);
  checkHeard(evidence);
  checkWhispers(evidence);
}

function textsOf(disk: MemoryDisk, room: string): readonly string[] {
  const found = disk.findRoom(room);
  return found === undefined ? [] : disk.log(found.id).map(({ text }) => text);
}

/** Rule 3 on the disk: no text twice; rule 1: offsets without gaps. */
function checkLog({ disk, breach }: Evidence, room: string): void {
  const found = disk.findRoom(room);
  if (found === undefined) return;
  const seen = new Set<string>();
  for (const [index, { offset, text }] of disk.log(found.id).entries()) {
    if (offset !== index + 1) breach(1, `${room} has offset ${offset} at place ${index + 1}`);
    if (seen.has(text)) breach(3, `"${text.slice(0, 40)}" is in ${room} twice`);
    seen.add(text);
  }
}

/** Rule 2: what was acknowledged is in the log at the offset that was told. */
function checkAcknowledged({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const { room, text, offset } of user.acknowledged) {
      if (ROOMS.find(({ name }) => name === room)?.kind !== "logged") continue;
      if (textsOf(disk, room)[offset - 1] !== text) {
        breach(
          2,
          `${user.name}'s "${text.slice(0, 40)}" was acknowledged at ${offset} of ${room} and is not there`,
        );
      }
    }
  }
}

/** Rules 1 and 8: what was told of a logged room is its log; of a memory room, nothing twice. */
function checkHeard({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const { name, kind } of ROOMS) {
      const segments = user.records.get(name)?.segments ?? [];
      const texts = textsOf(disk, name);
      // A memory room forgets when the server does: what was not acknowledged is said again in the new one.
      const lives = kind === "memory" ? segments : [segments.flat()];
      const places = lives.flatMap((life, index) =>
        life.map((heard) => ({ ...heard, key: `${index} ${heard.text}` })),
      );
      const seen = new Set<string>();
      for (const { offset, text, key } of places) {
        if (kind === "logged" && texts[offset - 1] !== text) {
          breach(
            1,
            `${user.name} heard "${text.slice(0, 40)}" at ${offset} of ${name}, where the log has "${texts[offset - 1]?.slice(0, 40)}"`,
          );
        }
        if (seen.has(key)) breach(8, `${user.name} heard "${text.slice(0, 40)}" of ${name} twice`);
        seen.add(key);
      }
    }
  }
  for (const user of users) {
    const last = user.records.get("lobby")?.segments.at(-1)?.at(-1);
    if (last?.offset !== textsOf(disk, "lobby").length)
      breach(8, `${user.name} has not heard all of the lobby`);
  }
}

/** Rules 2 and 3 for whispers. */
function checkWhispers({ disk, users, gone, breach }: Evidence): void {
  for (const user of [...users, ...gone]) {
    for (const { to, text, offset } of user.whispersAcknowledged) {
      const ids = [disk.findAccount(user.name)?.id ?? 0, disk.findAccount(to)?.id ?? 0].toSorted(
        (a, b) => a - b,
      );
      const texts = textsOf(disk, `@${ids[0]}:${ids[1]}`);
      if (texts[offset - 1] !== text)
        breach(2, `${user.name}'s whisper "${text.slice(0, 40)}" was acknowledged and is not there`);
      if (texts.filter((other) => other === text).length !== 1)
        breach(3, `the whisper "${text.slice(0, 40)}" is there twice`);
    }
    if (new Set(user.whispersHeard).size !== user.whispersHeard.length)
      breach(3, `${user.name} heard a whisper twice`);
  }
}
