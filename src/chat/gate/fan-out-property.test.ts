import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { type FakeMember, FanOutWorld, WorldRoom } from "../../../test/support/fan-out-world.ts";
import { PacketType } from "../../protocol/codes.ts";
import type { ServerPacket } from "../../protocol/packet-decoder.ts";
import type { SlowReaderPolicy } from "../store/store.ts";
import type { Wire } from "./packet-link.ts";

const LIMIT = 8192;
const MEMBERS = 4;
const kinds = ["text", "edit", "reaction", "delete"] as const;
const responseTypes = {
  text: PacketType.PUBLISH_RESPONSE,
  edit: PacketType.EDIT_MESSAGE_RESPONSE,
  delete: PacketType.DELETE_MESSAGE_RESPONSE,
  reaction: PacketType.REACT_RESPONSE,
} as const;

type Step =
  | { readonly do: "join"; readonly member: number; readonly room: number; readonly back: number | undefined }
  | { readonly do: "leave"; readonly member: number; readonly room: number }
  | {
      readonly do: "publish";
      readonly room: number;
      readonly by: number;
      readonly size: number;
      readonly count: number;
    }
  | { readonly do: "drain"; readonly member: number; readonly bytes: number }
  | { readonly do: "read" | "answer" | "refuse" | "holdBack" | "end"; readonly member: number }
  | { readonly do: "trim"; readonly room: number; readonly count: number }
  | { readonly do: "notice"; readonly room: number }
  | { readonly do: "flush" | "wait" };

const member = fc.nat(MEMBERS - 1);
const room = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      member,
      room,
      back: fc.option(fc.nat(20), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), member, room }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      room,
      by: fc.nat(MEMBERS),
      size: fc.constantFrom(10, 300, 800),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      member,
      bytes: fc.constantFrom(100, 2000, 1e6),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("read" as const, "answer" as const), member }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("refuse" as const, "holdBack" as const, "end" as const),
      member,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), room, count: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("notice" as const), room }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("flush" as const, "flush" as const, "wait" as const) }),
  },
);

/** What one stay of a member in a room must bring: everything after `position`, once and in order. */
class Stay {
  readonly room: WorldRoom;
  position: number;
  /** Offsets of its own that it was answered with. */
  readonly answered = new Set<number>();
  readonly asked = new Set<number>();

  constructor(from: WorldRoom, position: number) {
    this.room = from;
    this.position = position;
  }

  onEntry(offset: number): void {
    this.#pass(offset - 1);
    assert.equal(offset, this.position + 1, "the next one");
    this.position = offset;
  }

  onGap(from: number, to: number, mayMiss: (offset: number) => boolean): void {
    this.#pass(from - 1);
    assert.equal(from, this.position + 1);
    assert.ok(to >= from);
    for (let offset = from; offset <= to; offset++) assert.ok(mayMiss(offset), `${offset} was to be had`);
    this.position = to;
  }

  onAnswer(offset: number): void {
    assert.ok(this.asked.delete(offset), "one answer for each of its own");
    this.answered.add(offset);
  }

  /** Nothing is missing up to `offset`. */
  expectComplete(offset: number): void {
    this.#pass(offset);
    assert.equal(this.position, offset);
    assert.equal(this.asked.size, 0);
  }

  /** Its own messages it has by their answers. */
  #pass(offset: number): void {
    while (this.position < offset && this.answered.has(this.position + 1)) this.position++;
  }
}

/** One run of steps, and what must come of it. */
class Trial {
  readonly world: FanOutWorld;
  readonly rooms: readonly WorldRoom[];
  /** By member, by room id: where it is. */
  readonly #stays: Map<number, Stay>[] = Array.from({ length: MEMBERS }, () => new Map());
  readonly #removed = new Map<WorldRoom, Set<number>>();
  readonly #gone = new Set<FakeMember>();

