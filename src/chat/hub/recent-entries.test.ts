import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import * as fc from "fast-check";
import { OPEN_ROOM_SETTINGS } from "../store/open-room-settings.ts";
import type { MessageKind, StoredMessage } from "../store/store.ts";
import { historyMessage } from "./history-message.ts";
import { RecentEntries } from "./recent-entries.ts";
import { Room } from "./room.ts";

function room(id = 1, lastOffset = 0): Room {
  const settings = OPEN_ROOM_SETTINGS;
  const place = { firstOffset: Math.min(1, lastOffset), lastOffset };
  const identity = { id, name: `room ${id}`, kind: "logged", epoch: "e" } as const;
  return Room.logged({ ...identity, ...place, settings, roster: [], blockedBy: [] });
}

function entry(offset: number, text = `${offset}`, kind: MessageKind = "text", target = 0): StoredMessage {
  const identity = { offset, senderId: 1, senderName: "Ann", text, timeMs: offset };
  return {
    ...identity,
    kind,
    target,
    replyTo: 0,
    editedMs: 0,
    deleted: false,
    reactions: [],
    changedOffset: 0,
  };
}

/** Publishes the next entry of a room. */
function push(recent: RecentEntries, to: Room, text?: string, kind?: MessageKind, target?: number): void {
  const offset = to.lastOffset + 1;
  to.advanceTo(offset);
  recent.push(to.id, offset, entry(offset, text, kind, target));
}

function offsets(recent: RecentEntries, of: Room, start: number, end: number): number[] | undefined {
  return recent.range(of, start, end)?.map(({ offset }) => offset);
}

describe("the newest entries of a room", () => {
  it("are shown as they were written, as far as they are all here", () => {
    const [recent, red] = [new RecentEntries(), room()];
    assert.equal(offsets(recent, red, 1, 1), undefined);
    for (let count = 0; count < 3; count++) push(recent, red);
    assert.deepEqual(offsets(recent, red, 1, 3), [1, 2, 3]);
    assert.deepEqual(offsets(recent, red, 2, 2), [2]);
    assert.deepEqual(offsets(recent, red, -5, 2), [1, 2], "the log begins there");
    assert.equal(offsets(recent, red, 2, 4), undefined);
    assert.deepEqual(recent.range(red, 1, 1), [historyMessage(entry(1))]);
  });

  it("begin anew behind a gap, and say nothing of a room that went on without them", () => {
    const [recent, red] = [new RecentEntries(), room(1, 10)];
    push(recent, red);
    assert.deepEqual(offsets(recent, red, 11, 11), [11]);
    assert.equal(offsets(recent, red, 10, 11), undefined);
    red.advanceTo(12);
    assert.equal(offsets(recent, red, 11, 11), undefined);
    push(recent, red);
    assert.equal(offsets(recent, red, 12, 13), undefined);
    assert.deepEqual(offsets(recent, red, 13, 13), [13]);
  });

  it("are 128 at most, and bounded in text, in each room and in all", () => {
    const [recent, red] = [new RecentEntries(), room()];
    for (let count = 0; count < 300; count++) push(recent, red);
    assert.equal(offsets(recent, red, 173, 300)?.length, 128);
    assert.equal(offsets(recent, red, 172, 300), undefined);
    push(recent, red, "x".repeat(65_530));
    assert.deepEqual(offsets(recent, red, 300, 301), [300, 301]);
    assert.equal(offsets(recent, red, 298, 301), undefined);
    push(recent, red, "x".repeat(65_537));
    assert.equal(offsets(recent, red, 302, 302), undefined, "longer than all may be");
    for (let id = 2; id <= 400; id++) push(recent, room(id), "x".repeat(65_536));
    assert.ok(recent.textUnits <= 16_777_216);
    for (let id = 401; id <= 3_000; id++) push(recent, room(id));
    assert.equal(recent.roomCount, 1_024);
  });

  it("forget what is shown otherwise, and all before it", () => {
    for (const kind of ["edit", "reaction", "reactionRemoved", "delete"] as const) {
      const [recent, red] = [new RecentEntries(), room()];
      for (let count = 0; count < 5; count++) push(recent, red);
      push(recent, red, "x", kind, 3);
      assert.equal(offsets(recent, red, 3, 6), undefined);
      assert.deepEqual(offsets(recent, red, 4, 6), [4, 5, 6]);
    }
  });

  it("forget the edits of a message that was deleted", () => {
    const [recent, red] = [new RecentEntries(), room()];
    push(recent, red);
    push(recent, red, "secret", "edit", 1);
    push(recent, red);
    push(recent, red, "", "delete", 1);
    assert.deepEqual(offsets(recent, red, 3, 4), [3, 4]);
    assert.equal(offsets(recent, red, 2, 4), undefined);
  });

  it("are not those that retention removed", () => {
    const [recent, red] = [new RecentEntries(), room()];
    for (let count = 0; count < 5; count++) push(recent, red);
    red.trimTo(4);
    assert.deepEqual(offsets(recent, red, 1, 5), [4, 5]);
  });
});

