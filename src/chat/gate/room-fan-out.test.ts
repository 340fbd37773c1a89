import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SendChunk } from "../../engine/index.ts";
import { HeapArena } from "../../engine/memory/arena.ts";
import { SendBufferPool } from "../../engine/memory/send-buffer-pool.ts";
import { SendQueue } from "../../engine/send-queue.ts";
import { PacketType } from "../../protocol/codes.ts";
import { decodeServerPacket } from "../../protocol/packet-decoder.ts";
import { PacketEncoder } from "../../protocol/packet-encoder.ts";
import { readPacketSize } from "../../protocol/packet-framer.ts";
import type { RoomEvent } from "../hub/event.ts";
import { newGateCounters } from "./gate-counters.ts";
import type { Member, Membership } from "./local-room.ts";
import { RoomFanOut } from "./room-fan-out.ts";

const ROOM = 7;

/** A member whose queue is looked at instead of sent. */
class FakeMember implements Member {
  firstMembership: Membership | undefined;
  readonly queue = new SendQueue();
  readonly session = {
    send: (chunk: SendChunk, start: number, end: number): boolean => {
      this.queue.push(chunk, start, end);
      return true;
    },
    abort: (): void => {
      this.isAborted = true;
    },
  };
  isAborted = false;
  answeredCount = 0;

  onAnswered(): void {
    this.answeredCount++;
  }

  /** What is queued, in words: "m5" a message, "r5" a response, "+name" and "-name". */
  read(): string[] {
    const bytes: number[] = [];
    for (let piece = 0; piece < this.queue.pieceCount; piece++) {
      const chunk = this.queue.chunkAt(piece);
      bytes.push(...chunk.bytes.subarray(this.queue.startAt(piece), this.queue.endAt(piece)));
    }
    this.queue.clear();
    const all = Uint8Array.from(bytes);
    const words: string[] = [];
    for (let at = 0; at < all.length; at += readPacketSize(all, at)) {
      words.push(word(decodeServerPacket(all, at, at + readPacketSize(all, at))));
    }
    return words;
  }
}

function word(packet: ReturnType<typeof decodeServerPacket>): string {
  if (packet.type === PacketType.MESSAGE_NOTICE) return `m${packet.body.offset}`;
  if (packet.type === PacketType.PUBLISH_RESPONSE) return `r${packet.body.offset}`;
  if (packet.type === PacketType.USER_JOINED_NOTICE) return `+${packet.body.name}`;
  if (packet.type === PacketType.USER_LEFT_NOTICE) return `-${packet.body.name}`;
  return `type ${packet.type}`;
}

function message(offset: number, publisher = 0, text = "hello", roomId = ROOM): RoomEvent {
  return {
    type: "message",
    roomId,
    offset,
    timeMs: 1,
    sender: "mina",
    text,
    publisher,
    requestId: publisher,
  };
}

function setUp(memberCount: number, arenaBytes = 1 << 24) {
  const pool = new SendBufferPool(new HeapArena(arenaBytes));
  const members = Array.from({ length: memberCount }, () => new FakeMember());
  const counters = newGateCounters();
  // A member's key is its place + 1.
  const fanOut = new RoomFanOut(new PacketEncoder(pool), counters, (key) => members[key - 1]);
  return { pool, members, counters, fanOut };
}

