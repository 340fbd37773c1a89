import { assert } from "../base/assert.ts";
import type { SendBufferPool, SendChunk } from "../engine/index.ts";
import { PacketType } from "./codes.ts";
import { MessageKind } from "./generated/portico/v1/portico_pb.js";
import type { Fields, MessageWriter } from "./message-writer.ts";
import { Lengths, messageWriter } from "./message-writer.ts";
import {
  checkPacketLimit,
  DEFAULT_PACKET_LIMIT_BYTES,
  PACKET_HEADER_BYTES,
  writePacketHeader,
} from "./packet-framer.ts";
import type { KnownPacketType, PacketInit } from "./packets.ts";
import { PACKETS } from "./packets.ts";
import { utf8Size, writeUtf8 } from "./utf8.ts";
import { varintSize, writeVarint } from "./varint.ts";

/** Where an encoded packet is: bytes [start, end) of `chunk`, written and ready to be queued. */
export interface PacketRange {
  readonly chunk: SendChunk;
  readonly start: number;
  readonly end: number;
}

/** The responses to what appends an entry to a room's log. */
export type PublishResponseType =
  | PacketType.PUBLISH_RESPONSE
  | PacketType.EDIT_MESSAGE_RESPONSE
  | PacketType.DELETE_MESSAGE_RESPONSE
  | PacketType.REACT_RESPONSE;

/** The packet would be above the limit; nothing of it was written. `code` "PACKET_TOO_LARGE". */
export class PacketTooLargeError extends Error {
  readonly code = "PACKET_TOO_LARGE";
  readonly packetType: KnownPacketType;
  readonly sizeBytes: number;
  readonly limitBytes: number;

  constructor(packetType: KnownPacketType, sizeBytes: number, limitBytes: number) {
    super(`${PacketType[packetType]}: a packet of ${sizeBytes} bytes is above the limit of ${limitBytes}`);
    this.name = "PacketTooLargeError";
    this.packetType = packetType;
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
  }
}

const writers = new Map<KnownPacketType, MessageWriter>(
  PACKETS.map((packet) => [packet.type, messageWriter(packet.schema)]),
);

// One is enough: measuring and writing a packet is never interrupted by another.
const lengths = new Lengths();

/**
 * Writes packets straight into the send buffer, one after the other (row E13).
 *
 * Packets encoded one after the other lie side by side for as long as `chunk` stays the same, so a run
 * of them can be queued as one range. Queue the range (SendQueue.push) or retain its chunk before
 * encoding what follows: a full chunk that nobody holds goes back to the pool.
 *
 * The range that a method returns is one object, filled anew by the next call: take its fields at once.
 *
 * Every method throws {@link PacketTooLargeError} above the packet limit, RangeError for a value that
 * its field cannot hold (a mistake of the program) and ArenaExhaustedError when the pool has no memory;
 * in each case nothing was written.
 */
export class PacketEncoder {
  readonly packetLimitBytes: number;
  readonly #pool: SendBufferPool;
  #range: { chunk: SendChunk; start: number; end: number } | undefined;

  /** `packetLimitBytes`: 4 … 65,535, header included; default 16,384. */
  constructor(pool: SendBufferPool, packetLimitBytes: number = DEFAULT_PACKET_LIMIT_BYTES) {
    this.#pool = pool;
    this.packetLimitBytes = checkPacketLimit(packetLimitBytes);
  }

  /** Any packet. Fields left out have protobuf's default. */
  encode<Type extends KnownPacketType>(type: Type, body: PacketInit<Type>): PacketRange {
    const writer = writers.get(type) as MessageWriter;
    const size = measure(writer, type, body, this.packetLimitBytes);
    const chunk = this.#open(type, size);
    write(writer, type, body, chunk.bytes, chunk.writtenBytes, size);
    return this.#close(chunk, size);
  }

