import type { Transport, TransportConnection, TransportEvents } from "../../src/client/index.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import {
  MessageKind,
  type RoomPosition,
  type RoomState,
  SlowReader,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { decodeClientPacket, decodeServerPacket } from "../../src/protocol/packet-decoder.ts";
import { AnswerCheck, type AnswerCheckOptions } from "./answer-check.ts";

/** Reports a breach of a rule; the simulation fails with it. */
export type Breach = (rule: number, what: string) => void;

const beforeLogin: ReadonlySet<number> = new Set([
  PacketType.HELLO,
  PacketType.PING,
  PacketType.DISCONNECT,
  PacketType.REGISTER_RESPONSE,
  PacketType.LOGIN_RESPONSE,
  PacketType.ERROR_NOTICE,
]);

/** Listens in on a client's connections and checks rules 1, 4, 5 and 9 packet by packet. */
export class Wiretap implements Transport {
  readonly address: string;
  readonly #inner: Transport;
  readonly #who: string;
  readonly #breach: Breach;
  readonly #answers: AnswerCheckOptions;
  /** Texts this client ever sent, over any connection. */
  readonly #sentBefore = new Set<string>();

  constructor(inner: Transport, who: string, breach: Breach, answers: AnswerCheckOptions) {
    this.#inner = inner;
    this.address = inner.address;
    this.#who = who;
    this.#breach = breach;
    this.#answers = answers;
  }

  connect(events: TransportEvents): TransportConnection {
    const answers = new AnswerCheck(this.#who, this.#breach, this.#answers);
    const tap = new TappedConnection(this.#who, this.#breach, this.#sentBefore, answers);
    const connection = this.#inner.connect({
      onOpen: () => events.onOpen(),
      onPacket: (bytes, start, end) => {
        tap.onServerPacket(bytes, start, end);
        events.onPacket(bytes, start, end);
      },
      onClosed: (why, end) => events.onClosed(why, end),
    });
    return {
      send: (packet) => {
        tap.onClientPacket(packet);
        return connection.send(packet);
      },
      close: () => connection.close(),
      abort: () => connection.abort(),
    };
  }
}

class TappedConnection {
  readonly #who: string;
  readonly #breach: Breach;
  readonly #sentBefore: Set<string>;
  readonly #answers: AnswerCheck;
  /** Texts sent first over this very connection. */
  readonly #sentHere = new Set<string>();
  readonly #rooms = new Map<number, TappedRoom>();
  /** Where the client said that it left off, by request id; the lobby's under that of the login. */
  readonly #positions = new Map<number, RoomPosition>();
  readonly #requestRooms = new Map<number, number>();
  readonly #requestTexts = new Map<number, string>();
  #isLoggedIn = false;

  constructor(who: string, breach: Breach, sentBefore: Set<string>, answers: AnswerCheck) {
    this.#who = who;
    this.#breach = breach;
    this.#sentBefore = sentBefore;
    this.#answers = answers;
  }

