import type { Transport, TransportConnection, TransportEvents } from "../../src/client/index.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { decodeClientPacket, decodeServerPacket } from "../../src/protocol/packet-decoder.ts";

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

/** Listens in on a client's connections and checks rules 1, 4 and 5 packet by packet. */
export class Wiretap implements Transport {
  readonly address: string;
  readonly #inner: Transport;
  readonly #who: string;
  readonly #breach: Breach;
  /** Texts this client ever sent, over any connection. */
  readonly #sentBefore = new Set<string>();

  constructor(inner: Transport, who: string, breach: Breach) {
    this.#inner = inner;
    this.address = inner.address;
    this.#who = who;
    this.#breach = breach;
  }

  connect(events: TransportEvents): TransportConnection {
    const tap = new TappedConnection(this.#who, this.#breach, this.#sentBefore);
    const connection = this.#inner.connect({
      onOpen: () => events.onOpen(),
      onPacket: (bytes, start, end) => {
        tap.onServerPacket(bytes, start, end);
        events.onPacket(bytes, start, end);
      },
      onClosed: (why) => events.onClosed(why),
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
  /** Texts sent first over this very connection. */
  readonly #sentHere = new Set<string>();
  readonly #rooms = new Set<number>();
  readonly #lastOffsets = new Map<number, number>();
  readonly #requestRooms = new Map<number, number>();
  readonly #requestTexts = new Map<number, string>();
  #isLoggedIn = false;

  constructor(who: string, breach: Breach, sentBefore: Set<string>) {
    this.#who = who;
    this.#breach = breach;
    this.#sentBefore = sentBefore;
  }

  onClientPacket(bytes: Uint8Array): void {
    const packet = decodeClientPacket(bytes, 0, bytes.byteLength);
    if (packet.type === PacketType.PUBLISH_REQUEST) {
      const { text, requestId, roomId } = packet.body;
      this.#requestRooms.set(requestId, roomId);
      this.#requestTexts.set(requestId, text);
      if (!this.#sentBefore.has(text)) this.#sentHere.add(text);
      this.#sentBefore.add(text);
    } else if (packet.type === PacketType.LEAVE_ROOM_REQUEST) {
      this.#requestRooms.set(packet.body.requestId, packet.body.roomId);
    }
  }

  onServerPacket(bytes: Uint8Array, start: number, end: number): void {
    const packet = decodeServerPacket(bytes, start, end);
    if (!this.#isLoggedIn && !beforeLogin.has(packet.type)) {
      this.#breach(4, `${this.#who} got packet ${packet.type} before login`);
    }
    switch (packet.type) {
      case PacketType.LOGIN_RESPONSE:
        if (packet.body.lobby !== undefined && packet.body.code === ErrorCode.OK) {
          this.#isLoggedIn = true;
          this.#enter(packet.body.lobby.roomId, Number(packet.body.lobby.lastOffset));
        }
        break;
      case PacketType.JOIN_ROOM_RESPONSE:
        if (
          packet.body.room !== undefined &&
          packet.body.code === ErrorCode.OK &&
          !this.#rooms.has(packet.body.room.roomId)
        ) {
          this.#enter(packet.body.room.roomId, Number(packet.body.room.lastOffset));
        }
        break;
      case PacketType.LEAVE_ROOM_RESPONSE: {
        const roomId = this.#requestRooms.get(packet.body.requestId);
        if (packet.body.code === ErrorCode.OK && roomId !== undefined) this.#rooms.delete(roomId);
        break;
      }
      case PacketType.MESSAGE_NOTICE: {
        const { roomId, offset, text } = packet.body;
        if (!this.#rooms.has(roomId))
          this.#breach(4, `${this.#who} heard room ${roomId} without being a member`);
        if (this.#sentHere.has(text)) this.#breach(5, `${this.#who} heard its own "${text.slice(0, 40)}"`);
        this.#advance(roomId, Number(offset), true);
        break;
      }
      case PacketType.PUBLISH_RESPONSE: {
        const { code, requestId, offset } = packet.body;
        const roomId = this.#requestRooms.get(requestId);
        // What was refused is nobody's: should the log have it after all, its sender may hear of it.
        if (code !== ErrorCode.OK) this.#sentHere.delete(this.#requestTexts.get(requestId) ?? "");
        if (code === ErrorCode.OK && roomId !== undefined && this.#rooms.has(roomId))
          this.#advance(roomId, Number(offset), false);
        break;
      }
      default:
    }
  }

  #enter(roomId: number, lastOffset: number): void {
    this.#rooms.add(roomId);
    this.#lastOffsets.set(roomId, lastOffset);
  }

  /** Rule 1 on the wire: notices and acknowledgements of a room come in the order of their offsets. */
  #advance(roomId: number, offset: number, isNotice: boolean): void {
    const last = this.#lastOffsets.get(roomId) ?? 0;
    if (offset > last) this.#lastOffsets.set(roomId, offset);
    // An old offset in an acknowledgement is that of a repeated message; a notice is never repeated.
    else if (isNotice) this.#breach(1, `${this.#who} heard offset ${offset} of room ${roomId} after ${last}`);
  }
}
