import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FanOutWorld, type FanOutWorldOptions, WorldRoom } from "../../../test/support/fan-out-world.ts";
import { CHUNK_BYTES } from "../../engine/memory/send-buffer-pool.ts";
import type { Wire } from "./packet-link.ts";

function setUp(wires: readonly Wire[], options: FanOutWorldOptions = {}) {
  const world = new FanOutWorld({ memberCount: wires.length, wires, ...options });
  const room = new WorldRoom(7, "disconnect");
  for (const member of world.members) world.fanOut.join(member, room.info());
  return { world, room, members: world.members, fanOut: world.fanOut };
}

/** What a member's first piece is, as bytes. */
function firstPiece({ members }: ReturnType<typeof setUp>, index: number) {
  const { queue } = members[index] as (typeof members)[number];
  return queue.chunkAt(0).bytes.subarray(queue.startAt(0), queue.endAt(0));
}

describe("RoomFanOut over WebSocket", () => {
  it("gives every WebSocket the same one range, and TCP the same bytes behind the frame header", () => {
    const rig = setUp(["packets", "websocket", "websocket", "packets"]);
    const { world, room, members, fanOut } = rig;
    for (let count = 0; count < 5; count++) world.publish(room, 0, "a longer text than hello");
    fanOut.flushAll();
    for (const { pieceCount } of members) assert.equal(pieceCount, 1);
    const [packets, framed] = [firstPiece(rig, 0), firstPiece(rig, 1)];
    assert.equal(framed.length, packets.length + 4, "a header for what has 126 bytes and more");
    assert.equal(framed.buffer, packets.buffer);
    assert.equal(framed.byteOffset + 4, packets.byteOffset, "the run is in memory once");
    assert.equal(members[2]?.queue.startAt(0), members[1]?.queue.startAt(0));
    for (const member of members) assert.equal(member.read(), "m1 m2 m3 m4 m5");
    assert.equal(world.counters.deliveries, 20);
  });

  it("takes the short header for a short run", () => {
    const rig = setUp(["packets", "websocket"]);
    rig.world.publish(rig.room);
    rig.fanOut.flushAll();
    assert.equal(firstPiece(rig, 1).length, firstPiece(rig, 0).length + 2);
    assert.equal(firstPiece(rig, 1).byteOffset + 2, firstPiece(rig, 0).byteOffset);
    assert.equal(rig.members[1]?.read(), "m1");
  });

  it("leaves no room in rooms without WebSockets: runs of a turn lie side by side", () => {
    const rig = setUp(["packets", "packets"]);
    const { world, room, fanOut, members } = rig;
    for (let turn = 0; turn < 3; turn++) {
      world.publish(room);
      fanOut.flushAll();
    }
    assert.equal(members[0]?.queue.pieceCount, 1, "three ranges merged");
    assert.equal(members[0]?.read(), "m1 m2 m3");
  });

  it("makes a message of each part of a run that spans chunks", () => {
    const { world, room, members, fanOut } = setUp(["websocket", "packets"]);
    for (let count = 0; count < 40; count++) world.publish(room, 0, "x".repeat(4000));
    fanOut.flushAll();
    const all = Array.from({ length: 40 }, (_, index) => `m${index + 1}`).join(" ");
    const headers = Math.floor((40 * 4000) / CHUNK_BYTES);
    assert.equal(members[0]?.pieceCount, 1 + 2 * headers, "a header of its own for each further chunk");
    assert.equal(members[0]?.read(), all);
    assert.equal(members[1]?.read(), all);
  });

  it("writes the header elsewhere when the first packet goes to the next chunk", () => {
    const { world, room, members, fanOut } = setUp(["websocket"]);
    // What is left of the chunk has room for a header, and not for a packet.
    world.pool.open(CHUNK_BYTES - 10);
    world.pool.close(CHUNK_BYTES - 10);
    world.publish(room);
    fanOut.flushAll();
    assert.equal(members[0]?.pieceCount, 2);
    assert.equal(members[0]?.read(), "m1");
  });

  it("cuts a member's own entries out, and frames what is left", () => {
    const { world, room, members, fanOut } = setUp(["websocket", "websocket", "deflate", "packets"]);
    for (const publisher of [1, 0, 3, 1, 4]) world.publish(room, publisher);
    fanOut.flushAll();
    assert.deepEqual(
      members.map((member) => member.read()),
      ["r1 m2 m3 r4 m5", "m1 m2 m3 m4 m5", "m1 m2 r3 m4 m5", "m1 m2 m3 m4 r5"],
    );
  });

  it("compresses a run once for all that deflate, and not at all for nobody", () => {
    const rig = setUp(["deflate", "deflate", "websocket", "deflate"]);
    const { world, room, members, fanOut } = rig;
    for (let count = 0; count < 20; count++) world.publish(room, count === 0 ? 4 : 0, "the same again");
    fanOut.flushAll();
    assert.deepEqual([...firstPiece(rig, 0)], [...firstPiece(rig, 1)]);
    assert.equal(firstPiece(rig, 0).byteOffset, firstPiece(rig, 1).byteOffset, "one frame for both");
    assert.ok(firstPiece(rig, 0).length * 3 < firstPiece(rig, 2).length);
    const all = Array.from({ length: 20 }, (_, index) => `m${index + 1}`).join(" ");
    assert.deepEqual(
      members.map((member) => member.read()),
      [all, all, all, all.replace("m1 ", "r1 ")],
    );
    assert.deepEqual(
      members.map(({ deflatedCount }) => deflatedCount),
      [1, 1, 0, 0],
    );
  });

  it("tells members that lag what is about now, in messages of their own", () => {
    const { world, members, fanOut } = setUp(["websocket", "deflate"]);
    const room = new WorldRoom(9, "skipToLatest");
    for (const member of members) fanOut.join(member, room.info());
    world.publish(room);
    fanOut.flushAll();
    for (const member of members) assert.equal(fanOut.holdBack(member), true);
    world.publish(room);
    world.add(room, { type: "userJoined", name: "joon" });
    fanOut.flushAll();
    for (const member of members) {
      assert.equal(member.read(), "m1 +joon");
      fanOut.onDrained(member);
      assert.equal(member.read(), "gap2-2");
    }
  });

  it("gives every chunk back", () => {
    const { world, room, members, fanOut } = setUp(["websocket", "deflate", "packets"]);
    for (let turn = 0; turn < 30; turn++) {
      for (let count = 0; count < 10; count++) world.publish(room, turn % 4, "x".repeat(1000));
      fanOut.flushAll();
      for (const member of members) member.read();
    }
    world.pool.trim();
    assert.equal(world.pool.usedCount, 0);
  });

  it("ends everybody alike when there is no memory, whatever the wire", () => {
    const { world, room, members, fanOut } = setUp(["packets", "websocket", "deflate"], {
      arenaBytes: CHUNK_BYTES * 4,
    });
    for (let count = 0; count < 100; count++) world.publish(room, 0, "x".repeat(4000));
    fanOut.flushAll();
    assert.deepEqual(
      members.map(({ endedWith }) => endedWith),
      Array.from({ length: 3 }).fill("SEND_BUFFER_EXHAUSTED"),
    );
    for (const { queue } of members) queue.clear();
    world.pool.trim();
    assert.equal(world.pool.usedCount, 0);
  });
});