  onClientPacket(bytes: Uint8Array): void {
    const packet = decodeClientPacket(bytes, 0, bytes.byteLength);
    this.#answers.onClientPacket(packet);
    if (packet.type === PacketType.PUBLISH_REQUEST) {
      const { text, requestId, roomId } = packet.body;
      this.#requestRooms.set(requestId, roomId);
      this.#requestTexts.set(requestId, text);
      if (!this.#sentBefore.has(text)) this.#sentHere.add(text);
      this.#sentBefore.add(text);
    } else if (packet.type === PacketType.LOGIN_REQUEST) {
      if (packet.body.lobby !== undefined) this.#positions.set(packet.body.requestId, packet.body.lobby);
    } else if (packet.type === PacketType.JOIN_ROOM_REQUEST) {
      if (packet.body.position !== undefined)
        this.#positions.set(packet.body.requestId, packet.body.position);
    } else if (
      packet.type === PacketType.LEAVE_ROOM_REQUEST ||
      packet.type === PacketType.DELETE_ROOM_REQUEST
    ) {
      this.#requestRooms.set(packet.body.requestId, packet.body.roomId);
    }
  }

  onServerPacket(bytes: Uint8Array, start: number, end: number): void {
    const packet = decodeServerPacket(bytes, start, end);
    this.#answers.onServerPacket(packet, bytes.subarray(start, end));
    if (!this.#isLoggedIn && !beforeLogin.has(packet.type)) {
      this.#breach(4, `${this.#who} got packet ${packet.type} before login`);
    }
    switch (packet.type) {
      case PacketType.LOGIN_RESPONSE: {
        const { lobby, code, lobbyRecovered, requestId } = packet.body;
        if (lobby !== undefined && code === ErrorCode.OK) {
          this.#isLoggedIn = true;
          this.#enter(lobby, lobbyRecovered, requestId);
        }
        break;
      }
      case PacketType.JOIN_ROOM_RESPONSE: {
        const { room, code, recovered, requestId } = packet.body;
        if (room !== undefined && code === ErrorCode.OK && !this.#rooms.has(room.roomId)) {
          this.#enter(room, recovered, requestId);
        }
        break;
      }
      case PacketType.CREATE_ROOM_RESPONSE: {
        const { room, code, requestId } = packet.body;
        if (room !== undefined && code === ErrorCode.OK) this.#enter(room, false, requestId);
        break;
      }
      case PacketType.ROOM_CLOSED_NOTICE:
        this.#rooms.delete(packet.body.roomId);
        break;
      case PacketType.DELETE_ROOM_RESPONSE:
      case PacketType.LEAVE_ROOM_RESPONSE: {
        const roomId = this.#requestRooms.get(packet.body.requestId);
        if (packet.body.code === ErrorCode.OK && roomId !== undefined) this.#rooms.delete(roomId);
        break;
      }
      case PacketType.USER_JOINED_NOTICE:
      case PacketType.USER_LEFT_NOTICE:
      case PacketType.MEMBER_COUNT_NOTICE:
      case PacketType.ROOM_GAP_NOTICE:
        this.#mustBeIn(packet.body.roomId, PacketType[packet.type]);
        break;
      case PacketType.ROOM_UPDATED_NOTICE:
        this.#mustBeIn(packet.body.room?.roomId ?? 0, PacketType[packet.type]);
        break;
      case PacketType.MESSAGE_NOTICE: {
        const { roomId, offset, text, kind } = packet.body;
        const room = this.#rooms.get(roomId);
        if (room === undefined) this.#breach(4, `${this.#who} heard room ${roomId} without being in it`);
        // What is replayed has its own messages too.
        else if (!room.mayBeReplayed && kind === MessageKind.TEXT && this.#sentHere.has(text))
          this.#breach(5, `${this.#who} heard its own "${text.slice(0, 40)}"`);
        this.#advance(roomId, Number(offset), true);
        break;
      }
      case PacketType.PUBLISH_RESPONSE: {
        const { code, requestId, offset } = packet.body;
        const roomId = this.#requestRooms.get(requestId);
        // What was refused is nobody's: should the log have it after all, its sender may hear of it.
        if (code !== ErrorCode.OK) this.#sentHere.delete(this.#requestTexts.get(requestId) ?? "");
        if (code === ErrorCode.OK && roomId !== undefined) this.#advance(roomId, Number(offset), false);
        break;
      }
      default:
    }
  }

  /** Rule 4: what happens in a room is told to those who are in it. */
  #mustBeIn(roomId: number, what: string): void {
    if (!this.#rooms.has(roomId))
      this.#breach(4, `${this.#who} got ${what} of room ${roomId} without being in it`);
  }

  #enter(state: RoomState, isRecovered: boolean, requestId: number): void {
    const { roomId, lastOffset, slowReader } = state;
    const position = this.#positions.get(requestId);
    this.#rooms.set(roomId, {
      last: Number(isRecovered ? (position?.offset ?? lastOffset) : lastOffset),
      mayBeReplayed: slowReader === SlowReader.CATCH_UP || (isRecovered && position?.offset !== lastOffset),
    });
  }

  /**
   * Rule 1 on the wire: notices and acknowledgements of a room come in the order of their offsets. While
   * the room is replayed, an acknowledgement may come before older notices.
   */
  #advance(roomId: number, offset: number, isNotice: boolean): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined || (!isNotice && room.mayBeReplayed)) return;
    if (offset > room.last) room.last = offset;
    // An old offset in an acknowledgement is that of a repeated message; a notice is never repeated.
    else if (isNotice)
      this.#breach(1, `${this.#who} heard offset ${offset} of room ${roomId} after ${room.last}`);
  }
}

interface TappedRoom {
  last: number;
  readonly mayBeReplayed: boolean;
}