  /**
   * A MessageNotice from plain arguments, in half the time of `encode`. `offset`, `timeMs`, `target`,
   * `replyTo`: whole, ≥ 0. `kind`: a number that the schema names.
   */
  encodeMessageNotice(
    roomId: number,
    offset: number,
    timeMs: number,
    sender: string,
    text: string,
    kind: MessageKind = MessageKind.TEXT,
    target = 0,
    replyTo = 0,
  ): PacketRange {
    const senderBytes = utf8Size(sender);
    const textBytes = utf8Size(text);
    // Most messages are plain: what the others have besides is looked at once.
    const isPlain = kind === MessageKind.TEXT && target === 0 && replyTo === 0;
    const size =
      PACKET_HEADER_BYTES +
      numberFieldSize(roomId, UINT32_MAX) +
      numberFieldSize(offset, Number.MAX_SAFE_INTEGER) +
      numberFieldSize(timeMs, Number.MAX_SAFE_INTEGER) +
      textFieldSize(senderBytes) +
      textFieldSize(textBytes) +
      (isPlain ? 0 : relationSize(kind, target, replyTo));
    const chunk = this.#open(PacketType.MESSAGE_NOTICE, size);
    const { bytes } = chunk;
    let at = writePacketHeader(bytes, chunk.writtenBytes, size, PacketType.MESSAGE_NOTICE);
    at = writeNumberField(bytes, at, NUMBER_FIELD_1, roomId);
    at = writeNumberField(bytes, at, NUMBER_FIELD_2, offset);
    at = writeNumberField(bytes, at, NUMBER_FIELD_3, timeMs);
    at = writeTextField(bytes, at, TEXT_FIELD_4, sender, senderBytes);
    at = writeTextField(bytes, at, TEXT_FIELD_5, text, textBytes);
    if (!isPlain) writeRelation(bytes, at, kind, target, replyTo);
    return this.#close(chunk, size);
  }

  /**
   * The response that says OK to an entry of whatever kind, from plain arguments; these responses have
   * the same fields. `offset`, `timeMs`: whole, ≥ 0.
   */
  encodePublishResponse(
    type: PublishResponseType,
    requestId: number,
    offset: number,
    timeMs: number,
  ): PacketRange {
    const size =
      PACKET_HEADER_BYTES +
      numberFieldSize(requestId, UINT32_MAX) +
      numberFieldSize(offset, Number.MAX_SAFE_INTEGER) +
      numberFieldSize(timeMs, Number.MAX_SAFE_INTEGER);
    const chunk = this.#open(type, size);
    const { bytes } = chunk;
    let at = writePacketHeader(bytes, chunk.writtenBytes, size, type);
    at = writeNumberField(bytes, at, NUMBER_FIELD_1, requestId);
    at = writeNumberField(bytes, at, NUMBER_FIELD_5, offset);
    writeNumberField(bytes, at, NUMBER_FIELD_6, timeMs);
    return this.#close(chunk, size);
  }

  /** A client's PublishRequest from plain arguments. */
  encodePublishRequest(
    requestId: number,
    roomId: number,
    clientMessageId: string,
    text: string,
  ): PacketRange {
    const idBytes = utf8Size(clientMessageId);
    const textBytes = utf8Size(text);
    const size =
      PACKET_HEADER_BYTES +
      numberFieldSize(requestId, UINT32_MAX) +
      numberFieldSize(roomId, UINT32_MAX) +
      textFieldSize(idBytes) +
      textFieldSize(textBytes);
    const chunk = this.#open(PacketType.PUBLISH_REQUEST, size);
    const { bytes } = chunk;
    let at = writePacketHeader(bytes, chunk.writtenBytes, size, PacketType.PUBLISH_REQUEST);
    at = writeNumberField(bytes, at, NUMBER_FIELD_1, requestId);
    at = writeNumberField(bytes, at, NUMBER_FIELD_2, roomId);
    at = writeTextField(bytes, at, TEXT_FIELD_3, clientMessageId, idBytes);
    writeTextField(bytes, at, TEXT_FIELD_4, text, textBytes);
    return this.#close(chunk, size);
  }