describe("what the store was asked for", () => {
  it("is kept where it goes on to the room's end", () => {
    const [recent, red] = [new RecentEntries(), room(1, 10)];
    const token = recent.fillToken(1);
    recent.fill(token, red, [entry(7), entry(8), entry(9)]);
    assert.equal(offsets(recent, red, 9, 9), undefined, "10 is missing");
    recent.fill(recent.fillToken(1), red, [entry(8), entry(9), entry(10), entry(11)]);
    assert.deepEqual(offsets(recent, red, 8, 10), [8, 9, 10]);
    push(recent, red);
    recent.fill(recent.fillToken(1), red, [entry(6), entry(7)]);
    assert.deepEqual(offsets(recent, red, 6, 11), [6, 7, 8, 9, 10, 11]);
  });

  it("is kept back to the first entry that not everybody sees as it was written", () => {
    for (const change of [
      { editedMs: 1, changedOffset: 9 },
      { deleted: true, changedOffset: 9 },
      { reactions: [{ reaction: "a", count: 1, mine: false }], changedOffset: 9 },
      { changedOffset: 9 },
    ]) {
      const [recent, red] = [new RecentEntries(), room(1, 10)];
      recent.fill(recent.fillToken(1), red, [entry(7), { ...entry(8), ...change }, entry(9), entry(10)]);
      assert.deepEqual(offsets(recent, red, 9, 10), [9, 10]);
      assert.equal(offsets(recent, red, 8, 10), undefined);
    }
  });

  it("is not kept when something changed since", () => {
    const [recent, red] = [new RecentEntries(), room(1, 10)];
    const token = recent.fillToken(1);
    push(recent, red, "x", "edit", 9);
    recent.fill(token, red, [entry(9), entry(10), entry(11)]);
    assert.equal(offsets(recent, red, 10, 11), undefined);
    const late = recent.fillToken(1);
    recent.forget();
    recent.fill(late, red, [entry(10), entry(11)]);
    assert.equal(offsets(recent, red, 11, 11), undefined);
    assert.equal(recent.textUnits, 0);
  });
});

test("what is shown is what the log has, whatever happens in whatever order", () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("text" as const), text: fc.string({ maxLength: 3 }) }),
    fc.record({
      type: fc.constantFrom("edit", "delete", "reaction" as const),
      target: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      type: fc.constant("ask" as const),
      after: fc.nat(40),
      limit: fc.integer({ min: 1, max: 20 }),
    }),
    fc.record({ type: fc.constant("answer" as const) }),
    fc.record({ type: fc.constant("forget" as const) }),
    fc.record({ type: fc.constant("trim" as const), to: fc.integer({ min: 1, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), fc.nat(3), (steps, lead) => {
      const [recent, red] = [new RecentEntries(), room(1, lead)];
      const log = Array.from({ length: lead }, (_, index) => entry(index + 1));
      const asked: (() => void)[] = [];
      for (const each of steps) {
        if (each.type === "text") {
          log.push(entry(log.length + 1, each.text));
          push(recent, red, each.text);
        } else if (each.type === "ask") {
          const token = recent.fillToken(1);
          const found = log.slice(each.after, each.after + each.limit);
          asked.push(() => recent.fill(token, red, found));
        } else if (each.type === "answer") {
          asked.shift()?.();
        } else if (each.type === "forget") {
          recent.forget(1);
        } else if (each.type === "trim") {
          red.trimTo(each.to);
        } else {
          const target = log[each.target - 1];
          if (target?.kind !== "text" || target.deleted) continue;
          amend(log, each.type, each.target);
          push(recent, red, each.type === "delete" ? "" : "!", each.type, each.target);
        }
        for (const start of [1, log.length - 3, log.length]) {
          const shown = recent.range(red, start, log.length);
          if (shown === undefined) continue;
          const from = Math.max(start, red.firstOffset, 1);
          const expected = log.slice(from - 1).map(historyMessage);
          assert.deepEqual(shown, expected);
        }
      }
    }),
  );
});

/** What a log does with an entry that changes another. */
function amend(log: StoredMessage[], kind: "edit" | "delete" | "reaction", target: number): void {
  const at = target - 1;
  const message = log[at];
  assert.ok(message !== undefined);
  const reactions = [{ reaction: "!", count: 1, mine: false }];
  const changedOffset = log.length + 1;
  if (kind === "edit") log[at] = { ...message, text: "!", editedMs: 1, changedOffset };
  else if (kind === "reaction") log[at] = { ...message, reactions, changedOffset };
  else {
    log[at] = { ...message, text: "", deleted: true, reactions: [], changedOffset };
    for (const [index, other] of log.entries()) {
      if (other.kind === "edit" && other.target === target) log[index] = { ...other, text: "" };
    }
  }
  log.push(entry(log.length + 1, kind === "delete" ? "" : "!", kind, target));
}
