import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PacketType } from "../../../protocol/codes.ts";
import { packetSize } from "../../../protocol/packet-encoder.ts";
import type { HistoryMessage } from "../../hub/event.ts";
import { historyNotice } from "./message-notice.ts";
import { historyPage } from "./page.ts";

const LIMIT = 2000;

function size(messages: readonly HistoryMessage[]): number {
  return packetSize(PacketType.HISTORY_RESPONSE, {
    requestId: 0xffff_ffff,
    messages: messages.map((message) => historyNotice(0xffff_ffff, message)),
    more: true,
  });
}

const reaction = fc.record({
  reaction: fc.constantFrom("👍", "👩‍👩‍👧", "x"),
  count: fc.nat(20_000),
  mine: fc.boolean(),
});

const message: fc.Arbitrary<HistoryMessage> = fc.record({
  offset: fc.maxSafeNat(),
  timeMs: fc.maxSafeNat(),
  sender: fc.string({ unit: "grapheme", maxLength: 24 }),
  text: fc.string({ unit: "grapheme", maxLength: 700 }),
  kind: fc.constantFrom("text", "edit", "delete", "reaction", "reactionRemoved"),
  target: fc.maxSafeNat(),
  replyTo: fc.maxSafeNat(),
  editedMs: fc.maxSafeNat(),
  deleted: fc.boolean(),
  reactions: fc.array(reaction, { maxLength: 100 }),
  changedOffset: fc.nat(),
});

const messages = fc
  .array(message, { maxLength: 30 })
  .map((all) => all.map((each, index) => ({ ...each, offset: index * 3 + 5 })));

function said(text: string, reactionCount = 0): HistoryMessage {
  const reactions = Array.from({ length: reactionCount }, () => ({ reaction: "👍", count: 1, mine: false }));
  const rest = {
    kind: "text",
    target: 0,
    replyTo: 0,
    editedMs: 0,
    deleted: false,
    changedOffset: 0,
  } as const;
  return { offset: 1, timeMs: 1, sender: "mina", text, ...rest, reactions };
}

function offsets(all: readonly HistoryMessage[]): number[] {
  return all.map(({ offset }) => offset);
}

describe("historyPage", () => {
  it("fits in a packet, is next to where the client stands, and never empty", () => {
    fc.assert(
      fc.property(messages, fc.constantFrom("after", "before", "time"), (all, mode) => {
        const page = historyPage(all, { mode, around: undefined }, LIMIT);
        assert.ok(size(page.items) <= LIMIT);
        assert.equal(page.items.length === 0, all.length === 0);
        assert.equal(page.isCut, page.items.length < all.length);
        const count = page.items.length;
        const nearest = mode === "before" ? all.slice(all.length - count) : all.slice(0, count);
        assert.deepEqual(offsets(page.items), offsets(nearest));
      }),
      { numRuns: 200 },
    );
  });

  it("around a message: it is in the page, and so are its neighbours", () => {
    fc.assert(
      fc.property(messages, fc.nat(100), (all, around) => {
        const page = historyPage(all, { mode: "around", around }, LIMIT);
        assert.ok(size(page.items) <= LIMIT);
        assert.equal(page.items.length === 0, all.length === 0);
        const center = all.find(({ offset }) => offset >= around);
        if (center !== undefined) assert.ok(offsets(page.items).includes(center.offset));
        const start = all.findIndex(({ offset }) => offset === page.items[0]?.offset);
        assert.deepEqual(offsets(page.items), offsets(all.slice(start, start + page.items.length)));
        assert.equal(page.isCut, all.length > 0 && page.items.at(-1)?.offset !== all.at(-1)?.offset);
      }),
      { numRuns: 200 },
    );
  });

  it("around one of many long messages: as many before it as behind", () => {
    const all = Array.from({ length: 21 }, (_, index) => ({ ...said("x".repeat(500)), offset: index + 1 }));
    const page = historyPage(all, { mode: "around", around: 11 }, LIMIT);
    assert.deepEqual(offsets(page.items), [10, 11, 12]);
    assert.ok(page.isCut);
  });

  it("cuts a single text that was stored under a larger limit", () => {
    const stored = said("한".repeat(4000));
    const page = historyPage([stored], { mode: "after", around: undefined }, LIMIT);
    assert.equal(page.isCut, false);
    assert.ok(size(page.items) <= LIMIT);
    const [shown] = page.items;
    assert.ok(shown !== undefined && shown.text.length > 500 && stored.text.startsWith(shown.text));
  });

  it("shows the first reactions of a message with more than fit", () => {
    const page = historyPage([said("hi", 1000)], { mode: "after", around: undefined }, LIMIT);
    assert.ok(size(page.items) <= LIMIT);
    assert.equal(page.items[0]?.text, "hi");
    assert.ok((page.items[0]?.reactions.length ?? 0) > 50);
  });
});
