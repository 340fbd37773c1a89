import type { Transport, TransportConnection } from "../../src/client/index.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import {
  decodeClientPacket,
  decodeServerPacket,
  type ServerPacket,
  UNDECODED,
  type UndecodedPacket,
} from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import {
  type ClientPacketType,
  type KnownPacketType,
  isRequest,
  responseTypeOf,
} from "../../src/protocol/packets.ts";
import { FRESH_ID, OWN_EPOCH, OWN_TOKEN } from "./hostile-request.ts";

/** What a client is told of what it must not see or get. */
export interface Witness {
  /** Which codes docs/PROTOCOL.md gives a response; undefined for other packets. */
  codesOf(type: KnownPacketType): ReadonlySet<string> | undefined;
  /** Words that only members of a private room may hear. */
  readonly secrets: readonly string[];
  breach(what: string): void;
}

/** A client that says anything, and checks that what comes back is what the protocol says. */
export class FuzzClient {
  readonly name: string;
  readonly #transport: Transport;
  readonly #witness: Witness;
  readonly #maySeeSecrets: boolean;
  /** Requests without an answer, and what they were, for who reads a failure. */
  readonly #open = new Map<number, { readonly type: ClientPacketType; readonly what: string }>();
  readonly #epochs = new Map<string, string>();
  #connection: TransportConnection | undefined;
  #token: Uint8Array = new Uint8Array(32);
  #lastId = 0;
  #openZeroCount = 0;
  isReady = false;
  isClosed = true;
  isLoggedIn = false;
  /** Rooms by name, as the last states of them said. */
  readonly roomIds = new Map<string, number>();

  constructor(name: string, transport: Transport, witness: Witness, maySeeSecrets: boolean) {
    this.name = name;
    this.#transport = transport;
    this.#witness = witness;
    this.#maySeeSecrets = maySeeSecrets;
  }

  get openCount(): number {
    return this.#open.size + this.#openZeroCount;
  }

