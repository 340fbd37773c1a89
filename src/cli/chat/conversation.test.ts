import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Conversation, ITEM_LIMIT, shownMessage } from "./conversation.ts";
import { NOW_MS, said } from "./testing/fake-port.ts";

function withMessages(...offsets: number[]): Conversation {
  const room = new Conversation(1, "lobby", false);
  for (const offset of offsets) room.add(message(offset));
  return room;
}

function message(offset: number) {
  const shown = shownMessage(said(offset, "jun", `m${offset}`), false);
  assert.ok(shown !== undefined);
  return shown;
}

function order(room: Conversation): (number | string)[] {
  return room.items.map((item) => (item.kind === "message" ? item.offset : item.text));
}

describe("a conversation", () => {
  it("has messages in the order of their offsets, once, and notes where they came", () => {
    const room = withMessages(5, 6);
    room.note({ kind: "note", timeMs: NOW_MS, text: "note", style: "dim" });
    assert.ok(!room.add(message(6)));
    room.addPage([message(3), message(4), message(5)]);
    room.add(message(8));
    room.add(message(7));
    assert.deepEqual(order(room), [3, 4, 5, 6, "note", 7, 8]);
  });

  it("takes no new ones while it shows another part of the room", () => {
    const room = withMessages(5);
    room.hasNewer = true;
    assert.ok(!room.add(message(9)));
    assert.deepEqual([order(room), room.lastOffset], [[5], 9]);
  });

  it("drops the oldest, which history has", () => {
    const room = withMessages(...Array.from({ length: ITEM_LIMIT + 5 }, (_, index) => index + 1));
    room.hasOlder = false;
    room.add(message(ITEM_LIMIT + 6));
    assert.deepEqual([room.items.length, room.firstOffset, room.hasOlder], [ITEM_LIMIT, 7, true]);
    assert.equal(room.find(6), undefined);
  });

  it("applies changes that are not in a message yet", () => {
    const room = withMessages(5);
    const change = { roomId: 1, room: "lobby", timeMs: NOW_MS, sender: "jun", isOwn: false, isMissed: false };
    const edited = { type: "edited", mentionsMe: false, direct: false, target: 5, ...change } as const;
    room.edit({ ...edited, offset: 7, text: "new" });
    room.edit({ ...edited, offset: 6, text: "old" });
    assert.deepEqual([room.find(5)?.text, room.find(5)?.isEdited], ["new", true]);
    room.delete({ type: "deleted", direct: false, target: 5, offset: 8, ...change });
    assert.deepEqual([room.find(5)?.text, room.find(5)?.isDeleted], ["", true]);
  });

  it("shows nobody typing for long", () => {
    const room = withMessages();
    room.onTyping("jun", 1000);
    room.onTyping("sora", 5000);
    assert.deepEqual(room.typingNames(6000), ["jun", "sora"]);
    assert.deepEqual(room.typingNames(7000), ["sora"]);
    room.add({ ...message(1), sender: "sora" });
    assert.deepEqual(room.typingNames(7000), []);
  });
});
