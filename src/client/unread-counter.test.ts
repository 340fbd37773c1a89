import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RoomListing } from "./room-info.ts";
import { UnreadCounter } from "./unread-counter.ts";

const LISTING: RoomListing = {
  roomId: 1,
  name: "lobby",
  kind: "logged",
  access: "public",
  topic: "",
  isArchived: false,
  memberCount: 2,
  role: "member",
  epoch: "e",
  lastOffset: 10,
  lastTimeMs: 1,
  readOffset: 4,
  unreadCount: 5,
  mentionCount: 1,
  cursor: "",
};

describe("unread messages", () => {
  it("are those of the list and those of others since", () => {
    const counter = new UnreadCounter("mina", LISTING);
    counter.add({ offset: 9, sender: "jun", mentionsMe: true });
    counter.add({ offset: 11, sender: "jun", mentionsMe: true });
    counter.add({ offset: 12, sender: "mina", mentionsMe: false });
    counter.add({ offset: 13, sender: "jun", mentionsMe: false });
    assert.deepEqual([counter.count, counter.mentionCount], [7, 2]);
    counter.markRead(12);
    assert.deepEqual([counter.count, counter.mentionCount], [1, 0]);
    counter.markRead(3);
    assert.equal(counter.count, 1);
  });

  it("are counted up to a limit, mentions before others", () => {
    const counter = new UnreadCounter("mina");
    for (let offset = 1; offset <= 1500; offset++) counter.add({ offset, sender: "jun", mentionsMe: false });
    counter.add({ offset: 1501, sender: "jun", mentionsMe: true });
    assert.deepEqual([counter.count, counter.mentionCount], [999, 1]);
  });
});
