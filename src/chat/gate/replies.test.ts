import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PacketType } from "../../protocol/codes.ts";
import { packetSize } from "../../protocol/packet-encoder.ts";
import type { HistoryMessage } from "../hub/event.ts";
import { pageOf } from "./replies.ts";

const LIMIT = 2000;

function size(messages: readonly HistoryMessage[]): number {
  const roomId = 0xffff_ffff;
  return packetSize(PacketType.HISTORY_RESPONSE, {
    requestId: 0xffff_ffff,
    messages: messages.map((message) => ({ roomId, ...message })),
    more: true,
  });
}

const message = fc.record({
  offset: fc.maxSafeNat(),
  timeMs: fc.maxSafeNat(),
  sender: fc.string({ unit: "grapheme", maxLength: 24 }),
  text: fc.string({ unit: "grapheme", maxLength: 700 }),
});

describe("pageOf", () => {
  it("fits in a packet, is next to where the client stands, and never empty", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), fc.boolean(), (messages, isBackwards) => {
        const page = pageOf(messages, isBackwards, LIMIT);
        assert.ok(size(page.messages) <= LIMIT);
        assert.equal(page.messages.length === 0, messages.length === 0);
        assert.equal(page.isCut, page.messages.length < messages.length);
        const count = page.messages.length;
        const nearest = isBackwards ? messages.slice(messages.length - count) : messages.slice(0, count);
        assert.deepEqual(
          page.messages.map(({ offset }) => offset),
          nearest.map(({ offset }) => offset),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("cuts a single text that was stored under a larger limit", () => {
    const stored = { offset: 1, timeMs: 1, sender: "mina", text: "한".repeat(4000) };
    const page = pageOf([stored], false, LIMIT);
    assert.equal(page.messages.length, 1);
    assert.equal(page.isCut, false);
    assert.ok(size(page.messages) <= LIMIT);
    assert.ok(stored.text.startsWith(page.messages[0]?.text ?? "?"));
  });
});