  constructor(policies: readonly SlowReaderPolicy[], wires: readonly Wire[], arePagesStale: boolean) {
    this.rooms = policies.map((policy, index) => new WorldRoom(index + 1, policy));
    for (const each of this.rooms) this.#removed.set(each, new Set());
    this.world = new FanOutWorld({
      memberCount: MEMBERS,
      wires,
      sendQueueBytes: LIMIT,
      packetBytes: 1024,
      pageEntries: 7,
      arePagesStale,
    });
  }

  take(next: Step): void {
    this.#step(next);
    this.#checkQueues();
  }

  #step(next: Step): void {
    const { world, rooms } = this;
    const { fanOut } = world;
    const who = "member" in next ? world.member(next.member) : undefined;
    const where = "room" in next ? (rooms[next.room] as WorldRoom) : undefined;
    if (next.do === "publish" && where !== undefined) this.#publish(where, next);
    else if (next.do === "trim" && where !== undefined) this.#trim(where, next.count);
    else if (next.do === "notice" && where !== undefined) {
      world.add(where, { type: "userJoined", name: "joon" });
      world.add(where, { type: "typing", name: "joon", except: 1 });
    } else if (next.do === "flush") fanOut.flushAll();
    else if (next.do === "wait") world.advance(5000);
    if (who === undefined || who.endedWith !== undefined) return;
    if (next.do === "join" && where !== undefined) this.#join(who, where, next.back);
    else if (next.do === "leave" && where !== undefined) this.#leave(who, where);
    else if (next.do === "drain") this.#hear(who, world.drain(who, next.bytes));
    else if (next.do === "read") world.readPage(rooms, who);
    else if (next.do === "answer") world.answerPage(rooms, who);
    else if (next.do === "refuse") world.refusePage(who);
    else if (next.do === "holdBack") fanOut.holdBack(who);
    else if (next.do === "end") who.end("KICKED");
  }

  /** Everybody reads, everything is answered: then everybody has everything. */
  settle(): void {
    const { world, rooms } = this;
    for (let rounds = 0; rounds < 200; rounds++) {
      world.fanOut.flushAll();
      world.advance(10_000);
      let isQuiet = true;
      for (const who of world.members) {
        if (who.endedWith !== undefined) continue;
        if (!who.queue.isEmpty || who.pages.length > 0) isQuiet = false;
        this.#hear(who, world.drain(who));
        world.readPage(rooms, who);
        world.answerPage(rooms, who);
        this.#checkQueues();
      }
      if (isQuiet) break;
    }
    for (const who of world.members) {
      if (who.endedWith !== undefined) continue;
      for (const stay of this.#staysOf(who).values()) stay.expectComplete(stay.room.lastOffset);
    }
  }

  expectNothingHeld(): void {
    const { world } = this;
    for (const who of world.members) {
      world.fanOut.leaveAll(who);
      who.queue.clear();
    }
    world.pool.trim();
    assert.equal(world.pool.usedCount, 0);
    assert.deepEqual([world.counters.lagging, world.timerCount, world.fanOut.roomCount], [0, 0, 0]);
  }

  #staysOf(who: FakeMember): Map<number, Stay> {
    return this.#stays[who.key - 1] as Map<number, Stay>;
  }

  #publish(where: WorldRoom, { by, size, count }: Extract<Step, { readonly do: "publish" }>): void {
    for (let index = 0; index < count; index++) {
      const author = by === 0 || index > 0 ? undefined : this.world.member(by - 1);
      const stay =
        author?.endedWith === undefined && author !== undefined
          ? this.#staysOf(author).get(where.id)
          : undefined;
      const kind = kindAt(where.lastOffset + 1);
      stay?.asked.add(where.lastOffset + 1);
      this.world.publish(where, stay === undefined ? 0 : by, "x".repeat(size), kind);
    }
  }

  #trim(where: WorldRoom, count: number): void {
    for (const { offset } of where.log.splice(0, count)) this.#removed.get(where)?.add(offset);
  }

  #join(who: FakeMember, where: WorldRoom, back: number | undefined): void {
    const { fanOut } = this.world;
    const stays = this.#staysOf(who);
    if (stays.has(where.id)) {
      fanOut.join(who, where.info());
      return;
    }
    const offset = back === undefined ? -1 : Math.max(0, where.lastOffset - back);
    const position = back === undefined ? undefined : { epoch: "e", offset };
    const isRecovered = fanOut.recovers(where.info(), position);
    fanOut.join(who, where.info(), position);
    stays.set(where.id, new Stay(where, isRecovered ? offset : where.lastOffset));
  }

  /** What it got until it left was in order; all of it only where it was live. */
  #leave(who: FakeMember, where: WorldRoom): void {
    this.world.fanOut.leave(who, where.id);
    if (who.endedWith !== undefined) return;
    this.#hear(who, who.take());
    this.world.fanOut.onDrained(who);
    this.#staysOf(who).delete(where.id);
  }

  #hear(who: FakeMember, packets: readonly ServerPacket[]): void {
    for (const packet of packets) this.#hearOne(who, packet);
  }

  #hearOne(who: FakeMember, packet: ServerPacket): void {
    switch (packet.type) {
      case PacketType.MESSAGE_NOTICE:
        this.#stayOf(who, packet.body.roomId).onEntry(Number(packet.body.offset));
        break;
      case PacketType.ROOM_GAP_NOTICE: {
        const { roomId, fromOffset, toOffset } = packet.body;
        const stay = this.#stayOf(who, roomId);
        const isSkipped = stay.room.slowReader === "skipToLatest";
        const mayMiss = (offset: number) => isSkipped || this.#removed.get(stay.room)?.has(offset) === true;
        stay.onGap(Number(fromOffset), Number(toOffset), mayMiss);
        break;
      }
      case PacketType.PUBLISH_RESPONSE:
      case PacketType.EDIT_MESSAGE_RESPONSE:
      case PacketType.DELETE_MESSAGE_RESPONSE:
      case PacketType.REACT_RESPONSE: {
        const offset = Number(packet.body.offset);
        // The world's request ids are the rooms'.
        this.#stayOf(who, packet.body.requestId).onAnswer(offset);
        assert.equal(packet.type, responseTypes[kindAt(offset)]);
        break;
      }
      default:
        assert.ok([PacketType.USER_JOINED_NOTICE, PacketType.TYPING_NOTICE].includes(packet.type));
    }
  }

  #stayOf(who: FakeMember, roomId: number): Stay {
    const stay = this.#staysOf(who).get(roomId);
    assert.ok(stay !== undefined, "only members hear of a room");
    return stay;
  }

  /** Only a room that cuts slow readers off may have ended a session. */
  #checkQueues(): void {
    for (const who of this.world.members) {
      if (who.endedWith === undefined || this.#gone.has(who)) continue;
      const rooms = [...this.#staysOf(who).values()].map((stay) => stay.room.slowReader);
      assert.ok(who.endedWith !== "SEND_QUEUE_FULL" || rooms.includes("disconnect"), "queues stay in bounds");
      assert.notEqual(who.endedWith, "SEND_BUFFER_EXHAUSTED");
      this.#gone.add(who);
      this.world.fanOut.leaveAll(who);
      who.queue.clear();
    }
  }
}

function kindAt(offset: number): (typeof kinds)[number] {
  return kinds[offset % kinds.length] as (typeof kinds)[number];
}

const policy = fc.constantFrom<SlowReaderPolicy>("disconnect", "skipToLatest", "catchUp");

const wire = fc.constantFrom<Wire>("packets", "websocket", "deflate");

describe("fan-out, whatever happens in whatever order", () => {
  it("gives each member the room's entries in order, each once, and says exactly what it leaves out", () => {
    fc.assert(
      fc.property(
        fc.tuple(policy, policy),
        fc.array(wire, { minLength: MEMBERS, maxLength: MEMBERS }),
        fc.boolean(),
        fc.array(step, { maxLength: 120, size: "max" }),
        (policies, wires, arePagesStale, steps) => {
          const trial = new Trial(policies, wires, arePagesStale);
          for (const each of steps) trial.take(each);
          trial.settle();
          trial.expectNothingHeld();
        },
      ),
      { numRuns: Number(process.env["FAN_OUT_RUNS"] ?? 400) },
    );
  });
});
