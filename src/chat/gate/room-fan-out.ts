import { assert } from "../../base/assert.ts";
import { ArenaExhaustedError, type SendChunk } from "../../engine/index.ts";
import { PacketType } from "../../protocol/codes.ts";
import type { PacketEncoder, PacketRange } from "../../protocol/packet-encoder.ts";
import type { RoomEvent } from "../hub/event.ts";
import type { RoomId, SessionKey } from "../names.ts";
import type { GateCounters } from "./gate-counters.ts";
import { LocalRoom, type Member, type Membership } from "./local-room.ts";

/**
 * Brings what happens in a room to the members that this gate holds (row C6).
 *
 * The events of a batch are gathered per room. A room's gathered events, its **run**, are encoded once,
 * one after the other, so that they are one range of a chunk (a few, where it spans chunks), and each
 * member's send queue gets that range: per member nothing is encoded, copied or allocated. A member that
 * an event is not for (the one that published the message) gets the run cut at that place, with its
 * PublishResponse there, so every session sees the room's offsets rise, its own among them.
 *
 * Whoever comes into a room gets what came after: the run so far is flushed first. The same before
 * anything is said to a session whose place among the room's messages matters.
 */
export class RoomFanOut {
  readonly #encoder: PacketEncoder;
  readonly #counters: GateCounters;
  readonly #findMember: (key: SessionKey) => Member | undefined;
  readonly #rooms = new Map<RoomId, LocalRoom>();
  /** Rooms with a run. */
  readonly #dirty: LocalRoom[] = [];
  readonly #run: EncodedRun;
  /** Memberships that the run being flushed has something of their own for. */
  readonly #special: Membership[] = [];
  #runSerial = 0;

  /** `findMember` tells the session of this gate with a key; undefined when it has ended. */
  constructor(
    encoder: PacketEncoder,
    counters: GateCounters,
    findMember: (key: SessionKey) => Member | undefined,
  ) {
    this.#encoder = encoder;
    this.#counters = counters;
    this.#findMember = findMember;
    this.#run = new EncodedRun();
  }

  /** Rooms with a member here. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Adds an event to its room's run. Without members here there is nobody to tell. */
  add(event: RoomEvent): void {
    const room = this.#rooms.get(event.roomId);
    if (room === undefined) return;
    if (room.run.length === 0) this.#dirty.push(room);
    room.run.push(event);
  }

  /** The member gets the room's events from now on. Harmless when it does already. */
  join(member: Member, roomId: RoomId): void {
    let room = this.#rooms.get(roomId);
    if (room === undefined) {
      room = new LocalRoom(roomId);
      this.#rooms.set(roomId, room);
      this.#counters.rooms = this.#rooms.size;
    } else {
      this.flush(room);
    }
    room.add(member);
  }

  /** The member gets what came until now, and nothing after. Harmless when it is none. */
  leave(member: Member, roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return;
    this.flush(room);
    if (room.remove(member)) this.#dropIfEmpty(room);
  }

  /** The member has ended: it gets nothing more, of any room. */
  leaveAll(member: Member): void {
    while (member.firstMembership !== undefined) {
      const { room } = member.firstMembership;
      room.remove(member);
      this.#dropIfEmpty(room);
    }
  }

  /** Sends the member what its rooms have gathered. */
  flushRoomsOf(member: Member): void {
    for (let each = member.firstMembership; each !== undefined; each = each.next) this.flush(each.room);
  }

  /** Sends the room's members what has gathered for them. */
  flushRoom(roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (room !== undefined) this.flush(room);
  }

  /** Sends everything that has gathered: the end of a batch. */
  flushAll(): void {
    for (let index = 0; index < this.#dirty.length; index++) this.flush(this.#dirty[index] as LocalRoom);
    this.#dirty.length = 0;
  }

  flush(room: LocalRoom): void {
    const events = room.run;
    if (events.length === 0) return;
    this.#runSerial++;
    this.#markSpecial(room, events);
    try {
      this.#encode(events);
      this.#sendToMembers(room, events.length);
      this.#sendToSpecial(events);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      // Part of a run would be a hole in the room's order: whoever cannot get all of it starts anew,
      // and catches up by offset.
      for (const { member } of room.memberships) member.session.abort("SEND_BUFFER_EXHAUSTED");
    } finally {
      this.#run.release();
      for (const membership of this.#special) membership.own = undefined;
      this.#special.length = 0;
      room.run = [];
    }
  }

  /** Notes in each membership which events of the run are not for it. */
  #markSpecial(room: LocalRoom, events: readonly RoomEvent[]): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as RoomEvent;
      if (event.type === "userLeft") continue;
      const key = event.type === "message" ? event.publisher : event.except;
      if (key === 0) continue;
      const member = this.#findMember(key);
      const membership = member === undefined ? undefined : room.membershipOf(member);
      if (membership === undefined) continue;
      if (membership.runSerial !== this.#runSerial) {
        membership.runSerial = this.#runSerial;
        this.#special.push(membership);
        membership.own = [index];
      } else {
        membership.own?.push(index);
      }
    }
  }