  #open(type: KnownPacketType, size: number): SendChunk {
    if (size > this.packetLimitBytes) throw new PacketTooLargeError(type, size, this.packetLimitBytes);
    return this.#pool.open(size);
  }

  #close(chunk: SendChunk, size: number): PacketRange {
    const start = chunk.writtenBytes;
    this.#pool.close(size);
    if (this.#range === undefined) {
      this.#range = { chunk, start, end: start + size };
    } else {
      this.#range.chunk = chunk;
      this.#range.start = start;
      this.#range.end = start + size;
    }
    return this.#range;
  }
}

// Tags of the hand-written packets: field number × 8 + wire type (0 number, 2 text).
const NUMBER_FIELD_1 = 0x08;
const NUMBER_FIELD_2 = 0x10;
const NUMBER_FIELD_3 = 0x18;
const NUMBER_FIELD_5 = 0x28;
const NUMBER_FIELD_6 = 0x30;
const NUMBER_FIELD_7 = 0x38;
const NUMBER_FIELD_8 = 0x40;
const TEXT_FIELD_3 = 0x1a;
const TEXT_FIELD_4 = 0x22;
const TEXT_FIELD_5 = 0x2a;

const UINT32_MAX = 0xffff_ffff;

function numberFieldSize(value: number, most: number): number {
  if (!(value >= 0 && value <= most && Number.isInteger(value))) {
    throw new RangeError(`a field of this packet cannot be ${value}`);
  }
  return value === 0 ? 0 : 1 + varintSize(value);
}

/** What a message is to another one. */
function relationSize(kind: number, target: number, replyTo: number): number {
  return (
    numberFieldSize(kind, UINT32_MAX) +
    numberFieldSize(target, Number.MAX_SAFE_INTEGER) +
    numberFieldSize(replyTo, Number.MAX_SAFE_INTEGER)
  );
}

function writeRelation(bytes: Uint8Array, at: number, kind: number, target: number, replyTo: number): void {
  let position = writeNumberField(bytes, at, NUMBER_FIELD_6, kind);
  position = writeNumberField(bytes, position, NUMBER_FIELD_7, target);
  writeNumberField(bytes, position, NUMBER_FIELD_8, replyTo);
}

function textFieldSize(byteCount: number): number {
  return byteCount === 0 ? 0 : 1 + varintSize(byteCount) + byteCount;
}

function writeNumberField(bytes: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function writeTextField(bytes: Uint8Array, at: number, tag: number, text: string, byteCount: number): number {
  if (byteCount === 0) return at;
  bytes[at] = tag;
  return writeUtf8(bytes, writeVarint(bytes, at + 1, byteCount), text, byteCount);
}

/** A packet as bytes of its own, for where there is no send buffer: tests, browsers. Throws as the encoder does. */
export function encodePacketBytes<Type extends KnownPacketType>(
  type: Type,
  body: PacketInit<Type>,
  packetLimitBytes: number = DEFAULT_PACKET_LIMIT_BYTES,
): Uint8Array {
  const writer = writers.get(type) as MessageWriter;
  const size = measure(writer, type, body, checkPacketLimit(packetLimitBytes));
  const bytes = new Uint8Array(size);
  write(writer, type, body, bytes, 0, size);
  return bytes;
}

/** Bytes that the packet would take, header included; it may be above every limit. */
export function packetSize<Type extends KnownPacketType>(type: Type, body: PacketInit<Type>): number {
  return measure(writers.get(type) as MessageWriter, type, body, Number.MAX_SAFE_INTEGER);
}

function measure(writer: MessageWriter, type: KnownPacketType, body: object, limitBytes: number): number {
  lengths.clear();
  const size = PACKET_HEADER_BYTES + writer.measure(body as Fields, lengths);
  if (size > limitBytes) throw new PacketTooLargeError(type, size, limitBytes);
  return size;
}

function write(
  writer: MessageWriter,
  type: KnownPacketType,
  body: object,
  bytes: Uint8Array,
  at: number,
  size: number,
): void {
  const end = writer.write(body as Fields, bytes, writePacketHeader(bytes, at, size, type), lengths);
  assert(end === at + size, "a packet is written as long as it was measured");
}
