import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import { type ClientPacket, decodeClientPacket } from "../../protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../protocol/packet-encoder.ts";
import type { PublishRequest } from "../../protocol/generated/portico/v1/portico_pb.js";
import type { PacketInit, ServerPacketType } from "../../protocol/packets.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { Transport, TransportConnection, TransportEvents } from "../transport.ts";

export interface ModelMessage {
  readonly offset: number;
  readonly sender: string;
  readonly id: string;
  readonly text: string;
}

/**
 * A server with one room, as simple as can be, whose network does what networks do: packets in both
 * directions take as long as they like, connections break, and what a broken connection still carried
 * reaches the server later, or never. Nothing happens by itself: `step` lets one thing happen.
 */
export class ModelServer implements Transport {
  readonly address = "model:9000";
  readonly log: ModelMessage[] = [];
  epoch = 1;
  /** Messages that history has lost, from the oldest. */
  trimmedCount = 0;
  readonly #random: SeededRandom;
  readonly #connections = new Set<ModelConnection>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  connect(events: TransportEvents): TransportConnection {
    const connection = new ModelConnection(events);
    this.#connections.add(connection);
    return connection;
  }

  get lastOffset(): number {
    return this.log.length;
  }

  /** One random thing happens: a packet arrives somewhere, or a connection ends. False: nothing is under way. */
  step(): boolean {
    const busy = [...this.#connections].filter((connection) => connection.hasWork);
    const connection = busy[this.#random.below(busy.length)];
    if (connection === undefined) return false;
    if (connection.toServer.length > 0 && (connection.isReadOnly || this.#random.chance(0.5))) {
      const packet = connection.toServer.shift();
      if (packet !== undefined) this.#onPacket(connection, packet);
    } else {
      connection.deliver();
    }
    if (connection.isOver && connection.toServer.length === 0) this.#connections.delete(connection);
    return true;
  }

  /** Breaks a connection; what it carried to the server may still arrive. */
  break(): void {
    for (const connection of this.#connections) {
      if (connection.isOver) continue;
      if (this.#random.chance(0.4))
        connection.toServer.length = this.#random.below(connection.toServer.length + 1);
      connection.end();
    }
  }

  /** Somebody says something. */
  say(sender: string, text: string): void {
    this.#append(sender, `${sender}-${this.log.length}-${this.epoch}`, text, undefined);
  }

  /** The room is made anew, empty. */
  restartRoom(): void {
    this.break();
    for (const connection of this.#connections) connection.toServer.length = 0;
    this.log.length = 0;
    this.trimmedCount = 0;
    this.epoch++;
  }

  #onPacket(connection: ModelConnection, packet: ClientPacket): void {
    if (packet.type === PacketType.LOGIN_REQUEST) this.#onLogin(connection, packet.body.requestId);
    if (packet.type === PacketType.PUBLISH_REQUEST) this.#onPublish(connection, packet.body);
    if (packet.type === PacketType.HISTORY_REQUEST) {
      const { requestId, after } = packet.body;
      const from = Math.max(Number(after), this.trimmedCount);
      const page = this.log.slice(from, from + 1 + this.#random.below(4));
      const more = from + page.length < this.log.length;
      connection.push(PacketType.HISTORY_RESPONSE, { requestId, messages: page.map(notice), more });
    }
  }

  #onLogin(connection: ModelConnection, requestId: number): void {
    connection.isMember = true;
    connection.push(PacketType.LOGIN_RESPONSE, {
      requestId,
      user: { id: 1n, name: "mina" },
      lobby: {
        roomId: 1,
        name: "lobby",
        epoch: `e${this.epoch}`,
        firstOffset: this.log.length === this.trimmedCount ? 0 : this.trimmedCount + 1,
        lastOffset: this.log.length,
      },
    });
  }

  #onPublish(connection: ModelConnection, request: PublishRequest): void {
    const { requestId, clientMessageId, text } = request;
    if (this.#random.chance(0.1)) {
      const code = this.#random.chance(0.5) ? ErrorCode.RATE_LIMITED : ErrorCode.BUSY;
      connection.push(PacketType.PUBLISH_RESPONSE, { requestId, code, retryAfterMs: 50 });
      return;
    }
    const known = this.log.find(({ sender, id }) => sender === "mina" && id === clientMessageId);
    const offset = known?.offset ?? this.#append("mina", clientMessageId, text, connection);
    connection.push(PacketType.PUBLISH_RESPONSE, { requestId, offset, timeMs: offset });
  }

  #append(sender: string, id: string, text: string, publisher: ModelConnection | undefined): number {
    const message = { offset: this.log.length + 1, sender, id, text };
    this.log.push(message);
    for (const connection of this.#connections) {
      if (connection !== publisher && connection.isMember && !connection.isOver) {
        connection.push(PacketType.MESSAGE_NOTICE, notice(message));
      }
    }
    return message.offset;
  }
}

function notice({ offset, sender, text }: ModelMessage): PacketInit<PacketType.MESSAGE_NOTICE> {
  return { roomId: 1, offset, timeMs: offset, sender, text };
}

class ModelConnection implements TransportConnection {
  readonly toServer: ClientPacket[] = [];
  readonly #toClient: Uint8Array[] = [];
  readonly #events: TransportEvents;
  isMember = false;
  isOver = false;
  #isOpen = false;
  #isClosing = false;

  constructor(events: TransportEvents) {
    this.#events = events;
  }

  get hasWork(): boolean {
    return (
      this.toServer.length > 0 ||
      (!this.isOver && (!this.#isOpen || this.#isClosing || this.#toClient.length > 0))
    );
  }

  /** Only the way to the server has something in it. */
  get isReadOnly(): boolean {
    return this.isOver || (this.#isOpen && !this.#isClosing && this.#toClient.length === 0);
  }

  send(packet: Uint8Array): boolean {
    if (this.isOver || this.#isClosing) return false;
    this.toServer.push(decodeClientPacket(packet, 0, packet.byteLength));
    return true;
  }

  close(): void {
    this.#isClosing = true;
  }

  abort(): void {
    this.#isClosing = true;
  }

  push<Type extends ServerPacketType>(type: Type, body: PacketInit<Type>): void {
    if (!this.isOver) this.#toClient.push(encodePacketBytes(type, body));
  }

  /** The next thing that the client sees of this connection. */
  deliver(): void {
    if (this.isOver) return;
    if (this.#isClosing) {
      this.end();
      return;
    }
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#events.onOpen();
      this.push(PacketType.HELLO, { protocolVersion: 1, server: "model", packetLimitBytes: 16_384 });
      return;
    }
    const packet = this.#toClient.shift();
    if (packet !== undefined) this.#events.onPacket(packet, 0, packet.byteLength);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isMember = false;
    this.#events.onClosed("broken");
  }
}