  /** The requests that nobody has answered. */
  get openRequests(): string {
    return [...this.#open.values()].map(({ what }) => what).join("; ");
  }

  connect(): void {
    this.isClosed = false;
    this.isReady = false;
    this.isLoggedIn = false;
    this.#connection = this.#transport.connect({
      onOpen: () => {
        this.isReady = true;
      },
      onPacket: (bytes, start, end) => this.#hear(bytes, start, end),
      onClosed: () => this.#closed(),
    });
  }

  close(): void {
    this.#connection?.abort();
  }

  /** Sends one packet as it is; what the server can read of it is a request like others. */
  sendBytes(bytes: Uint8Array): void {
    const packet = decodeClientPacket(bytes, 0, bytes.length);
    if (packet.type === UNDECODED || !isRequest(packet.type)) {
      this.#connection?.send(bytes);
      return;
    }
    const { requestId } = packet.body as unknown as { requestId: number };
    if (this.#open.has(requestId) || this.#connection?.send(bytes) !== true) return;
    if (requestId === 0) this.#openZeroCount++;
    else this.#open.set(requestId, { type: packet.type, what: `${PacketType[packet.type]} in bytes` });
  }

  /** Sends a packet, what stands for the client's own knowledge put in. `isZero`: with request id 0. */
  send(type: ClientPacketType, fields: Record<string, unknown>, isZero = false): void {
    const body: Record<string, unknown> = { ...fields };
    if (isRequest(type)) body["requestId"] = isZero ? 0 : this.#freshId();
    if (body["clientMessageId"] === FRESH_ID) body["clientMessageId"] = `${this.name}-${this.#lastId}`;
    for (const [key, room] of [
      ["position", String(body["name"])],
      ["lobby", "lobby"],
    ] as const) {
      const position = body[key] as { epoch: string } | undefined;
      if (position?.epoch !== OWN_EPOCH) continue;
      body[key] = { ...position, epoch: this.#epochs.get(room) ?? "" };
    }
    const credential = body["credential"] as { case?: string; value?: unknown } | undefined;
    if (credential?.value === OWN_TOKEN) body["credential"] = { ...credential, value: this.#token };
    const bytes = encodePacketBytes(type, body, 65_535);
    if (bytes.length > 16_384 || this.#connection === undefined) return;
    if (!this.#connection.send(bytes)) return;
    if (!isRequest(type)) return;
    if (isZero) this.#openZeroCount++;
    else this.#open.set(this.#lastId, { type, what: `${PacketType[type]} of ${this.name}` });
  }

  #freshId(): number {
    do this.#lastId++;
    while (this.#open.has(this.#lastId));
    return this.#lastId;
  }

  #closed(): void {
    this.isClosed = true;
    this.isReady = false;
    this.isLoggedIn = false;
    this.#connection = undefined;
    this.#open.clear();
    this.#openZeroCount = 0;
  }

  #hear(bytes: Uint8Array, start: number, end: number): void {
    const packet = decodeServerPacket(bytes, start, end);
    if (!this.#maySeeSecrets) {
      const content = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      const secret = this.#witness.secrets.find((each) => content.includes(each));
      if (secret !== undefined) {
        this.#witness.breach(`${this.name} heard "${secret}" in a packet of type ${packet.type}`);
      }
    }
    if (packet.type === UNDECODED) this.#witness.breach(`${this.name} got what it cannot decode`);
    else if (packet.type === PacketType.PING) this.send(PacketType.PONG, { nonce: packet.body.nonce });
    else if (packet.type === PacketType.ERROR_NOTICE) this.#refused(packet.body);
    else this.#answered(packet);
  }

  /** To what has no response of its own: Typing is refused so. */
  #refused({ code, packetType }: { readonly code: ErrorCode; readonly packetType: number }): void {
    const codes = ["INVALID_PACKET", "UNKNOWN_TYPE", "NOT_LOGGED_IN", "RATE_LIMITED", "BUSY"];
    if (!codes.includes(ErrorCode[code])) {
      this.#witness.breach(`ErrorNotice ${ErrorCode[code]} for a packet of type ${packetType}`);
    }
  }

  #answered(packet: Exclude<ServerPacket, UndecodedPacket>): void {
    const codes = this.#witness.codesOf(packet.type);
    if (codes === undefined) return;
    const { requestId, code } = packet.body as unknown as { requestId: number; code: ErrorCode };
    const name = ErrorCode[code] ?? String(code);
    if (!codes.has(name)) this.#witness.breach(`${PacketType[packet.type]} has ${name}, undocumented`);
    if (name === "OK") this.#learn(packet);
    if (requestId === 0) {
      if (this.#openZeroCount === 0) this.#witness.breach(`${PacketType[packet.type]} answers nothing`);
      else this.#openZeroCount--;
      if (name !== "INVALID_PACKET") this.#witness.breach(`request id 0 is answered with ${name}`);
      return;
    }
    const asked = this.#open.get(requestId);
    if (asked === undefined || !isRequest(asked.type) || responseTypeOf(asked.type) !== packet.type) {
      this.#witness.breach(`${PacketType[packet.type]} ${requestId} answers nothing that ${this.name} asked`);
    }
    this.#open.delete(requestId);
  }

  #learn(packet: ServerPacket): void {
    if (packet.type === PacketType.LOGIN_RESPONSE) {
      this.isLoggedIn = true;
      if (packet.body.resumeToken.length > 0) this.#token = packet.body.resumeToken.slice();
      this.#note(packet.body.lobby);
    } else if (
      packet.type === PacketType.JOIN_ROOM_RESPONSE ||
      packet.type === PacketType.CREATE_ROOM_RESPONSE
    ) {
      this.#note(packet.body.room);
    }
  }

  #note(room: { readonly name: string; readonly epoch: string; readonly roomId: number } | undefined): void {
    if (room === undefined) return;
    this.#epochs.set(room.name, room.epoch);
    this.roomIds.set(room.name, room.roomId);
  }
}
