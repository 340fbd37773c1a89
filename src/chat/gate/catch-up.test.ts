import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type FakeMember,
  FanOutWorld,
  type FanOutWorldOptions,
  WorldRoom,
} from "../../../test/support/fan-out-world.ts";
import type { SlowReaderPolicy } from "../store/store.ts";
import { recovers } from "./room-fan-out.ts";

const LIMIT = 65_536;
const HIGH_WATER = LIMIT / 4;

function setUp(slowReader: SlowReaderPolicy, options: FanOutWorldOptions = {}, kind?: "logged" | "memory") {
  const world = new FanOutWorld({ memberCount: 3, sendQueueBytes: LIMIT, ...options });
  const room = new WorldRoom(7, slowReader, kind);
  const { fanOut } = world;
  const say = (count: number, text?: string, publisher = 0): void => {
    for (let index = 0; index < count; index++) world.publish(room, publisher, text);
  };
  return {
    world,
    room,
    fanOut,
    say,
    member: world.member(0),
    other: world.member(1),
    /** The store reads, and the hub answers. */
    page: (member: FakeMember): boolean => {
      world.readPage([room], member);
      return world.answerPage([room], member);
    },
  };
}

/** "m3 m4 m5" */
function messages(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`).join(" ");
}

/** Fills a live member's queue to above the mark, with messages of a kilobyte. */
function fallBehind({ fanOut, say }: ReturnType<typeof setUp>): void {
  const count = Math.ceil(HIGH_WATER / 1024);
  for (let index = 0; index < count; index++) {
    say(1, "x".repeat(1024));
    fanOut.flushAll();
  }
}

describe("recovers", () => {
  const info = (firstOffset: number, lastOffset: number) => ({
    ...new WorldRoom(7, "disconnect").info(),
    firstOffset,
    lastOffset,
  });
  const at = (offset: number, epoch = "e") => ({ epoch, offset });

  it("says whether everything after a position is still there", () => {
    assert.equal(recovers(info(5, 9), undefined), false);
    assert.equal(recovers(info(5, 9), at(7, "another")), false);
    assert.equal(recovers(info(5, 9), at(3)), false);
    assert.equal(recovers(info(5, 9), at(4)), true);
    assert.equal(recovers(info(5, 9), at(9)), true);
    assert.equal(recovers(info(5, 9), at(10)), false);
    assert.equal(recovers(info(0, 0), at(0)), true);
    assert.equal(recovers(info(1, 1), at(0)), true);
  });

  it("of a room that has nothing any more, only to who has the newest", () => {
    assert.equal(recovers(info(0, 9), at(9)), true);
    assert.equal(recovers(info(0, 9), at(8)), false);
  });
});

describe("resume", () => {
  it("replays page after page, and goes over to what is live without a hole or a repeat", () => {
    const { world, room, fanOut, say, member, other, page } = setUp("disconnect", { pageEntries: 4 });
    fanOut.join(other, room.info());
    say(10);
    fanOut.flushAll();
    fanOut.join(member, room.info(), { epoch: "e", offset: 2 });
    assert.equal(world.counters.lagging, 1);
    assert.equal(fanOut.memberCount(room.id), 2);
    assert.ok(page(member));
    say(1);
    assert.ok(page(member));
    assert.equal(member.read(), messages(3, 10));
    // Published after the last page was read, before it was answered: it comes with another page.
    world.readPage([room], member);
    say(2);
    world.answerPage([room], member);
    assert.ok(page(member));
    // Said in the same batch as the last page: after it.
    say(1);
    fanOut.flushAll();
    say(1);
    fanOut.flushAll();
    assert.equal(member.read(), messages(11, 15));
    assert.equal(other.read(), messages(1, 15));
    assert.equal(page(member), false, "nothing is asked for any more");
    assert.deepEqual([world.counters.lagging, world.counters.replayed, world.counters.gaps], [0, 11, 0]);
  });

  it("is live at once without a position, with one that does not recover, and with the newest", () => {
    const { world, room, fanOut, say, members } = { ...setUp("disconnect"), members: [] as FakeMember[] };
    members.push(...world.members);
    say(5);
    const [none, wrong, newest] = members as [FakeMember, FakeMember, FakeMember];
    fanOut.join(none, room.info());
    fanOut.join(wrong, room.info(), { epoch: "before", offset: 1 });
    fanOut.join(newest, room.info(), { epoch: "e", offset: 5 });
    say(1);
    fanOut.flushAll();
    for (const member of members) {
      assert.equal(member.read(), "m6");
      assert.equal(member.pages.length, 0);
    }
  });

  it("gives who is replayed to what is about now, and its own answers, at once", () => {
    const { world, room, fanOut, say, member, page } = setUp("disconnect");
    say(3);
    fanOut.join(member, room.info(), { epoch: "e", offset: 1 });
    world.add(room, { type: "userJoined", name: "joon" });
    world.add(room, { type: "typing", name: "joon", except: 0 });
    say(1, "mine", 1);
    fanOut.flushAll();
    assert.equal(member.read(), "r4 +joon");
    page(member);
    assert.equal(member.read(), "m2 m3 m4", "its own message comes again");
    assert.equal(member.answeredCount, 1);
  });

  it("tells what is not kept any more, between entries and at the end", () => {
    const { world, room, fanOut, say, member, page } = setUp("disconnect", { pageEntries: 3 });
    say(12);
    fanOut.join(member, room.info(), { epoch: "e", offset: 1 });
    room.log = room.log.filter(({ offset }) => offset > 5);
    page(member);
    assert.equal(member.read(), "gap2-5 m6 m7 m8");
    room.log = [];
    page(member);
    assert.equal(member.read(), "gap9-12");
    say(1);
    fanOut.flushAll();
    assert.equal(member.read(), "m13");
    assert.deepEqual([world.counters.lagging, world.counters.gaps], [0, 2]);
  });

  it("asks for the next page only when the queue has become small", () => {
    const { world, room, fanOut, say, member, page } = setUp("disconnect");
    say(100, "x".repeat(1024));
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    let answers = 0;
    let got = 0;
    while (world.counters.lagging > 0) {
      assert.ok(page(member));
      answers++;
      assert.ok(member.queue.byteCount <= HIGH_WATER + 2048);
      assert.equal(member.pages.length, 0);
      got += world.drain(member).length;
    }
    assert.ok(answers >= 6, `${answers} pages`);
    assert.equal(got, 100);
  });

  it("leaves to its run what a page has before it was published", () => {
    const { world, room, fanOut, say, member } = setUp("disconnect");
    say(2);
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    // The log is ahead of what the members were told.
    const ahead = new WorldRoom(room.id, "disconnect");
    ahead.log = [...room.log, ...room.log.map((message) => ({ ...message, offset: message.offset + 2 }))];
    ahead.lastOffset = 4;
    world.readPage([ahead], member);
    world.answerPage([ahead], member);
    say(2);
    fanOut.flushAll();
    assert.equal(member.read(), "m1 m2 m3 m4");
    assert.equal(world.counters.lagging, 0);
  });

  it("shortens an entry that does not fit in a packet any more", () => {
    const { room, fanOut, say, member, page } = setUp("disconnect", { packetBytes: 1024 });
    say(1, "x".repeat(900));
    const [first] = room.log;
    assert.ok(first !== undefined);
    const reactions = [{ reaction: "👍", count: 3, mine: true }];
    room.log = [{ ...first, text: "x".repeat(2000), editedMs: 5, changedOffset: 2, reactions }];
    say(1);
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    page(member);
    assert.equal(member.read(), "m1 m2");
  });

  it("has one page under way for a member, whatever the number of its rooms", () => {
    const { world, fanOut, member } = setUp("disconnect");
    const rooms = [1, 2, 3].map((id) => new WorldRoom(id, "disconnect"));
    for (const room of rooms) {
      world.publish(room);
      fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
      assert.equal(member.pages.length, 1);
    }
    for (let count = 0; count < 3; count++) {
      world.readPage(rooms, member);
      assert.ok(world.answerPage(rooms, member));
    }
    assert.equal(member.take().length, 3);
    assert.equal(world.counters.lagging, 0);
  });

  it("takes no page that was asked for before the member left, came back, or gave another position", () => {
    const { world, room, fanOut, say, member, page } = setUp("disconnect", { pageEntries: 2 });
    say(6);
    fanOut.join(member, room.info(), { epoch: "e", offset: 4 });
    world.readPage([room], member);
    fanOut.leave(member, room.id);
    fanOut.join(member, room.info(), { epoch: "e", offset: 1 });
    assert.equal(member.pages.length, 1, "the old one is still under way");
    world.answerPage([room], member);
    assert.equal(member.read(), "");
    page(member);
    world.readPage([room], member);
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    world.answerPage([room], member);
    assert.equal(member.read(), "m2 m3");
    while (page(member));
    assert.equal(member.read(), messages(1, 6));
  });

  it("asks again for a page that does not come, later each time, and in the end gives up", () => {
    const { world, room, fanOut, say, member, page } = setUp("disconnect");
    say(1);
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    world.refusePage(member);
    assert.equal(member.pages.length, 0);
    world.advance(249);
    assert.equal(member.pages.length, 0);
    world.advance(1);
    world.refusePage(member, 3000);
    world.advance(2999);
    assert.equal(member.pages.length, 0);
    world.advance(1);
    page(member);
    assert.equal(member.read(), "m1");

    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    for (let failures = 0; failures < 8; failures++) {
      assert.ok(world.refusePage(member));
      world.advance(10_000);
    }
    assert.equal(member.endedWith, undefined);
    assert.ok(world.refusePage(member));
    assert.equal(member.endedWith, "SERVER_ERROR");
    assert.deepEqual([world.timerCount, fanOut.roomCount, world.counters.lagging], [0, 0, 0]);
  });

  it("leaves no timer behind with a member that goes", () => {
    const { world, room, fanOut, say, member } = setUp("disconnect");
    say(1);
    fanOut.join(member, room.info(), { epoch: "e", offset: 0 });
    world.refusePage(member);
    assert.equal(world.timerCount, 1);
    fanOut.leaveAll(member);
    assert.equal(world.timerCount, 0);
    assert.equal(world.refusePage(member), false);
  });
});

describe("slow readers", () => {
  it("are left in the fan-out where the room's policy is to cut them off", () => {
    const rig = setUp("disconnect");
    rig.fanOut.join(rig.member, rig.room.info());
    for (let count = 0; count < 5; count++) fallBehind(rig);
    assert.equal(rig.member.endedWith, "SEND_QUEUE_FULL");
    assert.equal(rig.world.counters.lagging, 0);
  });

  it("are told what they missed, and go on with the latest", () => {
    const rig = setUp("skipToLatest");
    const { world, room, fanOut, say, member, other } = rig;
    fanOut.join(member, room.info());
    fanOut.join(other, room.info());
    fallBehind(rig);
    const had = room.lastOffset;
    world.drain(other);
    say(3);
    fanOut.flushAll();
    say(1, "mine", 1);
    fanOut.flushAll();
    assert.equal(other.read(), messages(had + 1, had + 4));
    world.drain(member, 1000);
    assert.equal(world.counters.lagging, 1, "not before its queue is empty");
    // What is in the run when it has drained is missed, too.
    say(1);
    const words = world.drain(member).length;
    assert.equal(words, had + 1);
    assert.equal(member.read(), `gap${had + 1}-${had + 5}`);
    say(1);
    fanOut.flushAll();
    assert.equal(member.read(), `m${had + 6}`);
    assert.deepEqual([world.counters.skips, world.counters.lagging, world.counters.gaps], [1, 0, 1]);
    assert.equal(member.pages.length, 0);
  });

  it("are sent what they missed from the log, as fast as they read", () => {
    const rig = setUp("catchUp");
    const { world, room, fanOut, say, member, page } = rig;
    fanOut.join(member, room.info());
    fallBehind(rig);
    const had = room.lastOffset;
    say(3);
    fanOut.flushAll();
    assert.equal(member.pages.length, 0, "not before its queue is empty");
    assert.equal(world.drain(member).length, had);
    assert.ok(page(member));
    say(1);
    fanOut.flushAll();
    assert.equal(member.read(), messages(had + 1, had + 4));
    assert.deepEqual([world.counters.catchUps, world.counters.skips, world.counters.lagging], [1, 0, 0]);
  });

  it("skip where there is no log to read again", () => {
    const rig = setUp("catchUp", {}, "memory");
    rig.fanOut.join(rig.member, rig.room.info());
    fallBehind(rig);
    rig.say(1);
    rig.fanOut.flushAll();
    assert.deepEqual([rig.world.counters.catchUps, rig.world.counters.skips], [0, 1]);
  });

  it("follow the room's policy as it is changed", () => {
    const rig = setUp("disconnect");
    const { world, room, fanOut, say, member } = rig;
    fanOut.join(member, room.info());
    room.slowReader = "skipToLatest";
    world.add(room, { type: "roomUpdated", room: room.info() });
    fallBehind(rig);
    say(100, "x".repeat(1024));
    fanOut.flushAll();
    assert.equal(member.endedWith, undefined);
    assert.equal(world.counters.skips, 1);
  });

  it("are who cannot take a run as long as their whole queue, even with an empty one", () => {
    for (const policy of ["skipToLatest", "catchUp"] as const) {
      const { world, room, fanOut, say, member, page } = setUp(policy);
      fanOut.join(member, room.info());
      say(80, "x".repeat(1024));
      fanOut.flushAll();
      let got = "";
      do {
        got += `${world.drain(member).length} `;
      } while (page(member) || !member.queue.isEmpty);
      assert.equal(member.endedWith, undefined);
      assert.equal(world.counters.lagging, 0);
      if (policy === "skipToLatest") assert.equal(got, "1 ");
      else
        assert.equal(
          got.split(" ").reduce((sum, count) => sum + Number(count), 0),
          80,
        );
    }
  });

  it("keep room in their queues for what is not a message", () => {
    const { world, room, fanOut, say, member } = setUp("skipToLatest");
    fanOut.join(member, room.info());
    say(60, "x".repeat(1024));
    fanOut.flushAll();
    assert.equal(world.counters.skips, 1);
    for (let count = 0; count < 100; count++) {
      world.add(room, { type: "userJoined", name: `user${count}`.padEnd(100, "x") });
      fanOut.flushAll();
    }
    assert.equal(member.endedWith, undefined);
  });

  it("are held back when memory is short, in the rooms that cut nobody off", () => {
    const { world, room, fanOut, say, member } = setUp("skipToLatest");
    const strict = new WorldRoom(8, "disconnect");
    fanOut.join(member, room.info());
    fanOut.join(member, strict.info());
    say(1);
    assert.ok(fanOut.holdBack(member));
    assert.equal(fanOut.holdBack(member), false, "it is already");
    say(1);
    world.publish(strict);
    fanOut.flushAll();
    assert.equal(world.drain(member).length, 2);
    assert.equal(member.read(), "gap2-2");
    assert.equal(fanOut.holdBack(world.member(1)), false, "it is in no room");
    assert.ok(fanOut.holdBack(member));
    say(1);
    fanOut.flushAll();
    assert.equal(member.read(), "m3", "with an empty queue it is live again at once");
  });
});
