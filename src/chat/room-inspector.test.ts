import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../base/clock.ts";
import type { OpenRoom } from "./hub/room.ts";
import { RoomInspector } from "./room-inspector.ts";

function room(id: number, name: string, members: number, messages: number): OpenRoom {
  const access = "public";
  return { id, name, kind: "logged", access, archived: false, members, messages, lastOffset: 100 + messages };
}

describe("RoomInspector", () => {
  it("lists by members or by messages, searches names, and says how many there are", () => {
    const rooms = [room(1, "lobby", 9, 1), room(2, "Tea", 3, 50), room(3, "teapots", 3, 0)];
    const inspector = new RoomInspector(new ManualClock(0), () => rooms);
    const names = (query: Parameters<RoomInspector["rooms"]>[0]): string =>
      inspector
        .rooms(query)
        .rooms.map(({ name }) => name)
        .join(" ");
    assert.equal(names({ search: "", sort: "members", limit: 10 }), "lobby Tea teapots");
    assert.equal(names({ search: "", sort: "messages", limit: 10 }), "Tea lobby teapots");
    assert.equal(names({ search: " TEA", sort: "members", limit: 1 }), "Tea");
    assert.equal(inspector.rooms({ search: "tea", sort: "members", limit: 1 }).total, 2);
    assert.equal(inspector.rooms({ search: "tea", sort: "members", limit: -1 }).rooms.length, 0);
  });

  it("tells rates over ten seconds and more", () => {
    const clock = new ManualClock(0);
    let rooms = [room(1, "lobby", 9, 0), room(2, "tea", 3, 0)];
    const inspector = new RoomInspector(clock, () => rooms);
    const rates = (): number[] =>
      inspector
        .rooms({ search: "", sort: "members", limit: 10 })
        .rooms.map(({ messagesPerSecond }) => messagesPerSecond);
    assert.deepEqual(rates(), [0, 0]);
    rooms = [room(1, "lobby", 9, 40), room(2, "tea", 3, 0)];
    clock.advance(5000);
    assert.deepEqual(rates(), [0, 0], "not looked at for long enough");
    clock.advance(15_000);
    assert.deepEqual(rates(), [2, 0]);
    clock.advance(5000);
    assert.deepEqual(rates(), [2, 0], "it stays until there is another");
    rooms = [room(1, "lobby", 9, 40), room(3, "opened since", 3, 7)];
    clock.advance(5000);
    assert.deepEqual(rates(), [0, 0]);
  });
});
