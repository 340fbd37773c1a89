import type { CompletionPort, SendBufferPool, SocketAddress } from "../../src/engine/index.ts";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import type { RoomState } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { decodeServerPacket, type ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { readPacketType } from "../../src/protocol/packet-framer.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import type { Crowd } from "./crowd.ts";
import { type Notice, readNotice } from "./notice-reader.ts";
import { PacketSocket } from "./packet-socket.ts";

/** What a bot knows of a room it is in. */
interface BotRoom {
  readonly name: string;
  roomId: number;
  epoch: string;
  /** Heard without a gap up to here. */
  offset: number;
  isIn: boolean;
  /** Offsets of its own messages. */
  readonly own: Set<number>;
}

const MESSAGE_NOTICE: number = PacketType.MESSAGE_NOTICE;

/** Own offsets that are remembered of a room. */
const OWN_LIMIT = 4096;

interface Publication {
  readonly room: BotRoom;
  readonly id: number;
  readonly sentMs: number;
  text: string;
}

/** What the bots share. */
export interface BotWorld {
  readonly port: CompletionPort;
  readonly buffers: SendBufferPool;
  readonly crowd: Crowd;
  readonly roomKind: "logged" | "memory";
  readonly isGuests: boolean;
}

/**
 * One user: logs in as a guest, joins its rooms, says something from time to time, and checks all that
 * it hears. When its connection is lost it comes back and resumes each room where it left it; what was
 * not acknowledged it says again under the same id.
 */
export class Bot {
  readonly index: number;
  readonly isSlow: boolean;
  readonly #world: BotWorld;
  readonly #rooms: readonly BotRoom[];
  /** A guest's key, or an account's resume token. */
  readonly #key: Uint8Array;
  #socket: PacketSocket | undefined;
  #nextRequestId = 1;
  #requests = new Map<number, BotRoom | Publication>();
  /** Sent and not acknowledged, in the order they were said. */
  readonly #unacknowledged = new Set<Publication>();
  #joinsLeft = 0;
  #state: "away" | "coming" | "here" = "away";

  constructor(index: number, rooms: readonly string[], isSlow: boolean, key: Uint8Array, world: BotWorld) {
    this.index = index;
    this.isSlow = isSlow;
    this.#world = world;
    this.#key = key;
    this.#rooms = rooms.map((name) => ({
      name,
      roomId: 0,
      epoch: "",
      offset: 0,
      isIn: false,
      own: new Set(),
    }));
  }

  /** Logged in and in all its rooms. */
  get isHere(): boolean {
    return this.#state === "here";
  }

  get isAway(): boolean {
    return this.#state === "away";
  }

  get unacknowledgedCount(): number {
    return this.#unacknowledged.size;
  }

  /** Connects, logs in, joins or resumes its rooms. */
  come(address: SocketAddress): void {
    if (this.#state !== "away") return;
    this.#state = "coming";
    const socket: PacketSocket = new PacketSocket(this.#world.port, this.#world.buffers, {
      onOpen: () => undefined, // the server speaks first
      onPacket: (bytes, start, end) => {
        if (socket !== this.#socket) return;
        if (readPacketType(bytes, start) === MESSAGE_NOTICE) this.#onMessage(readNotice(bytes, start, end));
        else this.#onPacket(decodeServerPacket(bytes, start, end));
      },
      onEnded: (why) => {
        if (socket === this.#socket) this.#onEnded(why);
      },
    });
    this.#socket = socket;
    socket.connect(address);
  }

  /** Loses its connection, as when a cable is pulled. */
  loseConnection(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#leave();
    socket.abort();
  }

  setReading(isReading: boolean): void {
    this.#socket?.setReading(isReading);
  }

  /** Says `text`, which names message `id`, in one of its rooms. */
  speak(id: number, text: string, choice: number): void {
    const room = this.#rooms[Math.floor(choice * this.#rooms.length)];
    if (this.#state !== "here" || room === undefined || !room.isIn) return;
    const publication = { room, id, text, sentMs: this.#world.port.clock.monotonicMs() };
    this.#unacknowledged.add(publication);
    this.#world.crowd.counts.sent++;
    this.#publish(publication);
  }

  #publish(publication: Publication): void {
    const requestId = this.#request(publication);
    this.#socket?.send(PacketType.PUBLISH_REQUEST, {
      requestId,
      roomId: publication.room.roomId,
      clientMessageId: `${publication.id.toString(36)}-${this.index.toString(36)}`,
      text: publication.text,
    });
  }

  #onPacket(packet: ServerPacket): void {
    switch (packet.type) {
      case PacketType.HELLO:
        this.#socket?.send(PacketType.LOGIN_REQUEST, {
          requestId: this.#nextRequestId++,
          protocolVersion: PROTOCOL_VERSION,
          name: `bot${this.index}`,
          credential: { case: this.#world.isGuests ? "guestKey" : "resumeToken", value: this.#key },
        });
        return;
      case PacketType.PING:
        this.#socket?.send(PacketType.PONG, { nonce: packet.body.nonce });
        return;
      case PacketType.LOGIN_RESPONSE:
        if (packet.body.code !== ErrorCode.OK) return this.#refused("login", packet.body);
        this.#joinsLeft = this.#rooms.length;
        for (const room of this.#rooms) this.#join(room);
        return;
      case PacketType.JOIN_ROOM_RESPONSE: {
        const room = this.#take(packet.body.requestId) as BotRoom | undefined;
        if (room === undefined) return;
        if (packet.body.code !== ErrorCode.OK || packet.body.room === undefined)
          return this.#refused("join", packet.body);
        this.#onJoined(room, packet.body.room, packet.body.recovered);
        return;
      }
      case PacketType.PUBLISH_RESPONSE: {
        const publication = this.#take(packet.body.requestId) as Publication | undefined;
        if (publication === undefined) return;
        if (packet.body.code !== ErrorCode.OK) {
          this.#unacknowledged.delete(publication);
          return this.#refused("publish", packet.body);
        }
        this.#onAcknowledged(publication, Number(packet.body.offset));
        return;
      }
      case PacketType.ROOM_GAP_NOTICE: {
        const room = this.#roomOf(packet.body.roomId);
        if (room !== undefined) room.offset = Number(packet.body.toOffset);
        this.#world.crowd.counts.gaps++;
        return;
      }
      case PacketType.DISCONNECT:
        this.#world.crowd.onDisconnected(DisconnectCode[packet.body.code] ?? `${packet.body.code}`);
        return;
      case PacketType.ERROR_NOTICE:
        this.#refused("packet", packet.body);
        return;
      default: // joins and leaves of others, counts of members
    }
  }

  #join(room: BotRoom): void {
    const requestId = this.#request(room);
    const create = this.#world.roomKind === "memory" ? RoomKind.MEMORY : RoomKind.LOGGED;
    const position = room.epoch === "" ? undefined : { epoch: room.epoch, offset: room.offset };
    this.#socket?.send(PacketType.JOIN_ROOM_REQUEST, { requestId, name: room.name, create, position });
  }

  #onJoined(room: BotRoom, state: RoomState, isRecovered: boolean): void {
    const { crowd } = this.#world;
    if (room.epoch !== "") {
      crowd.counts.resumed++;
      // A room in memory is lost with the server or its last member: then its epoch is another.
      if (!isRecovered && (state.epoch === room.epoch || this.#world.roomKind === "logged")) {
        crowd.ledger.fault("notRecovered", `bot${this.index} in ${room.name} from ${room.offset}`);
      }
    }
    if (!isRecovered) {
      room.offset = Number(state.lastOffset);
      room.own.clear();
    }
    room.roomId = state.roomId;
    room.epoch = state.epoch;
    room.isIn = true;
    this.#joinsLeft--;
    if (this.#joinsLeft > 0) return;
    this.#state = "here";
    crowd.onHere(this);
    for (const publication of this.#unacknowledged) this.#publish(publication);
  }

  #onMessage({ roomId, offset, id }: Notice): void {
    const room = this.#roomOf(roomId);
    if (room === undefined) return; // the lobby
    const { crowd, port } = this.#world;
    crowd.counts.delivered++;
    if (this.#advance(room, offset)) crowd.ledger.heard(`${room.name} ${room.epoch}`, offset, id);
    if (!this.isSlow) {
      const sentMs = crowd.sentAt(id);
      if (sentMs !== undefined) crowd.deliveryLatency.add(port.clock.monotonicMs() - sentMs);
    }
  }

  #onAcknowledged(publication: Publication, offset: number): void {
    const { crowd, port } = this.#world;
    const { room, id, sentMs } = publication;
    this.#unacknowledged.delete(publication);
    crowd.counts.acknowledged++;
    crowd.ackLatency.add(port.clock.monotonicMs() - sentMs);
    crowd.ledger.acknowledged(`${room.name} ${room.epoch}`, offset, id);
    // While the room is replayed the answer comes before older messages, and the message once more.
    if (room.own.size >= OWN_LIMIT) room.own.clear();
    room.own.add(offset);
    if (offset === room.offset + 1) room.offset = offset;
  }

  /** False for what was heard before, which is a fault unless it is this bot's own. */
  #advance(room: BotRoom, offset: number): boolean {
    if (offset === room.offset + 1) {
      room.offset = offset;
      return true;
    }
    const { ledger } = this.#world.crowd;
    const where = `bot${this.index} in ${room.name}: ${offset} after ${room.offset}`;
    if (offset <= room.offset) {
      if (!room.own.has(offset)) ledger.fault("doubled", where);
      return false;
    }
    ledger.fault("lost", where);
    room.offset = offset;
    return true;
  }

  #refused(what: string, body: { readonly code: number; readonly detail: string }): void {
    this.#world.crowd.onRefused(what, ErrorCode[body.code] ?? `${body.code}`);
    if (what === "login" || what === "join") this.loseConnection();
  }

  #onEnded(why: string): void {
    const wasHere = this.#state === "here";
    this.#leave();
    this.#world.crowd.onLost(this, wasHere, why);
  }

  #leave(): void {
    this.#state = "away";
    this.#socket = undefined;
    this.#requests = new Map();
    for (const room of this.#rooms) room.isIn = false;
  }

  #roomOf(roomId: number): BotRoom | undefined {
    return this.#rooms.find((room) => room.roomId === roomId && room.isIn);
  }

  #request(of: BotRoom | Publication): number {
    const requestId = this.#nextRequestId++;
    this.#requests.set(requestId, of);
    return requestId;
  }

  #take(requestId: number): BotRoom | Publication | undefined {
    const request = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    return request;
  }
}
