import assert from "node:assert/strict";
import { type EndCode } from "../../src/chat/gate/disconnects.ts";
import { newGateCounters } from "../../src/chat/gate/gate-counters.ts";
import type { FramedTarget, Member, Membership } from "../../src/chat/gate/local-room.ts";
import type { Wire } from "../../src/chat/gate/packet-link.ts";
import { RoomFanOut } from "../../src/chat/gate/room-fan-out.ts";
import type { CommandOf } from "../../src/chat/hub/command.ts";
import type { HistoryMessage, RoomEvent, RoomInfo } from "../../src/chat/hub/event.ts";
import type { SlowReaderPolicy } from "../../src/chat/store/store.ts";
import type { SendChunk } from "../../src/engine/index.ts";
import { HeapArena } from "../../src/engine/memory/arena.ts";
import { SendBufferPool } from "../../src/engine/memory/send-buffer-pool.ts";
import { SendQueue } from "../../src/engine/send-queue.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { decodeServerPacket, type ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { PacketEncoder } from "../../src/protocol/packet-encoder.ts";
import { readPacketSize } from "../../src/protocol/packet-framer.ts";
import { frameHeaderBytes, Opcode, writeFrameHeader } from "../../src/websocket/index.ts";
import { messageOf, ServerFrames } from "./websocket-frames.ts";

export interface FanOutWorldOptions {
  readonly memberCount?: number;
  /** The members' wires, in turn. Default: packets for all. */
  readonly wires?: readonly Wire[];
  readonly arenaBytes?: number;
  /** Default: none in effect. */
  readonly sendQueueBytes?: number;
  readonly packetBytes?: number;
  /** Entries of a page, whatever is asked for. */
  readonly pageEntries?: number;
  /** Pages say whether there was more when the store read them, and not when they are answered. */
  readonly arePagesStale?: boolean;
}

/** A page that was asked for, and what the store found once it was read. */
interface PendingPage {
  readonly command: CommandOf<"history">;
  found: readonly HistoryMessage[] | undefined;
  end: number;
  more: boolean;
}

export interface FakeMemberOptions {
  readonly key: number;
  readonly wire: Wire;
  readonly limitBytes: number;
  readonly pool: SendBufferPool;
  readonly onEnd: (member: FakeMember) => void;
}

/** A member whose queue is looked at instead of sent, and bounded as a session's is. */
export class FakeMember implements Member {
  firstMembership: Membership | undefined;
  readonly key: number;
  readonly queue = new SendQueue();
  readonly wire: Wire;
  readonly link: FramedTarget & { queuedBytes: number };
  endedWith: string | undefined;
  answeredCount = 0;
  readonly pages: PendingPage[] = [];
  readonly #limitBytes: number;
  readonly #onEnd: (member: FakeMember) => void;
  readonly #frames: ServerFrames | undefined;
  /** Messages that were compressed. */
  deflatedCount = 0;
  /** Pieces that were queued. */
  pieceCount = 0;
  #unread: Uint8Array = new Uint8Array();

  constructor({ key, wire, limitBytes, pool, onEnd }: FakeMemberOptions) {
    this.key = key;
    this.wire = wire;
    this.#limitBytes = limitBytes;
    this.#onEnd = onEnd;
    this.#frames = wire === "packets" ? undefined : new ServerFrames();
    const queue = (chunk: SendChunk, start: number, end: number): boolean => this.#queue(chunk, start, end);
    this.link = {
      queuedBytes: 0,
      send: wire === "packets" ? queue : (chunk, start, end) => this.#frame(pool, chunk, start, end),
      sendFramed: (chunk, start, end) => {
        assert.notEqual(wire, "packets", "over TCP there are no frames");
        return this.#queue(chunk, start, end);
      },
      abort: (reason) => {
        this.endedWith ??= reason;
      },
    };
  }

