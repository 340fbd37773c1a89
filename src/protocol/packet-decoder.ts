import type { MessageShape } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { PacketType } from "./codes.ts";
import type { PublishRequest, PublishRequestSchema } from "./generated/portico/v1/portico_pb.js";
import { PACKET_HEADER_BYTES, readPacketType } from "./packet-framer.ts";
import type { ClientPacketType, PacketBodies, PacketDefinition, ServerPacketType } from "./packets.ts";
import { isSentBy, PACKETS } from "./packets.ts";
import { readUtf8 } from "./utf8.ts";
import { isWellFormed, peekRequestId, wireShape, type WireShape } from "./wire-check.ts";

/** A packet of one type with its message. */
export interface DecodedPacket<Type extends keyof PacketBodies> {
  readonly type: Type;
  readonly body: PacketBodies[Type];
}

/** A well-framed packet that could not be understood. Not a reason to disconnect by itself. */
export interface UndecodedPacket {
  readonly type: typeof UNDECODED;
  /**
   * UNKNOWN_TYPE: no packet has this number, or not one that this side receives.
   * INVALID_BODY: not the protobuf message of its type, or a string that is not UTF-8.
   */
  readonly failure: "UNKNOWN_TYPE" | "INVALID_BODY";
  /** The number in the header. */
  readonly packetType: number;
  /**
   * The body's request id when it begins with one, else 0. Requests of every version have it in field
   * 1, so it is looked for in packets of unknown type too.
   */
  readonly requestId: number;
  /** In plain words, fit to be sent to the peer. */
  readonly detail: string;
}

/** `type` of an UndecodedPacket, so that one switch tells it from all the others. */
export const UNDECODED = PacketType.UNSPECIFIED;

type Decoded<Types extends keyof PacketBodies> = { [Type in Types]: DecodedPacket<Type> }[Types];

/** What a server receives. */
export type ClientPacket = Decoded<ClientPacketType> | UndecodedPacket;

/** What a client receives. */
export type ServerPacket = Decoded<ServerPacketType> | UndecodedPacket;

/**
 * Decodes the packet at bytes[start…end), header included, that a client sent. Never throws on what
 * the bytes say. The answer holds no reference to `bytes`.
 *
 * An enum may hold a number that this version does not name: check before relying on it.
 */
export function decodeClientPacket(bytes: Uint8Array, start: number, end: number): ClientPacket {
  return decode(fromClient, bytes, start, end) as ClientPacket;
}

/** The same for a packet that a server sent. */
export function decodeServerPacket(bytes: Uint8Array, start: number, end: number): ServerPacket {
  return decode(fromServer, bytes, start, end) as ServerPacket;
}

interface Decoder {
  readonly packet: PacketDefinition;
  readonly shape: WireShape;
  readonly hasRequestId: boolean;
}

const fromClient = decodersOf("client");
const fromServer = decodersOf("server");

function decodersOf(side: "client" | "server"): ReadonlyMap<number, Decoder> {
  const decoders = new Map<number, Decoder>();
  for (const packet of PACKETS) {
    if (!isSentBy(packet, side)) continue;
    const hasRequestId = packet.schema.field["requestId"]?.number === 1;
    decoders.set(packet.type, { packet, shape: wireShape(packet.schema), hasRequestId });
  }
  return decoders;
}

const DECODE_OPTIONS = { readUnknownFields: false };

function decode(
  decoders: ReadonlyMap<number, Decoder>,
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly type: PacketType; readonly body: unknown } | UndecodedPacket {
  const type = readPacketType(bytes, start);
  const bodyStart = start + PACKET_HEADER_BYTES;
  const decoder = decoders.get(type);
  if (decoder === undefined) {
    return {
      type: UNDECODED,
      failure: "UNKNOWN_TYPE",
      packetType: type,
      requestId: peekRequestId(bytes, bodyStart, end),
      detail: `packet type ${type} is not one that is received here`,
    };
  }
  try {
    if (decoder.packet.type === PacketType.PUBLISH_REQUEST) {
      const body = decodePublishRequest(bytes, bodyStart, end);
      if (body !== undefined) return { type, body };
    }
    if (isWellFormed(decoder.shape, bytes, bodyStart, end)) {
      // The library's bytes fields are views of what it reads: received bytes are only lent, so copy.
      // (A Buffer's own slice would be a view too.)
      const source = decoder.shape.hasBytes
        ? Uint8Array.prototype.slice.call(bytes, bodyStart, end)
        : bytes.subarray(bodyStart, end);
      return { type, body: fromBinary(decoder.packet.schema, source, DECODE_OPTIONS) };
    }
  } catch (error) {
    // TypeError from the TextDecoder, Error and RangeError from the library: what the bytes said.
    if (!(error instanceof Error)) throw error;
  }
  return {
    type: UNDECODED,
    failure: "INVALID_BODY",
    packetType: type,
    requestId: decoder.hasRequestId ? peekRequestId(bytes, bodyStart, end) : 0,
    detail: `the body is not a valid ${decoder.packet.schema.name}`,
  };
}

const NO_REPLY = 0n;

/**
 * The most frequent packet by hand, in half the library's time. Only what our own encoder and every
 * ordinary one would send: for anything else (unknown fields, long or unfinished numbers) undefined,
 * and the library decides.
 */
function decodePublishRequest(bytes: Uint8Array, start: number, end: number): PublishRequest | undefined {
  let requestId = 0;
  let roomId = 0;
  let clientMessageId = "";
  let text = "";
  let replyTo = NO_REPLY;
  let at = start;
  while (at < end) {
    const tag = bytes[at++] as number;
    let value = 0;
    let shift = 0;
    let byte: number;
    do {
      if (at >= end || shift > 28) return undefined;
      byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte > 0x7f);
    value >>>= 0;
    switch (tag) {
      case 0x08:
        requestId = value;
        break;
      case 0x10:
        roomId = value;
        break;
      case 0x1a:
      case 0x22: {
        if (value > end - at) return undefined;
        const string = readUtf8(bytes, at, at + value);
        at += value;
        if (tag === 0x1a) clientMessageId = string;
        else text = string;
        break;
      }
      case 0x28:
        // Five bytes or more may hold bits that `value` has lost.
        if (shift > 28) return undefined;
        replyTo = BigInt(value);
        break;
      default:
        return undefined;
    }
  }
  const body: MessageShape<typeof PublishRequestSchema> = {
    $typeName: "portico.v1.PublishRequest",
    requestId,
    roomId,
    clientMessageId,
    text,
    replyTo,
  };
  return body;
}
