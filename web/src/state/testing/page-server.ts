import { ErrorCode, PacketType } from "../../../../src/protocol/codes.ts";
import { MessageKind, RoomRole } from "../../../../src/protocol/generated/portico/v1/portico_pb.js";
import type { ClientPacketType, PacketInit } from "../../../../src/protocol/packets.ts";
import {
  LOBBY,
  type ScriptedConnection,
  ScriptedServer,
} from "../../../../src/client/testing/scripted-server.ts";

type Notice = PacketInit<PacketType.MESSAGE_NOTICE>;
type Listed = NonNullable<PacketInit<PacketType.ROOM_LIST_RESPONSE>["rooms"]>[number];

/** A room or conversation as the server has it. */
export interface FakeRoom {
  roomId: number;
  readonly name: string;
  epoch: string;
  /** Offsets from `first` on; the entry at index 0 has that. */
  first: number;
  log: Notice[];
  role: RoomRole;
}

/**
 * A server behind the client of a page: has rooms with logs, and answers what the page asks of it when
 * `settle` is called. What it is not taught it accepts.
 */
export class PageServer {
  readonly transport = new ScriptedServer();
  readonly rooms = new Map<number, FakeRoom>();
  /** What lists say, by scope: 2 mine, 3 direct. */
  readonly lists = new Map<number, Listed[]>();
  /** Refusals, by type of request; taken once each. */
  readonly refusals = new Map<PacketType, { code: ErrorCode; retryAfterMs?: number; detail?: string }[]>();
  /** Everything that was asked. */
  readonly asked: { readonly type: string; readonly body: Record<string, unknown> }[] = [];
  /** Types that are not answered. */
  readonly silent = new Set<PacketType>();
  present: string[] = ["mina", "jun"];
  /** Of every room. */
  members: NonNullable<PacketInit<PacketType.MEMBER_LIST_RESPONSE>["members"]> = [];

  constructor() {
    this.addRoom(LOBBY.roomId, LOBBY.name);
  }

  get connection(): ScriptedConnection {
    return this.transport.current;
  }

  addRoom(roomId: number, name: string, count = 0): FakeRoom {
    const room: FakeRoom = { roomId, name, epoch: "e1", first: 1, log: [], role: RoomRole.MEMBER };
    this.rooms.set(roomId, room);
    for (let index = 0; index < count; index++) this.append(room, "jun", `old ${index + 1}`);
    return room;
  }

  room(roomId: number): FakeRoom {
    const room = this.rooms.get(roomId);
    if (room === undefined) throw new Error(`there is no room ${roomId}`);
    return room;
  }

  /** Without telling anybody. */
  append(room: FakeRoom, sender: string, text: string, more: Partial<Notice> = {}): Notice {
    const offset = room.first + room.log.length;
    const notice: Notice = { roomId: room.roomId, offset, timeMs: offset * 60_000, sender, text, ...more };
    room.log.push(notice);
    return notice;
  }

  /** Somebody says something; the page is told. */
  say(roomId: number, sender: string, text: string, more: Partial<Notice> = {}): number {
    const notice = this.append(this.room(roomId), sender, text, more);
    this.connection.deliver(PacketType.MESSAGE_NOTICE, notice);
    return Number(notice.offset);
  }

  whisper(roomId: number, from: string, to: string, text: string): number {
    const { offset, timeMs } = this.append(this.room(roomId), from, text);
    this.connection.deliver(PacketType.WHISPER_NOTICE, { roomId, from, to, text, offset, timeMs });
    return Number(offset);
  }

  state(room: FakeRoom): NonNullable<PacketInit<PacketType.JOIN_ROOM_RESPONSE>["room"]> {
    const { roomId, name, epoch, first, log, role } = room;
    const lastOffset = first + log.length - 1;
    const firstOffset = log.length === 0 ? 0 : first;
    return { roomId, name, epoch, firstOffset, lastOffset, role, memberCount: this.present.length };
  }

