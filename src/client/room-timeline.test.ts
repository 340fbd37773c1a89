import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../base/random.ts";
import { type EntryKind, type LogEntry, newEntry } from "./log-entry.ts";
import { RoomTimeline, type ShownMessage } from "./room-timeline.ts";

function entry(offset: number, kind: EntryKind, text: string, target = 0, sender = "jun"): LogEntry {
  return newEntry({ offset, timeMs: offset * 10, sender, text, kind, target, replyTo: 0 });
}

function linesOf(timeline: RoomTimeline): string[] {
  return timeline.messages.map(line);
}

function line({ offset, text, editedMs, isDeleted, reactions }: ShownMessage): string {
  const counts = reactions.map(({ reaction, count, isMine }) => `${reaction}${count}${isMine ? "*" : ""}`);
  return [offset, isDeleted ? "(deleted)" : text, editedMs, ...counts].join(" ");
}

describe("a room's timeline", () => {
  it("shows messages with what was done to them", () => {
    const timeline = new RoomTimeline({ userName: "mina" });
    timeline.apply(entry(1, "text", "helo"));
    timeline.apply(entry(2, "text", "oops"));
    const before = timeline.find(2);
    assert.equal(timeline.apply(entry(3, "edit", "hello", 1)), true);
    timeline.apply(entry(4, "reaction", "+", 1));
    timeline.apply(entry(5, "reaction", "+", 1, "mina"));
    timeline.apply(entry(6, "reaction", "+", 1, "mina"));
    assert.equal(timeline.find(2), before);
    timeline.apply(entry(7, "delete", "", 2));
    assert.deepEqual(linesOf(timeline), ["1 hello 30 +2*", "2 (deleted) 0"]);
    timeline.apply(entry(8, "reactionRemoved", "+", 1, "mina"));
    assert.deepEqual(linesOf(timeline), ["1 hello 30 +1", "2 (deleted) 0"]);
    assert.equal(timeline.apply(entry(9, "edit", "?", 77)), false);
  });

  it("forgets either end, and takes it again with a page", () => {
    const timeline = new RoomTimeline({ userName: "mina" });
    for (let offset = 1; offset <= 6; offset++) timeline.apply(entry(offset, "text", `m${offset}`));
    timeline.apply(entry(7, "edit", "new", 2));
    timeline.forgetBefore(3);
    timeline.forgetAfter(5);
    const offsets = (): number[] => timeline.messages.map(({ offset }) => offset);
    assert.deepEqual(offsets(), [3, 4, 5]);
    assert.equal(timeline.find(2), undefined);
    timeline.apply({ ...entry(2, "text", "new"), editedMs: 70, asOf: 7 });
    timeline.apply(entry(6, "text", "m6"));
    assert.deepEqual(offsets(), [2, 3, 4, 5, 6]);
    assert.equal(timeline.find(2)?.text, "new");
    timeline.forgetBefore(100);
    assert.deepEqual(offsets(), []);
    timeline.forgetAfter(0);
    timeline.apply(entry(8, "text", "m8"));
    timeline.forgetAfter(7);
    assert.deepEqual(offsets(), []);
  });

  it("keeps the newest, and takes no older page than fits", () => {
    const timeline = new RoomTimeline({ userName: "mina", limit: 3 });
    for (const offset of [5, 7, 6, 8]) timeline.apply(entry(offset, "text", `m${offset}`));
    assert.equal(timeline.apply(entry(4, "text", "m4")), false);
    assert.deepEqual(linesOf(timeline), ["6 m6 0", "7 m7 0", "8 m8 0"]);
    timeline.clear();
    assert.deepEqual(linesOf(timeline), []);
  });

  it("takes events as they are told", () => {
    const timeline = new RoomTimeline({ userName: "mina" });
    timeline.apply(entry(1, "text", "one"));
    const place = { roomId: 1, room: "lobby", direct: false, isOwn: false, isMissed: false };
    const change = { ...place, offset: 2, timeMs: 20, sender: "jun", target: 1 };
    timeline.applyEvent({ type: "edited", text: "uno", mentionsMe: false, ...change });
    timeline.applyEvent({ type: "reaction", reaction: "+", added: true, ...change, offset: 3 });
    assert.deepEqual(linesOf(timeline), ["1 uno 20 +1"]);
    timeline.applyEvent({ type: "deleted", ...change, offset: 4 });
    assert.deepEqual(linesOf(timeline), ["1 (deleted) 20"]);
  });

  it("is the same whatever the order of pages and live entries (300 seeds)", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new SeededRandom(seed);
      const log = randomLog(random);
      const live = new RoomTimeline({ userName: "mina" });
      for (const each of log) live.apply(each);
      const mixed = new RoomTimeline({ userName: "mina" });
      const parts: LogEntry[][] = [];
      for (let at = 0; at < log.length;) {
        const end = Math.min(at + 1 + random.below(5), log.length);
        const asOf = end + random.below(log.length - end + 1);
        parts.push(random.chance(0.5) ? log.slice(at, end) : pageOf(log, at, end, asOf));
        at = end;
      }
      while (parts.length > 0) {
        const part = parts.splice(random.below(parts.length), 1)[0] ?? [];
        mixed.applyPage(part);
        if (random.chance(0.2)) mixed.applyPage(part);
      }
      const sorted = (timeline: RoomTimeline): string[] =>
        timeline.messages.map((message) =>
          line({
            ...message,
            reactions: message.reactions.toSorted((a, b) => (a.reaction < b.reaction ? -1 : 1)),
          }),
        );
      assert.deepEqual(sorted(mixed), sorted(live), `seed ${seed}`);
    }
  });
});

/** A log in which each reaction changes something. */
function randomLog(random: SeededRandom): LogEntry[] {
  const log = [entry(1, "text", "m1")];
  const isOn = new Map<string, boolean>();
  for (let offset = 2; offset <= 40; offset++) {
    const targets = log.filter(({ kind }) => kind === "text");
    const target = targets[random.below(targets.length)]?.offset ?? 1;
    const sender = ["mina", "jun", "sora"][random.below(3)] ?? "";
    const dice = random.next();
    if (dice < 0.4) log.push(entry(offset, "text", `m${offset}`, 0, sender));
    else if (dice < 0.55) log.push(entry(offset, "edit", `edit ${offset}`, target, sender));
    else if (dice < 0.6) log.push(entry(offset, "delete", "", target, sender));
    else {
      const reaction = random.chance(0.5) ? "+" : "-";
      const key = `${sender} ${reaction} ${target}`;
      const wasOn = isOn.get(key) ?? false;
      isOn.set(key, !wasOn);
      log.push(entry(offset, wasOn ? "reactionRemoved" : "reaction", reaction, target, sender));
    }
  }
  return log;
}

/** Entries [at, end) as history shows them when `asOf` is the newest. */
function pageOf(log: readonly LogEntry[], at: number, end: number, asOf: number): LogEntry[] {
  const then = new RoomTimeline({ userName: "mina" });
  then.applyPage(log.slice(0, asOf));
  return log.slice(at, end).map((each) => {
    const shown = each.kind === "text" ? then.find(each.offset) : undefined;
    return { ...each, ...shown, asOf };
  });
}
