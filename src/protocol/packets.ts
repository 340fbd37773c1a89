import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { PacketType } from "./codes.ts";
import * as pb from "./generated/portico/v1/portico_pb.js";

/**
 * Every packet follows from the schema alone: PACKET_TYPE_PUBLISH_REQUEST carries a PublishRequest, is
 * sent by clients, and is answered by the type with the next number, PACKET_TYPE_PUBLISH_RESPONSE. So a
 * new packet is a few lines of `proto/` and what handles it.
 */
type PacketName = Exclude<keyof typeof PacketType, "UNSPECIFIED">;

/** "PUBLISH_REQUEST" → "PublishRequest" */
type MessageName<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Capitalize<Lowercase<Word>>}${MessageName<Rest>}`
  : Capitalize<Lowercase<Name>>;

type SchemaOf<Name extends PacketName> = `${MessageName<Name>}Schema` extends infer Key extends
  keyof typeof pb
  ? (typeof pb)[Key]
  : never;

/** Which side sends a packet. */
export type PacketSource = "client" | "server" | "both";

type SourceOf<Name extends PacketName> = Name extends `${string}_REQUEST` | "TYPING"
  ? "client"
  : Name extends "PING" | "PONG"
    ? "both"
    : "server";

/** The message of each packet type: what a body decodes to. */
export type PacketBodies = {
  [Name in PacketName as (typeof PacketType)[Name]]: SchemaOf<Name> extends infer Schema extends DescMessage
    ? MessageShape<Schema>
    : never;
};

/** Every packet type but UNSPECIFIED. */
export type KnownPacketType = keyof PacketBodies;

/** What can be learned about a packet type at run time. */
export interface PacketDefinition {
  readonly type: KnownPacketType;
  readonly schema: DescMessage;
  readonly source: PacketSource;
}

/** Types that the given side sends. */
export type PacketTypeFrom<Side extends "client" | "server"> = {
  [Name in PacketName]: SourceOf<Name> extends Side | "both" ? (typeof PacketType)[Name] : never;
}[PacketName];

export type ClientPacketType = PacketTypeFrom<"client">;
export type ServerPacketType = PacketTypeFrom<"server">;

type RequestName = Extract<PacketName, `${string}_REQUEST`>;

/** Types of packets that have one answer each. */
export type RequestPacketType = (typeof PacketType)[RequestName];

/** The type of the packet that answers a request. */
export type ResponseTypeOf<Type extends RequestPacketType> = {
  [Name in RequestName]: (typeof PacketType)[Name] extends Type
    ? Name extends `${infer Stem}_REQUEST`
      ? `${Stem}_RESPONSE` extends infer Response extends PacketName
        ? (typeof PacketType)[Response]
        : never
      : never
    : never;
}[RequestName];

export type ResponsePacketType = ResponseTypeOf<RequestPacketType>;

/** The type of the packet that answers a request: the next number. */
export function responseTypeOf<Type extends RequestPacketType>(type: Type): ResponseTypeOf<Type> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the numbers of the schema; checked when this file is loaded
  return (type + 1) as ResponseTypeOf<Type>;
}

/** Every packet type, in the order of its number. */
export const PACKETS: readonly PacketDefinition[] = Object.entries(PacketType)
  .flatMap(([name, type]) => (typeof type === "number" && name !== "UNSPECIFIED" ? [define(name, type)] : []))
  .toSorted((a, b) => a.type - b.type);

const byType = new Map<number, PacketDefinition>(PACKETS.map((packet) => [packet.type, packet]));

/** The definition of a type number; undefined when this version of the protocol has no such type. */
export function findPacket(type: number): PacketDefinition | undefined {
  return byType.get(type);
}

/** True for the type of a packet that has an answer. */
export function isRequest(type: KnownPacketType): type is RequestPacketType {
  return PacketType[type].endsWith("_REQUEST");
}

/** True when `side` sends packets of this type. */
export function isSentBy(packet: PacketDefinition, side: "client" | "server"): boolean {
  return packet.source === side || packet.source === "both";
}

function define(name: string, type: PacketType): PacketDefinition {
  const messageName = name
    .split("_")
    .map((word) => `${word.charAt(0)}${word.slice(1).toLowerCase()}`)
    .join("");
  const schema = (pb as unknown as Record<string, DescMessage | undefined>)[`${messageName}Schema`];
  if (schema === undefined) throw new Error(`proto/ has no message ${messageName} for the packet ${name}`);
  if (name.endsWith("_REQUEST") && PacketType[type + 1] !== name.replace(/_REQUEST$/, "_RESPONSE")) {
    throw new Error(`the packet ${name} has no response under the next number`);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every number of the enum but UNSPECIFIED
  return { type: type as KnownPacketType, schema, source: sourceOf(name) };
}

function sourceOf(name: string): PacketSource {
  if (name === "PING" || name === "PONG") return "both";
  return name.endsWith("_REQUEST") || name === "TYPING" ? "client" : "server";
}

/**
 * What an encoder takes for a message: plain fields, those left out having protobuf's default. A whole
 * protobuf-es message fits too, and 64-bit fields may be given as numbers up to 2^53 − 1.
 */
export type PlainMessage<Body> = {
  readonly [Field in Exclude<keyof Body, "$typeName" | "$unknown">]?: PlainField<Body[Field]> | undefined;
};

type PlainField<Field> = Field extends bigint
  ? bigint | number
  : Field extends { readonly $typeName: string }
    ? PlainMessage<Field>
    : Field extends readonly (infer Item)[]
      ? readonly PlainField<Item>[]
      : Field;

export type PacketInit<Type extends KnownPacketType> = PlainMessage<PacketBodies[Type]>;
