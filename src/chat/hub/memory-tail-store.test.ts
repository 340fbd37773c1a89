import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MemoryDisk } from "../store/memory-disk.ts";
import type { NewMessage } from "../store/store.ts";
import { historyMessage } from "./history-message.ts";
import { MemoryTail } from "./memory-tail.ts";

const USERS = [-3, -2, -1];

test("a memory room's tail and a store's log agree on what was said", () => {
  const anyText = fc.constantFrom("a", "b", "c");
  const anyEntry = fc.record({
    senderId: fc.constantFrom(...USERS),
    clientMessageId: fc.integer({ min: 1, max: 60 }).map(String),
    text: anyText,
    kind: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom("text", "edit", "delete" as const) },
      { weight: 3, arbitrary: fc.constantFrom("reaction", "reactionRemoved" as const) },
    ),
    target: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.nat(40)),
    replyTo: fc.nat(3),
    asModerator: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 60, size: "max" }), (anything) => {
      const first = { text: "a", kind: "text", target: 0, replyTo: 0, asModerator: false } as const;
      const entries = [
        ...USERS.map((senderId) => ({ ...first, senderId, clientMessageId: "first" })),
        ...anything,
      ];
      const disk = new MemoryDisk();
      const members = USERS.map((userId) => {
        return { userId, role: "member", userName: `guest ${userId}` } as const;
      });
      const red = { name: "red", kind: "logged", epoch: "e", members, nowMs: 0 } as const;
      const { id: roomId } = disk.ask("openRoom", red);
      const tail = new MemoryTail(1_000, 1_000_000);
      for (const [index, entry] of entries.entries()) {
        const isText = entry.kind === "text";
        const isMarked = entry.kind === "edit" || entry.kind === "delete";
        const message: NewMessage = {
          ...entry,
          roomId,
          senderName: `guest ${entry.senderId}`,
          text: entry.kind === "delete" ? "" : entry.text,
          timeMs: 1_000 + index,
          target: isText ? 0 : entry.target,
          replyTo: isText ? entry.replyTo : 0,
          asModerator: isMarked && entry.asModerator,
        };
        const [call] = disk.append([[message]]);
        const stored = call?.[0];
        assert.ok(stored !== undefined);
        const outcome = stored.duplicate ? "DUPLICATE" : (stored.refused ?? stored.offset);
        assert.equal(said(tail, message), outcome);
      }
      for (const userId of USERS) {
        const stored = disk.ask("historyAfter", { roomId, after: 0, limit: 100, userId });
        assert.deepEqual(tail.range(1, 100, userId), stored.map(historyMessage));
      }
    }),
    { numRuns: 60 },
  );
});

/** What a memory room does with an entry. */
function said(tail: MemoryTail, message: NewMessage): number | string {
  const { senderId, senderName, clientMessageId, text, timeMs, replyTo } = message;
  if (tail.find(senderId, clientMessageId) !== undefined) return "DUPLICATE";
  if (message.kind !== "text") return tail.amend(message);
  return tail.push(senderId, senderName, clientMessageId, text, timeMs, replyTo);
}
