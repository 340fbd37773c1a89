import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type FakeMember,
  FanOutWorld,
  type FanOutWorldOptions,
  WorldRoom,
} from "../../../test/support/fan-out-world.ts";
import { PacketType } from "../../protocol/codes.ts";

function setUp(memberCount: number, options: FanOutWorldOptions = {}) {
  const world = new FanOutWorld({ memberCount, ...options });
  const room = new WorldRoom(7, "disconnect");
  return { world, room, members: world.members, fanOut: world.fanOut };
}

function joinAll({ world, room }: ReturnType<typeof setUp>): void {
  for (const member of world.members) world.fanOut.join(member, room.info());
}

describe("RoomFanOut", () => {
  it("gives every member the same one piece, and the publisher its answers in the places of its messages", () => {
    const rig = setUp(4);
    const { world, room, members, fanOut } = rig;
    joinAll(rig);
    for (const publisher of [1, 2, 1, 0, 2]) world.publish(room, publisher);
    fanOut.flushAll();
    assert.equal(members[2]?.queue.pieceCount, 1);
    assert.equal(members[3]?.queue.pieceCount, 1);
    assert.equal(members[2]?.queue.chunkAt(0), members[3]?.queue.chunkAt(0));
    assert.deepEqual(
      members.map((member) => member.read()),
      ["r1 m2 r3 m4 m5", "m1 r2 m3 m4 r5", "m1 m2 m3 m4 m5", "m1 m2 m3 m4 m5"],
    );
    assert.deepEqual(
      members.map((member) => member.answeredCount),
      [2, 2, 0, 0],
    );
  });

  it("answers each kind of entry with the response to its request, and tells the others what it is", () => {
    const rig = setUp(2);
    const { world, room, fanOut } = rig;
    joinAll(rig);
    for (const kind of ["text", "edit", "delete", "reaction", "reactionRemoved"] as const) {
      world.publish(room, 1, "x", kind);
    }
    fanOut.flushAll();
    assert.equal(world.member(0).read(), "r1 edit2 delete3 react4 react5");
    const kinds = world
      .member(1)
      .take()
      .map((packet) => {
        assert.ok(packet.type === PacketType.MESSAGE_NOTICE);
        return [packet.body.kind, packet.body.target];
      });
    assert.deepEqual(kinds, [
      [0, 0n],
      [1, 1n],
      [2, 1n],
      [3, 1n],
      [4, 1n],
    ]);
  });

  it("encodes a room's messages side by side although another room's come between", () => {
    const { world, fanOut } = setUp(2);
    const [one, two] = [new WorldRoom(1, "disconnect"), new WorldRoom(2, "disconnect")];
    fanOut.join(world.member(0), one.info());
    fanOut.join(world.member(1), two.info());
    for (let count = 0; count < 10; count++) {
      world.publish(one);
      world.publish(two);
    }
    fanOut.flushAll();
    for (const member of world.members) {
      assert.equal(member.queue.pieceCount, 1);
      assert.equal(member.take().length, 10);
    }
  });

  it("gives whoever comes or goes in the middle of a batch what belongs to its time", () => {
    const { world, room, members, fanOut } = setUp(3);
    const [stays, goes, comes] = members as [FakeMember, FakeMember, FakeMember];
    fanOut.join(stays, room.info());
    fanOut.join(goes, room.info());
    world.publish(room);
    fanOut.leave(goes, room.id);
    world.add(room, { type: "userLeft", name: "goes" });
    world.publish(room);
    fanOut.join(comes, room.info());
    world.add(room, { type: "userJoined", name: "comes" });
    world.publish(room, 3);
    fanOut.flushAll();
    assert.equal(stays.read(), "m1 -goes m2 +comes m3");
    assert.equal(goes.read(), "m1");
    assert.equal(comes.read(), "+comes r3");
  });

  it("names all who come in one batch in one notice, though each is told first that it is in", () => {
    const { world, room, members, fanOut } = setUp(4);
    for (const [index, member] of members.entries()) {
      fanOut.flushRoom(room.id);
      fanOut.join(member, room.info());
      world.add(room, { type: "userJoined", name: `n${index}` });
    }
    fanOut.flushAll();
    for (const member of members) assert.equal(member.read(), "+n0,n1,n2,n3");
  });

  it("tells who types to all but the one who does, and counts and settings to all", () => {
    const rig = setUp(2);
    const { world, room, fanOut } = rig;
    joinAll(rig);
    world.add(room, { type: "typing", name: "mina", except: 1 });
    world.add(room, { type: "memberCount", memberCount: 5 });
    room.topic = "news";
    world.add(room, { type: "roomUpdated", room: room.info() });
    world.add(room, { type: "memberCount", memberCount: 6 });
    fanOut.flushAll();
    assert.equal(world.member(0).read(), "room:news count6");
    assert.equal(world.member(1).read(), "typing:mina room:news count6");
  });

  it("tells everybody that the room is no more, after what was said in it, and forgets it", () => {
    const rig = setUp(3);
    const { world, room, fanOut } = rig;
    joinAll(rig);
    world.publish(room);
    world.publish(room);
    fanOut.flushAll();
    for (const member of world.members) member.take();
    // The last one is behind when it happens.
    fanOut.join(world.member(2), room.info(), { epoch: "e", offset: 1 });
    world.publish(room);
    world.add(room, { type: "roomDeleted" });
    assert.equal(world.member(0).read(), "m3 closed1");
    assert.equal(world.member(2).read(), "closed1");
    assert.deepEqual([fanOut.roomCount, fanOut.memberCount(room.id), world.counters.lagging], [0, 0, 0]);
    fanOut.flushAll();
    world.readPage([room], world.member(2));
    world.answerPage([room], world.member(2));
    assert.equal(world.member(2).read(), "", "a page that comes late is for nobody");
  });

  it("sends a run that spans chunks in as many pieces, whole and in order", () => {
    const rig = setUp(3);
    const { world, room, fanOut, members } = rig;
    joinAll(rig);
    const text = "x".repeat(4000);
    const expected: string[] = [];
    for (let offset = 1; offset <= 100; offset++) {
      world.publish(room, offset % 40 === 0 ? 1 : 0, text);
      expected.push(`m${offset}`);
    }
    fanOut.flushAll();
    assert.ok(world.member(1).queue.pieceCount >= 6);
    assert.deepEqual(members[1]?.read(), expected.join(" "));
    assert.deepEqual(members[2]?.read(), expected.join(" "));
    const own = expected.map((sent, index) => ((index + 1) % 40 === 0 ? `r${index + 1}` : sent));
    assert.deepEqual(members[0]?.read(), own.join(" "));
    world.pool.trim();
    assert.equal(world.pool.usedCount, 0, "after the fan-out only queues hold chunks");
  });

  it("keeps the members dense: leaving costs the last one its place, and nobody a message", () => {
    const rig = setUp(50);
    const { world, room, fanOut, members } = rig;
    joinAll(rig);
    for (const [index, member] of members.entries()) if (index % 3 === 0) fanOut.leaveAll(member);
    fanOut.leave(world.member(0), room.id);
    fanOut.join(world.member(1), room.info());
    assert.equal(fanOut.memberCount(room.id), 33);
    world.publish(room);
    fanOut.flushAll();
    for (const [index, member] of members.entries()) {
      assert.equal(member.read(), index % 3 === 0 ? "" : "m1", `member ${index}`);
    }
    for (const member of members) fanOut.leaveAll(member);
    assert.equal(fanOut.roomCount, 0);
    assert.equal(fanOut.memberCount(room.id), 0);
    assert.equal(world.counters.rooms, 0);
  });

  it("ends the members of a room whose run finds no memory, and holds nothing", () => {
    const rig = setUp(2, { arenaBytes: 65_536 * 4 });
    const { world, room, fanOut, members } = rig;
    joinAll(rig);
    for (let offset = 1; offset <= 200; offset++) world.publish(room, 0, "x".repeat(4000));
    fanOut.flushAll();
    assert.deepEqual(
      members.map(({ endedWith }) => endedWith),
      ["SEND_BUFFER_EXHAUSTED", "SEND_BUFFER_EXHAUSTED"],
    );
    for (const member of members) member.queue.clear();
    world.pool.trim();
    assert.equal(world.pool.usedCount, 0);
  });

  it("says nothing to a room without members, and forgets nothing for the next run", () => {
    const { world, room, fanOut } = setUp(1);
    world.publish(room);
    fanOut.join(world.member(0), room.info());
    world.publish(room);
    fanOut.flushRoomsOf(world.member(0));
    fanOut.flushAll();
    fanOut.flushAll();
    assert.equal(world.member(0).read(), "m2");
  });
});
