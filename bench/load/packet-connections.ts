import { randomBytes } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import {
  DisconnectSchema,
  ErrorNoticeSchema,
  JoinRoomResponseSchema,
  LoginResponseSchema,
  PublishResponseSchema,
  RoomKind,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { PACKET_HEADER_BYTES, readPacketSize, readPacketType } from "../../src/protocol/packet-framer.ts";
import {
  RELAY_JOIN,
  RELAY_JOINED,
  RELAY_NOTICE,
  RELAY_PUBLISH,
  relayFrame,
} from "../servers/relay-frames.ts";
import { RoomConnection, writeHex } from "./room-connection.ts";

/** Frames with Portico's header. */
abstract class PacketConnection extends RoomConnection {
  /** A publication without its sequence number. */
  #template: Uint8Array | undefined;

  protected override frameLength(bytes: Uint8Array, start: number, end: number): number {
    return end - start < PACKET_HEADER_BYTES ? 0 : readPacketSize(bytes, start);
  }

  /** The bytes of one publication whose text ends it. */
  protected abstract makeTemplate(): Uint8Array;

  /** Puts the sequence number where it belongs besides the text. */
  protected abstract patch(bytes: Uint8Array, start: number, sequence: number): void;

  protected override sendPublication(sequence: number): void {
    this.#template ??= this.makeTemplate();
    const byteCount = this.#template.byteLength;
    const chunk = this.run.buffers.open(byteCount);
    const start = chunk.writtenBytes;
    chunk.bytes.set(this.#template, start);
    this.writeText(chunk.bytes, start + byteCount - this.job.textBytes, sequence);
    this.patch(chunk.bytes, start, sequence);
    this.run.buffers.close(byteCount);
    this.queueRange(chunk, start, start + byteCount);
  }
}

/** A member of a relay: see servers/relay-frames.ts. */
export class RelayConnection extends PacketConnection {
  override start(): void {
    this.queueBytes(relayFrame(RELAY_JOIN, new TextEncoder().encode(`${this.room.index}`)));
  }

  protected override onFrame(bytes: Uint8Array, start: number, end: number): void {
    const type = readPacketType(bytes, start);
    if (type === RELAY_NOTICE) this.onDelivery(bytes, end - this.job.textBytes);
    else if (type === RELAY_JOINED) this.run.isReady(this);
  }

  protected override makeTemplate(): Uint8Array {
    return relayFrame(RELAY_PUBLISH, new Uint8Array(this.job.textBytes));
  }

  protected override patch(): void {
    // The text says it all.
  }
}

/** Request ids of publications: all of them take three bytes, so that a template can be patched. */
const FIRST_REQUEST_ID = 16_384;
const REQUEST_IDS = 2_000_000;
const LOGIN_ID = 1;
const JOIN_ID = 2;
const MESSAGE_ID_BYTES = 8;

/** Type numbers as they come off the wire. */
const MESSAGE_NOTICE: number = PacketType.MESSAGE_NOTICE;
const PUBLISH_RESPONSE: number = PacketType.PUBLISH_RESPONSE;

/** A guest of Portico's chat server. */
export class PorticoConnection extends PacketConnection {
  readonly #name: string;
  readonly #staysInLobby: boolean;
  /** What else is answered; Hello and the joined notices of small rooms are not. */
  readonly #answers: ReadonlyMap<number, (body: Uint8Array) => void> = new Map<
    number,
    (body: Uint8Array) => void
  >([
    [PacketType.LOGIN_RESPONSE, (body) => this.#onLoggedIn(body)],
    [PacketType.JOIN_ROOM_RESPONSE, (body) => this.#onJoined(body)],
    [PacketType.PING, (body) => this.queueBytes(relayFrame(PacketType.PONG, body))],
    [PacketType.ERROR_NOTICE, (body) => this.#onError(body)],
    [PacketType.DISCONNECT, (body) => this.#onDisconnect(body)],
  ]);
  #roomId = 0;
  #messageIdOffset = 0;

  constructor(
    run: ConstructorParameters<typeof RoomConnection>[0],
    job: ConstructorParameters<typeof RoomConnection>[1],
    room: ConstructorParameters<typeof RoomConnection>[2],
    publisherIndex: number,
    name: string,
    staysInLobby = false,
  ) {
    super(run, job, room, publisherIndex);
    this.#name = name;
    this.#staysInLobby = staysInLobby;
  }

  override start(): void {
    this.queueBytes(
      encodePacketBytes(PacketType.LOGIN_REQUEST, {
        requestId: LOGIN_ID,
        protocolVersion: 1,
        name: this.#name,
        credential: { case: "guestKey", value: new Uint8Array(randomBytes(16)) },
      }),
    );
  }

  protected override onFrame(bytes: Uint8Array, start: number, end: number): void {
    const type = readPacketType(bytes, start);
    if (type === MESSAGE_NOTICE) this.onDelivery(bytes, end - this.job.textBytes);
    else if (type === PUBLISH_RESPONSE) this.#onPublished(bytes, start, end);
    else this.#answers.get(type)?.(bytes.slice(start + PACKET_HEADER_BYTES, end));
  }

  protected override makeTemplate(): Uint8Array {
    const clientMessageId = "0".repeat(MESSAGE_ID_BYTES);
    const template = encodePacketBytes(PacketType.PUBLISH_REQUEST, {
      requestId: FIRST_REQUEST_ID,
      roomId: this.#roomId,
      clientMessageId,
      text: "x".repeat(this.job.textBytes),
    });
    this.#messageIdOffset = Buffer.from(template).indexOf(clientMessageId);
    return template;
  }

  protected override patch(bytes: Uint8Array, start: number, sequence: number): void {
    const requestId = FIRST_REQUEST_ID + (sequence % REQUEST_IDS);
    // The header, the tag of request_id, then its three bytes.
    const at = start + PACKET_HEADER_BYTES + 1;
    bytes[at] = 0x80 | (requestId & 0x7f);
    bytes[at + 1] = 0x80 | ((requestId >>> 7) & 0x7f);
    bytes[at + 2] = requestId >>> 14;
    writeHex(bytes, start + this.#messageIdOffset, sequence);
  }

  #onPublished(bytes: Uint8Array, start: number, end: number): void {
    // After the request id (tag and three bytes) a tag 0x10 is an error code, which is left out when OK.
    if (bytes[start + PACKET_HEADER_BYTES + 4] === 0x10) {
      const response = fromBinary(PublishResponseSchema, bytes.slice(start + PACKET_HEADER_BYTES, end));
      this.#fail("a publication was refused", ErrorCode[response.code], response.detail);
      return;
    }
    this.deliveries++;
    this.onAnswered();
  }

  #onLoggedIn(body: Uint8Array): void {
    const response = fromBinary(LoginResponseSchema, body);
    if (response.code !== ErrorCode.OK) {
      this.#fail("a guest was refused", ErrorCode[response.code], response.detail);
    } else if (this.#staysInLobby) this.run.isReady(this);
    else {
      const create = this.job.roomKind === "memory" ? RoomKind.MEMORY : RoomKind.LOGGED;
      const name = `bench-${this.room.index}`;
      this.queueBytes(encodePacketBytes(PacketType.JOIN_ROOM_REQUEST, { requestId: JOIN_ID, name, create }));
    }
  }

  #onJoined(body: Uint8Array): void {
    const response = fromBinary(JoinRoomResponseSchema, body);
    if (response.code !== ErrorCode.OK || response.room === undefined) {
      this.#fail("a room was refused", ErrorCode[response.code], response.detail);
      return;
    }
    this.#roomId = response.room.roomId;
    this.run.isReady(this);
  }

  #onError(body: Uint8Array): void {
    const notice = fromBinary(ErrorNoticeSchema, body);
    this.#fail("the server answered with an error", ErrorCode[notice.code], notice.detail);
  }

  #onDisconnect(body: Uint8Array): void {
    const disconnect = fromBinary(DisconnectSchema, body);
    this.#fail("the server ends the connection", DisconnectCode[disconnect.code], disconnect.reason);
  }

  #fail(what: string, code: string | undefined, detail: string): void {
    this.run.fail(new Error(`${what}: ${code ?? "unknown code"} ${detail}`));
  }
}
