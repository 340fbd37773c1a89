import { assert } from "../../base/assert.ts";
import { type DisconnectCode, ErrorCode, PacketType } from "../../protocol/codes.ts";
import { type ClientPacket, decodeClientPacket } from "../../protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../protocol/packet-encoder.ts";
import type { PacketInit, ServerPacketType } from "../../protocol/packets.ts";
import type { Transport, TransportConnection, TransportEvents } from "../transport.ts";

type PacketOf<Type extends ClientPacket["type"]> = Extract<ClientPacket, { readonly type: Type }>;

/** A transport whose far end is the test itself. */
export class ScriptedServer implements Transport {
  readonly address = "test:9000";
  readonly connections: ScriptedConnection[] = [];

  connect(events: TransportEvents): TransportConnection {
    const connection = new ScriptedConnection(events);
    this.connections.push(connection);
    return connection;
  }

  /** The newest connection. */
  get current(): ScriptedConnection {
    const current = this.connections.at(-1);
    assert(current !== undefined, "the client has connected");
    return current;
  }
}

export const LOBBY = {
  roomId: 1,
  name: "lobby",
  epoch: "e1",
  firstOffset: 1,
  lastOffset: 10,
  memberCount: 2,
} as const;

export class ScriptedConnection implements TransportConnection {
  readonly #events: TransportEvents;
  readonly #sent: ClientPacket[] = [];
  /** What the client did to the connection. */
  ending: "none" | "closed" | "aborted" = "none";
  #isOver = false;

  constructor(events: TransportEvents) {
    this.#events = events;
  }