  #queue(chunk: SendChunk, start: number, end: number): boolean {
    if (this.endedWith !== undefined) return false;
    if (this.queue.byteCount + end - start > this.#limitBytes) {
      this.endedWith = "SEND_QUEUE_FULL";
      return false;
    }
    this.pieceCount++;
    this.queue.push(chunk, start, end);
    this.link.queuedBytes = this.queue.byteCount;
    return true;
  }

  /** As a WebSocketConnection does: a header, then the range itself. */
  #frame(pool: SendBufferPool, chunk: SendChunk, start: number, end: number): boolean {
    const headerBytes = frameHeaderBytes(end - start);
    chunk.retain();
    try {
      const header = pool.open(headerBytes);
      const at = header.writtenBytes;
      writeFrameHeader(header.bytes, at, Opcode.BINARY, end - start);
      pool.close(headerBytes);
      return this.#queue(header, at, at + headerBytes) && this.#queue(chunk, start, end);
    } finally {
      chunk.release();
    }
  }

  request(command: CommandOf<"history">): void {
    assert.deepEqual([command.session, command.requestId, command.replay], [this.key, 0, true]);
    this.pages.push({ command, found: undefined, end: 0, more: true });
  }

  onAnswered(): void {
    this.answeredCount++;
  }

  end(code: EndCode): void {
    this.endedWith ??= code;
    this.#onEnd(this);
  }

  /** Takes at most so many bytes off the queue, and gives the packets that are complete with them. */
  take(byteCount: number = this.queue.byteCount): ServerPacket[] {
    const parts: Uint8Array[] = [];
    let left = Math.min(byteCount, this.queue.byteCount);
    const taken = left;
    for (let piece = 0; left > 0; piece++) {
      const start = this.queue.startAt(piece);
      const end = Math.min(this.queue.endAt(piece), start + left);
      parts.push(this.queue.chunkAt(piece).bytes.slice(start, end));
      left -= end - start;
    }
    this.queue.consume(taken);
    this.link.queuedBytes = this.queue.byteCount;
    if (this.#frames === undefined) return this.#packets(Buffer.concat(parts));
    return this.#frames.add(Buffer.concat(parts)).flatMap((frame) => {
      assert.equal(frame.opcode, Opcode.BINARY);
      const { payload, wasDeflated } = messageOf(frame);
      if (wasDeflated) this.deflatedCount++;
      const packets = this.#packets(payload);
      assert.equal(this.#unread.length, 0, "a message has whole packets");
      return packets;
    });
  }

  #packets(bytes: Uint8Array): ServerPacket[] {
    const all = Buffer.concat([this.#unread, bytes]);
    const packets: ServerPacket[] = [];
    let at = 0;
    while (all.length - at >= 4 && all.length - at >= readPacketSize(all, at)) {
      const end = at + readPacketSize(all, at);
      packets.push(decodeServerPacket(all, at, end));
      at = end;
    }
    this.#unread = all.subarray(at);
    return packets;
  }

  /** What is queued, in words, and empties the queue. */
  read(): string {
    return this.take().map(word).join(" ");
  }
}

/** "m5" a message, "r5" a response, "+a,b" and "-a" comings and goings, "gap 3-7". */
export function word(packet: ServerPacket): string {
  switch (packet.type) {
    case PacketType.MESSAGE_NOTICE:
      return `m${packet.body.offset}`;
    case PacketType.PUBLISH_RESPONSE:
      return `r${packet.body.offset}`;
    case PacketType.EDIT_MESSAGE_RESPONSE:
      return `edit${packet.body.offset}`;
    case PacketType.DELETE_MESSAGE_RESPONSE:
      return `delete${packet.body.offset}`;
    case PacketType.REACT_RESPONSE:
      return `react${packet.body.offset}`;
    case PacketType.USER_JOINED_NOTICE:
      return `+${packet.body.names.join(",")}`;
    case PacketType.USER_LEFT_NOTICE:
      return `-${packet.body.names.join(",")}`;
    case PacketType.MEMBER_COUNT_NOTICE:
      return `count${packet.body.memberCount}`;
    case PacketType.TYPING_NOTICE:
      return `typing:${packet.body.name}`;
    case PacketType.ROOM_UPDATED_NOTICE:
      return `room:${packet.body.room?.topic}`;
    case PacketType.ROOM_CLOSED_NOTICE:
      return `closed${packet.body.cause}`;
    case PacketType.ROOM_GAP_NOTICE:
      return `gap${packet.body.fromOffset}-${packet.body.toOffset}`;
    default:
      return `type ${packet.type}`;
  }
}

/** A room as the hub has it: its log, of which retention may remove the oldest. */
export class WorldRoom {
  readonly id: number;
  slowReader: SlowReaderPolicy;
  readonly kind: "logged" | "memory";
  log: HistoryMessage[] = [];
  lastOffset = 0;
  topic = "";

  constructor(id: number, slowReader: SlowReaderPolicy, kind: "logged" | "memory" = "logged") {
    this.id = id;
    this.slowReader = slowReader;
    this.kind = kind;
  }

  info(): RoomInfo {
    return {
      id: this.id,
      name: `room${this.id}`,
      kind: this.kind,
      epoch: "e",
      firstOffset: this.log[0]?.offset ?? 0,
      lastOffset: this.lastOffset,
      memberCount: 1,
      access: "public",
      topic: this.topic,
      archived: false,
      slowModeMs: 0,
      slowReader: this.slowReader,
      retentionAgeMs: 0,
      retentionCount: 0,
      role: "none",
    };
  }
}