  #encode(events: readonly RoomEvent[]): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as RoomEvent;
      this.#run.add(this.#encodeEvent(event));
      if (event.type === "message") this.#counters.messagesFannedOut++;
    }
  }

  #encodeEvent(event: RoomEvent): PacketRange {
    const { roomId } = event;
    switch (event.type) {
      case "message":
        return this.#encoder.encodeMessageNotice(
          roomId,
          event.offset,
          event.timeMs,
          event.sender,
          event.text,
        );
      case "userJoined":
        return this.#encoder.encode(PacketType.USER_JOINED_NOTICE, { roomId, name: event.name });
      case "userLeft":
        return this.#encoder.encode(PacketType.USER_LEFT_NOTICE, { roomId, name: event.name });
    }
  }

  /** The hot loop: the whole run to everybody it is for as it is. */
  #sendToMembers(room: LocalRoom, eventCount: number): void {
    const { memberships } = room;
    const { segmentCount, segmentChunks, segmentStarts, segmentEnds } = this.#run;
    const serial = this.#runSerial;
    if (segmentCount === 1) {
      const chunk = segmentChunks[0] as SendChunk;
      const start = segmentStarts[0] as number;
      const end = segmentEnds[0] as number;
      for (let index = 0; index < memberships.length; index++) {
        const membership = memberships[index] as Membership;
        if (membership.runSerial !== serial) membership.session.send(chunk, start, end);
      }
    } else {
      for (let index = 0; index < memberships.length; index++) {
        const membership = memberships[index] as Membership;
        if (membership.runSerial !== serial) this.#run.sendTo(membership.session, 0, eventCount);
      }
    }
    this.#counters.deliveries += (memberships.length - this.#special.length) * eventCount;
  }

  /** The run without a member's own events, and its responses in their places. */
  #sendToSpecial(events: readonly RoomEvent[]): void {
    for (const { member, session, own = [] } of this.#special) {
      let from = 0;
      for (const index of own) {
        this.#run.sendTo(session, from, index);
        from = index + 1;
        const event = events[index] as RoomEvent;
        if (event.type !== "message") continue;
        member.onAnswered();
        const { chunk, start, end } = this.#encoder.encodePublishResponse(
          event.requestId,
          event.offset,
          event.timeMs,
        );
        session.send(chunk, start, end);
      }
      this.#run.sendTo(session, from, events.length);
      this.#counters.deliveries += events.length - own.length;
    }
  }

  #dropIfEmpty(room: LocalRoom): void {
    if (room.memberships.length > 0) return;
    room.run.length = 0;
    this.#rooms.delete(room.id);
    this.#counters.rooms = this.#rooms.size;
  }
}

/**
 * Where the events of a run were written: each event's range, and the segments (ranges of one chunk)
 * that they lie in. Holds a reference to each chunk until `release`.
 */
class EncodedRun {
  segmentCount = 0;
  readonly segmentChunks: SendChunk[] = [];
  readonly segmentStarts: number[] = [];
  readonly segmentEnds: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #segments: number[] = [];
  #count = 0;

  add({ chunk, start, end }: PacketRange): void {
    const last = this.segmentCount - 1;
    if (last >= 0 && this.segmentChunks[last] === chunk && this.segmentEnds[last] === start) {
      this.segmentEnds[last] = end;
    } else {
      chunk.retain();
      this.segmentChunks[this.segmentCount] = chunk;
      this.segmentStarts[this.segmentCount] = start;
      this.segmentEnds[this.segmentCount] = end;
      this.segmentCount++;
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#segments[this.#count] = this.segmentCount - 1;
    this.#count++;
  }

  /** Queues the events [from, to) for a session. */
  sendTo(session: Member["session"], from: number, to: number): void {
    if (from >= to) return;
    assert(to <= this.#count, "only encoded events are sent");
    const lastSegment = this.#segments[to - 1] as number;
    let start = this.#starts[from] as number;
    for (let segment = this.#segments[from] as number; segment < lastSegment; segment++) {
      session.send(this.segmentChunks[segment] as SendChunk, start, this.segmentEnds[segment] as number);
      start = this.segmentStarts[segment + 1] as number;
    }
    session.send(this.segmentChunks[lastSegment] as SendChunk, start, this.#ends[to - 1] as number);
  }

  /** From here on only the send queues hold the chunks. */
  release(): void {
    for (let segment = 0; segment < this.segmentCount; segment++) this.segmentChunks[segment]?.release();
    this.segmentChunks.length = 0;
    this.segmentCount = 0;
    this.#count = 0;
  }
}
