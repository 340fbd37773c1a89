import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import * as fc from "fast-check";
import type { MessageKind, NewMessage } from "../store/store.ts";
import { MemoryTail } from "./memory-tail.ts";

test("a tail keeps the newest entries within both its limits", () => {
  const anyMessage = fc.record({ sender: fc.integer({ min: 1, max: 3 }), text: fc.string({ maxLength: 8 }) });
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 60, size: "max" }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 20 }),
      (messages, entryLimit, textUnitLimit) => {
        const tail = new MemoryTail(entryLimit, textUnitLimit);
        for (const [index, { sender, text }] of messages.entries()) {
          assert.equal(tail.push(sender, `s${sender}`, `id${index}`, text, index, 0), index + 1);
          assert.ok(tail.entryCount <= entryLimit);
          const kept = tail.range(0, 100, 0);
          assert.equal(kept.at(-1)?.offset, index + 1, "the newest is kept");
          assert.equal(kept[0]?.offset, tail.firstOffset);
          const units = kept.reduce((sum, message) => sum + message.text.length, 0);
          assert.ok(units <= textUnitLimit || kept.length === 1);
          for (const message of kept) {
            const first = messages[message.offset - 1];
            assert.equal(tail.find(first?.sender ?? 0, `id${message.offset - 1}`)?.offset, message.offset);
          }
          const gone = tail.firstOffset - 1;
          assert.equal(tail.find(messages[gone - 1]?.sender ?? 0, `id${gone - 1}`), undefined);
        }
      },
    ),
  );
});

test("an empty tail has no offsets and no entries", () => {
  const tail = new MemoryTail(4, 100);
  assert.deepEqual([tail.firstOffset, tail.lastOffset, tail.range(0, 5, 0)], [0, 0, []]);
  assert.equal(tail.offsetAtTime(0), 1);
  assert.equal(tail.lastTimeMs, 0);
});

test("a repeat is known by its sender and its id together, and for as long as it is in the tail", () => {
  const ids = ["a", "b", "c", "aa", "ab", "ba"];
  const anyMessage = fc.record({ sender: fc.integer({ min: -3, max: 3 }), id: fc.constantFrom(...ids) });
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 200, size: "max" }),
      fc.integer({ min: 1, max: 40 }),
      (messages, entryLimit) => {
        const tail = new MemoryTail(entryLimit, 1_000);
        const kept: { readonly key: string; readonly offset: number }[] = [];
        for (const { sender, id } of messages) {
          const key = `${sender} ${id}`;
          const known = kept.find((each) => each.key === key);
          assert.equal(tail.find(sender, id)?.offset, known?.offset);
          if (known !== undefined) continue;
          kept.push({ key, offset: tail.push(sender, "s", id, "text", 0, 0) });
          if (kept.length > entryLimit) kept.shift();
          assert.equal(tail.entryCount, kept.length);
        }
      },
    ),
  );
});

/** A tail in which Ann (1) has said "hello" as offset 1. */
function tailOfOne(entryLimit = 10, textUnitLimit = 1_000): MemoryTail {
  const tail = new MemoryTail(entryLimit, textUnitLimit);
  tail.push(1, "Ann", "hello", "hello", 1_000, 0);
  return tail;
}

let entryCount = 0;

function entry(kind: MessageKind, text: string, senderId = 1, more: Partial<NewMessage> = {}): NewMessage {
  const identity = { roomId: 1, senderId, senderName: "x", clientMessageId: `entry ${++entryCount}` };
  const said = { text, timeMs: 2_000, kind, target: 1, replyTo: 0, asModerator: false };
  return { ...identity, ...said, ...more };
}

