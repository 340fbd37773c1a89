import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MemoryTail } from "./memory-tail.ts";

test("a tail keeps the newest messages within both its limits", () => {
  const anyMessage = fc.record({ sender: fc.integer({ min: 1, max: 3 }), text: fc.string({ maxLength: 8 }) });
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 60, size: "max" }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 20 }),
      (messages, messageLimit, textUnitLimit) => {
        const tail = new MemoryTail(messageLimit, textUnitLimit);
        for (const [index, { sender, text }] of messages.entries()) {
          assert.equal(tail.push(sender, `s${sender}`, `id${index}`, text, index), index + 1);
          assert.ok(tail.messageCount <= messageLimit);
          const kept = tail.after(0, 100);
          assert.equal(kept.at(-1)?.offset, index + 1, "the newest is kept");
          assert.equal(kept[0]?.offset, tail.firstOffset);
          const units = kept.reduce((sum, message) => sum + message.text.length, 0);
          assert.ok(units <= textUnitLimit || kept.length === 1);
          assert.deepEqual(tail.before(0, 100), kept);
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

test("an empty tail has no offsets and no messages", () => {
  const tail = new MemoryTail(4, 100);
  assert.deepEqual([tail.firstOffset, tail.lastOffset, tail.after(0, 5), tail.before(0, 5)], [0, 0, [], []]);
});

test("a repeat is known by its sender and its id together, and for as long as it is in the tail", () => {
  const ids = ["a", "b", "c", "aa", "ab", "ba"];
  const anyMessage = fc.record({ sender: fc.integer({ min: -3, max: 3 }), id: fc.constantFrom(...ids) });
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 200, size: "max" }),
      fc.integer({ min: 1, max: 40 }),
      (messages, messageLimit) => {
        const tail = new MemoryTail(messageLimit, 1_000);
        const kept: { readonly key: string; readonly offset: number }[] = [];
        for (const { sender, id } of messages) {
          const key = `${sender} ${id}`;
          const known = kept.find((each) => each.key === key);
          assert.equal(tail.find(sender, id)?.offset, known?.offset);
          if (known !== undefined) continue;
          kept.push({ key, offset: tail.push(sender, "s", id, "text", 0) });
          if (kept.length > messageLimit) kept.shift();
          assert.equal(tail.messageCount, kept.length);
        }
      },
    ),
  );
});