describe("RoomFanOut", () => {
  it("gives every member the same one piece, and the publisher its answers in the places of its messages", () => {
    const { members, fanOut } = setUp(4);
    for (const member of members) fanOut.join(member, ROOM);
    for (const [index, publisher] of [1, 2, 1, 0, 2].entries()) fanOut.add(message(index + 1, publisher));
    fanOut.flushAll();
    assert.equal(members[2]?.queue.pieceCount, 1);
    assert.equal(members[3]?.queue.pieceCount, 1);
    assert.equal(members[2]?.queue.chunkAt(0), members[3]?.queue.chunkAt(0));
    assert.deepEqual(
      members.map((member) => member.read().join(" ")),
      ["r1 m2 r3 m4 m5", "m1 r2 m3 m4 r5", "m1 m2 m3 m4 m5", "m1 m2 m3 m4 m5"],
    );
    assert.deepEqual(
      members.map((member) => member.answeredCount),
      [2, 2, 0, 0],
    );
  });

  it("encodes a room's messages side by side although another room's come between", () => {
    const { members, fanOut } = setUp(2);
    const [a, b] = members as [FakeMember, FakeMember];
    fanOut.join(a, 1);
    fanOut.join(b, 2);
    for (let offset = 1; offset <= 10; offset++) {
      fanOut.add(message(offset, 0, "one", 1));
      fanOut.add(message(offset, 0, "two", 2));
    }
    fanOut.flushAll();
    assert.equal(a.queue.pieceCount, 1);
    assert.equal(b.queue.pieceCount, 1);
    assert.equal(a.read().length, 10);
    assert.equal(b.read().length, 10);
  });

  it("gives whoever comes or goes in the middle of a batch what belongs to its time", () => {
    const { members, fanOut } = setUp(3);
    const [stays, goes, comes] = members as [FakeMember, FakeMember, FakeMember];
    fanOut.join(stays, ROOM);
    fanOut.join(goes, ROOM);
    fanOut.add(message(1));
    fanOut.leave(goes, ROOM);
    fanOut.add({ type: "userLeft", roomId: ROOM, name: "goes" });
    fanOut.add(message(2));
    fanOut.join(comes, ROOM);
    fanOut.add({ type: "userJoined", roomId: ROOM, name: "comes", except: 3 });
    fanOut.add(message(3, 3));
    fanOut.flushAll();
    assert.equal(stays.read().join(" "), "m1 -goes m2 +comes m3");
    assert.equal(goes.read().join(" "), "m1");
    assert.equal(comes.read().join(" "), "r3");
  });

  it("sends a run that spans chunks in as many pieces, whole and in order", () => {
    const { members, fanOut, pool } = setUp(3);
    for (const member of members) fanOut.join(member, ROOM);
    const text = "x".repeat(4000);
    const expected: string[] = [];
    for (let offset = 1; offset <= 100; offset++) {
      fanOut.add(message(offset, offset % 40 === 0 ? 1 : 0, text));
      expected.push(`m${offset}`);
    }
    fanOut.flushAll();
    assert.ok((members[1] as FakeMember).queue.pieceCount >= 6);
    assert.deepEqual(members[1]?.read(), expected);
    assert.deepEqual(members[2]?.read(), expected);
    assert.deepEqual(
      members[0]?.read(),
      expected.map((sent, index) => ((index + 1) % 40 === 0 ? `r${index + 1}` : sent)),
    );
    pool.trim();
    assert.equal(pool.usedCount, 0, "after the fan-out only queues hold chunks");
  });

  it("keeps the members dense: leaving costs the last one its place, and nobody a message", () => {
    const { members, fanOut, counters } = setUp(50);
    for (const member of members) fanOut.join(member, ROOM);
    for (const [index, member] of members.entries()) if (index % 3 === 0) fanOut.leaveAll(member);
    fanOut.leave(members[0] as FakeMember, ROOM);
    fanOut.join(members[1] as FakeMember, ROOM);
    fanOut.add(message(1));
    fanOut.flushAll();
    for (const [index, member] of members.entries()) {
      assert.deepEqual(member.read(), index % 3 === 0 ? [] : ["m1"], `member ${index}`);
    }
    for (const member of members) fanOut.leaveAll(member);
    assert.equal(fanOut.roomCount, 0);
    assert.equal(counters.rooms, 0);
  });

  it("ends the members of a room whose run finds no memory, and holds nothing", () => {
    const { members, fanOut, pool } = setUp(2, 65_536 * 4);
    for (const member of members) fanOut.join(member, ROOM);
    for (let offset = 1; offset <= 200; offset++) fanOut.add(message(offset, 0, "x".repeat(4000)));
    fanOut.flushAll();
    assert.deepEqual(
      members.map((member) => member.isAborted),
      [true, true],
    );
    for (const member of members) member.queue.clear();
    pool.trim();
    assert.equal(pool.usedCount, 0);
  });

  it("says nothing to a room without members, and forgets nothing for the next run", () => {
    const { members, fanOut } = setUp(1);
    fanOut.add(message(1));
    fanOut.join(members[0] as FakeMember, ROOM);
    fanOut.add(message(2));
    fanOut.flushRoomsOf(members[0] as FakeMember);
    fanOut.flushAll();
    fanOut.flushAll();
    assert.deepEqual(members[0]?.read(), ["m2"]);
  });
});
