import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, ScalarType, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { PACKET_HEADER_BYTES, writePacketHeader } from "../../src/protocol/packet-framer.ts";
import { PACKETS, type PacketDefinition } from "../../src/protocol/packets.ts";

/** Strings of every kind: ASCII, wide characters, and lone surrogates, which must become U+FFFD. */
const arbitraryString = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc
    .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 100, maxLength: 400 }),
);

const scalars: ReadonlyMap<ScalarType, fc.Arbitrary<unknown>> = new Map<ScalarType, fc.Arbitrary<unknown>>([
  [
    ScalarType.UINT32,
    fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }), fc.constant(0xffff_ffff)),
  ],
  [ScalarType.UINT64, fc.oneof(fc.nat(300).map(BigInt), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))],
  [
    ScalarType.SINT64,
    fc.oneof(fc.nat(300).map(BigInt), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })),
  ],
  [ScalarType.STRING, arbitraryString],
  [ScalarType.BYTES, fc.uint8Array({ maxLength: 300 })],
  [ScalarType.BOOL, fc.boolean()],
]);

function arbitraryScalar(scalar: ScalarType): fc.Arbitrary<unknown> {
  const arbitrary = scalars.get(scalar);
  if (arbitrary === undefined) throw new TypeError(`this test makes no ${ScalarType[scalar]}`);
  return arbitrary;
}

function arbitraryValue(field: DescField): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return arbitraryMessage(field.message);
  if (field.fieldKind === "enum") {
    const named = fc.constantFrom(...field.enum.values.map(({ number }) => number));
    return fc.oneof(named, fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }));
  }
  if (field.fieldKind === "scalar") return arbitraryScalar(field.scalar);
  if (field.fieldKind === "list" && field.listKind === "scalar") return arbitraryScalar(field.scalar);
  throw new TypeError(`the schema has a field that this test does not make: ${String(field)}`);
}

/** Any message of a type, made by the library. */
export function arbitraryMessage(schema: DescMessage): fc.Arbitrary<Message> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    if (member.kind === "oneof") {
      const cases = member.fields.map((field) =>
        arbitraryValue(field).map((value) => ({ case: field.localName, value })),
      );
      members[member.localName] = fc.oneof(fc.constant({ case: undefined }), ...cases);
    } else if (member.fieldKind === "list") {
      members[member.localName] = fc.array(arbitraryValue(member), { maxLength: 6 });
    } else {
      members[member.localName] = arbitraryValue(member);
    }
  }
  return fc.record(members, { requiredKeys: [] }).map((init) => create(schema, init));
}

export interface ArbitraryPacket {
  readonly packet: PacketDefinition;
  readonly message: Message;
  /** The whole packet, its body made by the library. */
  readonly bytes: Uint8Array;
}

/** Any packet of the given definitions. */
export function arbitraryPacket(
  packets: readonly PacketDefinition[] = PACKETS,
): fc.Arbitrary<ArbitraryPacket> {
  return fc.oneof(
    ...packets.map((packet) =>
      arbitraryMessage(packet.schema).map((message) => ({
        packet,
        message,
        bytes: libraryBytes(packet, message),
      })),
    ),
  );
}

/** The packet as the library would have it: header, then `toBinary`. */
export function libraryBytes(packet: PacketDefinition, message: Message): Uint8Array {
  const body = toBinary(packet.schema, message);
  const bytes = new Uint8Array(PACKET_HEADER_BYTES + body.length);
  bytes.set(body, writePacketHeader(bytes, 0, bytes.length, packet.type));
  return bytes;
}
