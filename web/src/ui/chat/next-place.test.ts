import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConversationItem, RoomItem } from "../../state/contract.ts";
import { nextPlace } from "./next-place.ts";

const room = (key: string, unreadCount = 0) => ({ key, unreadCount }) as RoomItem;
const conversation = (key: string, unreadCount = 0) => ({ key, unreadCount }) as ConversationItem;

describe("nextPlace", () => {
  const list = { rooms: [room("a"), room("b", 2)], conversations: [conversation("c", 1), conversation("d")] };

  it("goes through rooms and conversations, and around the ends", () => {
    assert.equal(nextPlace({ ...list, current: "a" }, 1, false), "b");
    assert.equal(nextPlace({ ...list, current: "b" }, 1, false), "c");
    assert.equal(nextPlace({ ...list, current: "d" }, 1, false), "a");
    assert.equal(nextPlace({ ...list, current: "a" }, -1, false), "d");
  });

  it("begins at an end when nothing is open", () => {
    assert.equal(nextPlace({ ...list, current: undefined }, 1, false), "a");
    assert.equal(nextPlace({ ...list, current: undefined }, -1, false), "d");
  });

  it("finds the next with something unread, if there is one", () => {
    assert.equal(nextPlace({ ...list, current: "b" }, 1, true), "c");
    assert.equal(nextPlace({ ...list, current: "c" }, 1, true), "b");
    assert.equal(nextPlace({ ...list, current: "c" }, -1, true), "b");
    assert.equal(nextPlace({ rooms: [room("a", 3)], conversations: [], current: "a" }, 1, true), undefined);
    assert.equal(nextPlace({ rooms: [], conversations: [], current: undefined }, 1, false), undefined);
  });
});