  /** Answers until nothing is asked any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      quiet = this.#answerAll() ? 0 : quiet + 1;
      // What is answered continues in promises.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }

  asksOf(type: string): Record<string, unknown>[] {
    return this.asked.flatMap((asked) => (asked.type === type ? [asked.body] : []));
  }

  #answerAll(): boolean {
    if (this.transport.connections.length === 0) return false;
    const { connection } = this;
    const types = connection.waitingTypes.filter((name) => !this.silent.has(typeNamed(name)));
    for (const name of types) this.#answer(typeNamed(name));
    return types.length > 0;
  }

  #answer(type: PacketType): void {
    const { connection } = this;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a name of what waits is a client's type
    const packet = connection.take(type as ClientPacketType);
    this.asked.push({ type: PacketType[packet.type], body: { ...packet.body } });
    if (!("requestId" in packet.body)) return;
    const { requestId } = packet.body;
    const refusal = this.refusals.get(type)?.shift();
    const code = refusal?.code ?? ErrorCode.OK;
    const common = {
      requestId,
      code,
      detail: refusal?.detail ?? "",
      retryAfterMs: refusal?.retryAfterMs ?? 0,
    };
    if (refusal !== undefined) {
      connection.deliver(type + 1, common); // a response's type follows its request's
      return;
    }
    switch (packet.type) {
      case PacketType.ROOM_LIST_REQUEST:
        connection.deliver(PacketType.ROOM_LIST_RESPONSE, {
          ...common,
          rooms: this.lists.get(packet.body.scope) ?? [],
        });
        break;
      case PacketType.USER_LIST_REQUEST:
        connection.deliver(PacketType.USER_LIST_RESPONSE, {
          ...common,
          names: this.present,
          total: this.present.length,
        });
        break;
      case PacketType.MEMBER_LIST_REQUEST:
        connection.deliver(PacketType.MEMBER_LIST_RESPONSE, {
          ...common,
          members: this.members,
          total: this.members.length,
        });
        break;
      case PacketType.HISTORY_REQUEST:
        this.#answerHistory(packet.body, common);
        break;
      case PacketType.SEARCH_REQUEST:
        this.#answerSearch(packet.body, common);
        break;
      case PacketType.JOIN_ROOM_REQUEST: {
        const { name, position } = packet.body;
        const room = [...this.rooms.values()].find((known) => known.name === name) ?? this.addRoom(500, name);
        const recovered = position !== undefined && position.epoch === room.epoch;
        connection.deliver(PacketType.JOIN_ROOM_RESPONSE, { ...common, room: this.state(room), recovered });
        if (recovered) this.#replay(room, Number(position.offset));
        break;
      }
      case PacketType.PUBLISH_REQUEST: {
        const { roomId, text, replyTo } = packet.body;
        const { offset, timeMs } = this.append(this.room(roomId), "mina", text, { replyTo });
        connection.deliver(PacketType.PUBLISH_RESPONSE, {
          ...common,
          ...withoutUndefined({ offset, timeMs }),
        });
        break;
      }
      case PacketType.WHISPER_REQUEST: {
        const room =
          [...this.rooms.values()].find(({ name }) => name === `@${packet.body.to}`) ??
          this.addRoom(900 + this.rooms.size, `@${packet.body.to}`);
        const { offset, timeMs } = this.append(room, "mina", packet.body.text);
        const receipt = withoutUndefined({ offset, timeMs, roomId: room.roomId });
        connection.deliver(PacketType.WHISPER_RESPONSE, { ...common, ...receipt });
        break;
      }
      case PacketType.EDIT_MESSAGE_REQUEST:
      case PacketType.DELETE_MESSAGE_REQUEST: {
        const isEdit = packet.type === PacketType.EDIT_MESSAGE_REQUEST;
        const { roomId, offset: target } = packet.body;
        const text = isEdit ? packet.body.text : "";
        const kind = isEdit ? MessageKind.EDIT : MessageKind.DELETE;
        const { offset, timeMs } = this.append(this.room(roomId), "mina", text, { kind, target });
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a response's type follows its request's
        const response = (packet.type + 1) as PacketType.EDIT_MESSAGE_RESPONSE;
        connection.deliver(response, { ...common, ...withoutUndefined({ offset, timeMs }) });
        break;
      }
      case PacketType.REACT_REQUEST: {
        const { roomId, offset: target, reaction: text, remove } = packet.body;
        const kind = remove ? MessageKind.REACTION_REMOVED : MessageKind.REACTION;
        const { offset, timeMs } = this.append(this.room(roomId), "mina", text, { kind, target });
        connection.deliver(PacketType.REACT_RESPONSE, { ...common, ...withoutUndefined({ offset, timeMs }) });
        break;
      }
      default:
        connection.deliver(type + 1, common);
    }
  }

  #replay(room: FakeRoom, after: number): void {
    for (const notice of room.log) {
      if (Number(notice.offset) > after) this.connection.deliver(PacketType.MESSAGE_NOTICE, notice);
    }
  }

  #answerHistory(
    asked: { roomId: number; after: bigint; before: bigint; around: bigint; limit: number },
    common: { requestId: number; code: ErrorCode },
  ): void {
    const { log } = this.room(asked.roomId);
    const limit = asked.limit === 0 ? 50 : asked.limit;
    let messages: Notice[];
    let more: boolean;
    if (asked.around > 0n) {
      const at = Math.max(
        log.findIndex(({ offset }) => BigInt(offset ?? 0) >= asked.around),
        0,
      );
      const begin = Math.max(at - (limit >> 1), 0);
      messages = log.slice(begin, begin + limit);
      more = begin + limit < log.length;
    } else if (asked.before > 0n) {
      const all = log.filter(({ offset }) => BigInt(offset ?? 0) < asked.before);
      messages = all.slice(-limit);
      more = all.length > limit;
    } else {
      const all = log.filter(({ offset }) => BigInt(offset ?? 0) > asked.after);
      messages = all.slice(0, limit);
      more = all.length > limit;
    }
    this.connection.deliver(PacketType.HISTORY_RESPONSE, { ...common, messages, more });
  }

  #answerSearch(
    asked: { query: string; roomId: number; limit: number },
    common: { requestId: number },
  ): void {
    const hits = [...this.rooms.values()].flatMap(({ roomId, name, log }) =>
      asked.roomId === 0 || asked.roomId === roomId
        ? log
            .filter(({ text }) => text?.includes(asked.query) === true)
            .map((message) => ({ room: name, message }))
        : [],
    );
    const newest = hits.toReversed();
    this.connection.deliver(PacketType.SEARCH_RESPONSE, {
      ...common,
      hits: newest.slice(0, asked.limit),
      more: newest.length > asked.limit,
    });
  }
}

function typeNamed(name: string): PacketType {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names are the enum's own
  return PacketType[name as keyof typeof PacketType];
}

function withoutUndefined<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]: NonNullable<Fields[Key]> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `append` sets them
  return fields as { [Key in keyof Fields]: NonNullable<Fields[Key]> };
}