describe("what changes a message in a tail", () => {
  it("is an entry of its own, and shows in the message", () => {
    const tail = tailOfOne();
    assert.equal(tail.amend(entry("edit", "hello!")), 2);
    assert.equal(tail.amend(entry("reaction", "+1", 2)), 3);
    const [message, edit, reaction] = tail.range(1, 9, 2);
    assert.deepEqual([message?.text, message?.editedMs, message?.deleted], ["hello!", 2_000, false]);
    assert.deepEqual(message?.reactions, [{ reaction: "+1", count: 1, mine: true }]);
    assert.deepEqual([edit?.kind, edit?.target, edit?.text], ["edit", 1, "hello!"]);
    assert.deepEqual([reaction?.kind, reaction?.target, reaction?.text], ["reaction", 1, "+1"]);
    assert.equal(tail.range(1, 1, 1)[0]?.reactions[0]?.mine, false);
  });

  it("erases a deleted message's text and its edits', and its reactions", () => {
    const tail = tailOfOne();
    tail.amend(entry("edit", "secret"));
    tail.amend(entry("reaction", "+1", 2));
    assert.equal(tail.amend(entry("delete", "")), 4);
    assert.ok(!JSON.stringify(tail.range(1, 9, 0)).includes("secret"));
    const [message] = tail.range(1, 1, 0);
    assert.deepEqual([message?.text, message?.deleted, message?.reactions], ["", true, []]);
  });

  it("is refused when there is no such message (any more), or it is another's", () => {
    const tail = tailOfOne();
    for (const target of [0, 2, 10, 11, 1e15]) {
      assert.equal(tail.amend(entry("reaction", "+1", 1, { target })), "NO_TARGET");
    }
    assert.equal(tail.amend(entry("edit", "x", 2)), "NOT_AUTHOR");
    assert.equal(tail.amend(entry("delete", "", 2)), "NOT_AUTHOR");
    assert.equal(tail.lastOffset, 1, "what is refused takes no offset");
    assert.equal(tail.amend(entry("edit", "y")), 2);
    assert.equal(tail.amend(entry("edit", "z", 1, { target: 2 })), "NO_TARGET", "an edit is no message");
    assert.equal(tail.amend(entry("delete", "", 2, { asModerator: true })), 3);
    for (const kind of ["edit", "delete", "reaction"] as const) {
      assert.equal(tail.amend(entry(kind, "x")), "NO_TARGET", "a deleted message is none");
    }
  });

  it("counts as text, and makes the oldest go", () => {
    const tail = tailOfOne(10, 12);
    tail.push(1, "Ann", "2", "22", 1_000, 0);
    tail.amend(entry("edit", "333", 1, { target: 2 }));
    assert.deepEqual([tail.firstOffset, tail.entryCount], [1, 3]);
    tail.amend(entry("edit", "4444", 1, { target: 2 }));
    assert.deepEqual(
      tail.range(1, 9, 0).map(({ offset, text }) => [offset, text]),
      [
        [2, "4444"],
        [3, "333"],
        [4, "4444"],
      ],
    );
    tail.amend(entry("delete", "", 1, { target: 2 }));
    tail.push(1, "Ann", "long", "123456789012", 1_000, 0);
    assert.equal(tail.firstOffset, 2, "what was erased takes no place");
  });

  it("takes a reaction once, and takes back what is there", () => {
    const tail = tailOfOne(20);
    for (const [kind, reaction, user, outcome] of [
      ["reaction", "a", 1, 2],
      ["reaction", "a", 1, "NO_CHANGE"],
      ["reaction", "b", 1, 3],
      ["reaction", "a", 2, 4],
      ["reactionRemoved", "a", 1, 5],
      ["reactionRemoved", "c", 1, "NO_CHANGE"],
      ["reactionRemoved", "b", 1, 6],
      ["reaction", "b", 2, 7],
    ] as const) {
      assert.equal(tail.amend(entry(kind, reaction, user)), outcome);
    }
    assert.deepEqual(tail.range(1, 1, 1)[0]?.reactions, [
      { reaction: "a", count: 1, mine: false },
      { reaction: "b", count: 1, mine: false },
    ]);
    assert.equal(tail.range(1, 1, 1)[0]?.changedOffset, 7);
    assert.equal(tail.lastOffset, 7, "what changes nothing is no entry");
  });
});

test("a tail finds the first entry of a time", () => {
  const tail = new MemoryTail(4, 100);
  for (const timeMs of [10, 20, 20, 30]) tail.push(1, "Ann", `${tail.lastOffset}`, "x", timeMs, 0);
  assert.deepEqual(
    [5, 10, 11, 20, 25, 30, 31].map((timeMs) => tail.offsetAtTime(timeMs)),
    [1, 1, 2, 2, 4, 4, 5],
  );
  assert.equal(tail.lastTimeMs, 30);
});

test("a deleted account's entries stay, under another name", () => {
  const tail = tailOfOne();
  tail.push(2, "Bob", "b", "b", 1_000, 0);
  tail.renameSender(1, "(deleted)");
  assert.deepEqual(
    tail.range(1, 2, 0).map(({ sender }) => sender),
    ["(deleted)", "Bob"],
  );
});