  send(packet: Uint8Array): boolean {
    if (this.#isOver || this.ending !== "none") return false;
    this.#sent.push(decodeClientPacket(packet, 0, packet.byteLength));
    return true;
  }

  close(): void {
    this.ending = "closed";
  }

  abort(): void {
    this.ending = "aborted";
  }

  /** Packets from the client that were not taken yet. */
  get waitingTypes(): string[] {
    return this.#sent.map((packet) => PacketType[packet.type]);
  }

  /** Takes the oldest packet of a type; it must be there. */
  take<Type extends ClientPacket["type"]>(type: Type): PacketOf<Type> {
    const index = this.#sent.findIndex((packet) => packet.type === type);
    assert(
      index >= 0,
      `the client has sent ${PacketType[type]} (there are: ${this.waitingTypes.join(", ")})`,
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- found by its type
    return this.#sent.splice(index, 1)[0] as PacketOf<Type>;
  }

  /** Sends a packet to the client. Bytes around it are garbage, as in a real receive buffer. */
  deliver<Type extends ServerPacketType>(type: Type, body: PacketInit<Type>): void {
    assert(!this.#isOver, "the connection is there");
    const packet = encodePacketBytes(type, body, 65_535);
    const lent = new Uint8Array(packet.byteLength + 14).fill(0xee);
    lent.set(packet, 7);
    this.#events.onPacket(lent, 7, 7 + packet.byteLength);
    lent.fill(0xdd);
  }

  open(): void {
    this.#events.onOpen();
  }

  /** Opens and greets. */
  greet(hello: PacketInit<PacketType.HELLO> = {}): void {
    this.open();
    this.deliver(PacketType.HELLO, {
      protocolVersion: 1,
      server: "test",
      packetLimitBytes: 16_384,
      textLimitBytes: 4000,
      pingIntervalMs: 25_000,
      pongTimeoutMs: 8000,
      epoch: "boot",
      guestsAllowed: true,
      registrationOpen: true,
      ...hello,
    });
  }

  /** Greets and accepts the login that follows. */
  welcome(
    lobby: PacketInit<PacketType.LOGIN_RESPONSE>["lobby"] = LOBBY,
    login: PacketInit<PacketType.LOGIN_RESPONSE> = {},
  ): void {
    this.greet();
    this.acceptLogin(lobby, login);
  }

  /** Accepts the login, and answers the question for conversations that follows: there are none. */
  acceptLogin(
    lobby: PacketInit<PacketType.LOGIN_RESPONSE>["lobby"] = LOBBY,
    login: PacketInit<PacketType.LOGIN_RESPONSE> = {},
  ): PacketOf<PacketType.LOGIN_REQUEST>["body"] {
    const body = this.acceptLoginOnly(lobby, login);
    if (this.waitingTypes.includes("ROOM_LIST_REQUEST")) this.answerRooms([]);
    return body;
  }

  acceptLoginOnly(
    lobby: PacketInit<PacketType.LOGIN_RESPONSE>["lobby"] = LOBBY,
    login: PacketInit<PacketType.LOGIN_RESPONSE> = {},
  ): PacketOf<PacketType.LOGIN_REQUEST>["body"] {
    const { body } = this.take(PacketType.LOGIN_REQUEST);
    const user = { id: 7n, name: "mina" };
    const { requestId } = body;
    this.deliver(PacketType.LOGIN_RESPONSE, { requestId, code: ErrorCode.OK, user, lobby, ...login });
    return body;
  }

  /** Answers the oldest request for a list of rooms. */
  answerRooms(
    rooms: NonNullable<PacketInit<PacketType.ROOM_LIST_RESPONSE>["rooms"]>,
    more = false,
  ): PacketOf<PacketType.ROOM_LIST_REQUEST>["body"] {
    const { body } = this.take(PacketType.ROOM_LIST_REQUEST);
    this.deliver(PacketType.ROOM_LIST_RESPONSE, { requestId: body.requestId, rooms, more });
    return body;
  }

  /** Somebody whispers to this user, or this user's other session does. */
  whisper(offset: number, from: string, to: string, roomId: number, text = `w${offset}`): void {
    this.deliver(PacketType.WHISPER_NOTICE, { roomId, offset, timeMs: offset * 1000, from, to, text });
  }

  refuseLogin(code: ErrorCode, retryAfterMs = 0): void {
    const { requestId } = this.take(PacketType.LOGIN_REQUEST).body;
    this.deliver(PacketType.LOGIN_RESPONSE, { requestId, code, detail: "no", retryAfterMs });
  }

  /** Accepts the oldest publish. */
  acceptPublish(offset: number): PacketOf<PacketType.PUBLISH_REQUEST>["body"] {
    const { body } = this.take(PacketType.PUBLISH_REQUEST);
    this.deliver(PacketType.PUBLISH_RESPONSE, { requestId: body.requestId, offset, timeMs: offset * 1000 });
    return body;
  }

  refusePublish(code: ErrorCode, retryAfterMs = 0): PacketOf<PacketType.PUBLISH_REQUEST>["body"] {
    const { body } = this.take(PacketType.PUBLISH_REQUEST);
    this.deliver(PacketType.PUBLISH_RESPONSE, {
      requestId: body.requestId,
      code,
      detail: "no",
      retryAfterMs,
    });
    return body;
  }

  notice(offset: number, sender: string, text = `m${offset}`, roomId = 1): void {
    this.deliver(PacketType.MESSAGE_NOTICE, { roomId, offset, timeMs: offset * 1000, sender, text });
  }

  /** Answers the oldest history request with these messages. */
  answerHistory(
    messages: readonly (readonly [offset: number, sender: string])[],
    more = false,
  ): PacketOf<PacketType.HISTORY_REQUEST>["body"] {
    const { body } = this.take(PacketType.HISTORY_REQUEST);
    this.deliver(PacketType.HISTORY_RESPONSE, {
      requestId: body.requestId,
      messages: messages.map(([offset, sender]) => ({
        roomId: body.roomId,
        offset,
        timeMs: offset * 1000,
        sender,
        text: `m${offset}`,
      })),
      more,
    });
    return body;
  }

  disconnect(code: DisconnectCode, retryAfterMs = 0): void {
    this.deliver(PacketType.DISCONNECT, { code, reason: "said so", retryAfterMs });
    this.end("closed by the server");
  }

  /** The connection ends. */
  end(why = "connection reset"): void {
    this.#isOver = true;
    this.#events.onClosed(why);
  }
}