/** A fan-out, the members of its gate, and as much of a hub as it talks to. */
export class FanOutWorld {
  readonly pool: SendBufferPool;
  readonly members: FakeMember[];
  readonly counters = newGateCounters();
  readonly fanOut: RoomFanOut;
  nowMs = 0;
  readonly #pageEntries: number;
  readonly #arePagesStale: boolean;
  #timers: { readonly dueMs: number; readonly onExpired: () => void }[] = [];

  constructor(options: FanOutWorldOptions = {}) {
    const {
      memberCount = 3,
      wires = ["packets"],
      arenaBytes = 1 << 24,
      sendQueueBytes = 1 << 26,
      pageEntries = 200,
    } = options;
    this.#pageEntries = pageEntries;
    this.#arePagesStale = options.arePagesStale ?? false;
    this.pool = new SendBufferPool(new HeapArena(arenaBytes));
    // A member's key is its place + 1.
    this.members = Array.from(
      { length: memberCount },
      (_, index) =>
        new FakeMember({
          key: index + 1,
          wire: wires[index % wires.length] as Wire,
          limitBytes: sendQueueBytes,
          pool: this.pool,
          onEnd: (member) => this.fanOut.leaveAll(member),
        }),
    );
    this.fanOut = new RoomFanOut({
      encoder: new PacketEncoder(this.pool, options.packetBytes),
      sendBuffers: this.pool,
      counters: this.counters,
      sendQueueBytes,
      findMember: (key) => this.members[key - 1],
      startTimer: (delayMs, onExpired) => {
        const timer = { dueMs: this.nowMs + delayMs, onExpired };
        this.#timers.push(timer);
        return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
      },
    });
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  member(index: number): FakeMember {
    return this.members[index] as FakeMember;
  }

  /** A message of the room: into its log, and to the fan-out. Its request's id is the room's. */
  publish(room: WorldRoom, publisher = 0, text = "hello", kind: HistoryMessage["kind"] = "text"): void {
    room.lastOffset++;
    const entry = {
      offset: room.lastOffset,
      timeMs: 1,
      sender: "mina",
      text,
      kind,
      target: kind === "text" ? 0 : 1,
      replyTo: 0,
    };
    room.log.push({ ...entry, editedMs: 0, deleted: false, reactions: [], changedOffset: 0 });
    this.add(room, { type: "message", ...entry, publisher, requestId: publisher === 0 ? 0 : room.id });
  }

  add(room: WorldRoom, event: EventWithoutRoom): void {
    this.fanOut.add({ ...event, roomId: room.id });
  }

  /** The client reads so many bytes. */
  drain(member: FakeMember, byteCount?: number): ServerPacket[] {
    const wasEmpty = member.queue.isEmpty;
    const packets = member.take(byteCount);
    if (!wasEmpty && member.queue.isEmpty) this.fanOut.onDrained(member);
    return packets;
  }

  /** The store reads the oldest page that a member asked for. */
  readPage(rooms: readonly WorldRoom[], member: FakeMember): void {
    const page = member.pages.find(({ found }) => found === undefined);
    const room = rooms.find(({ id }) => id === page?.command.roomId);
    if (page === undefined || room === undefined) return;
    const { offset } = page.command;
    const limit = Math.min(this.#pageEntries, page.command.limit);
    page.end = Math.min(offset + limit, room.lastOffset);
    const asked = Math.max(0, page.end - offset);
    page.found = room.log.filter((message) => message.offset > offset).slice(0, asked);
    page.more = (page.found.at(-1)?.offset ?? page.end) < room.lastOffset;
  }

  /** The hub answers the oldest page that was read. */
  answerPage(rooms: readonly WorldRoom[], member: FakeMember): boolean {
    const index = member.pages.findIndex(({ found }) => found !== undefined);
    if (index < 0) return false;
    const [{ command, found, end, more }] = member.pages.splice(index, 1) as [PendingPage];
    const room = rooms.find(({ id }) => id === command.roomId);
    const messages = found ?? [];
    this.fanOut.onReplayPage(member, {
      type: "history",
      session: member.key,
      requestId: 0,
      roomId: command.roomId,
      mode: "after",
      messages,
      more: this.#arePagesStale ? more : (messages.at(-1)?.offset ?? end) < (room?.lastOffset ?? 0),
      replay: true,
    });
    return true;
  }

  refusePage(member: FakeMember, retryAfterMs = 0): boolean {
    if (member.pages.shift() === undefined) return false;
    this.fanOut.onReplayFailed(member, {
      type: "refused",
      session: member.key,
      requestId: 0,
      request: "history",
      refusal: { code: "BUSY", detail: "", retryAfterMs },
    });
    return true;
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
    for (;;) {
      const due = this.#timers.find(({ dueMs }) => dueMs <= this.nowMs);
      if (due === undefined) return;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due.onExpired();
    }
  }
}

type EventWithoutRoom = RoomEvent extends infer Event
  ? Event extends RoomEvent
    ? Omit<Event, "roomId">
    : never
  : never;
