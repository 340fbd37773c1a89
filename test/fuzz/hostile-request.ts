import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { PacketType } from "../../src/protocol/codes.ts";
import { type ClientPacketType, isSentBy, PACKETS } from "../../src/protocol/packets.ts";

/** The password of every account but the administrator's and the keeper's, and of password rooms. */
export const KNOWN_PASSWORD = "correct horse battery";

/** Stand for what only the client that sends it knows: put in when it is sent. */
export const OWN_EPOCH = "(the epoch that the client knows)";
export const OWN_TOKEN: Uint8Array = Uint8Array.of(1);
export const FRESH_ID = "(an id of its own)";

const users = ["mina", "mina", "joon", "joon", "gina", "root", "MINA", "ｊｏｏｎ", "lobby"];
const rooms = ["lobby", "tea", "tea", "smoke", "cellar", "vault", "anew", "another", "ＴＥＡ", "hall"];
const badNames = [
  "nobody",
  "(deleted)",
  "(console)",
  "",
  "x",
  "no name!",
  "x".repeat(40),
  "\u0000",
  "@1:2",
  "x".repeat(3000),
];
/** The lobby, the hidden room, tea, the vault, a conversation, and what may be made besides; rooms in memory. */
const roomIds = [1, 1, 1, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 1_000_000_000, 1_000_000_000, 1_000_000_001];
const numbers = [0n, 1n, 1n, 2n, 3n, 4n, 5n, 8n];
const hugeNumbers = [1000n, 3_155_760_000_001n, 2n ** 53n, 2n ** 64n - 1n];
const goodCidrs = ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7", "::ffff:192.0.2.1"];
const long = "x".repeat(257);

/** Values worth trying: one in so many is wrong. */
function mostly(good: readonly unknown[], bad: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const password = fc.oneof(
  { weight: 5, arbitrary: fc.constant(KNOWN_PASSWORD) },
  { weight: 1, arbitrary: fc.constantFrom("wrong password", "short", "", "x".repeat(300), "nul \u0000 nul") },
);

/** By a field's name. */
const byName: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name: mostly(users, badNames),
  to: mostly(users, badNames),
  after: mostly(["", "", "mina", "tea"], [long, "\u0000", "9007199254740993"]),
  prefix: mostly(["", "", "t", "hid"], [long]),
  roomId: mostly(roomIds, [0, 999, 1_000_000_999, 4_000_000_000]),
  text: mostly(
    ["hi", "needle @mina", "안녕 👋", "x".repeat(4000)],
    ["", "   ", "x".repeat(4001), "bell \u0007"],
  ),
  topic: mostly(["a topic", ""], [long, "two\nlines"]),
  reason: mostly(["because", ""], [long, "\u0007"]),
  reaction: mostly(["👍", "👍", "+1"], ["", "a b", "x".repeat(33)]),
  query: mostly(["needle", "hi", '"', "a OR b", "*", "NEAR("], ["", long]),
  label: mostly(["", "phone"], ["x".repeat(65)]),
  displayName: mostly(["", "Mina K."], ["x".repeat(49), "\u202e"]),
  clientMessageId: mostly([FRESH_ID, FRESH_ID, FRESH_ID, "a", "b"], ["", "i".repeat(65), "\u0001"]),
  password,
  oldPassword: password,
  newPassword: password,
  invitationCode: mostly([""], ["wrong", "x".repeat(1000)]),
  epoch: mostly([OWN_EPOCH], ["", "another", "x".repeat(1000)]),
  cidr: mostly(goodCidrs, ["", "x", "10.0.0.0/33", "/8", "10.0.0.0/8"]),
  jwt: fc.constantFrom("", "a.b.c"),
  guestKey: mostly([new Uint8Array(16), new Uint8Array(64).fill(7)], [new Uint8Array(3)]),
  resumeToken: mostly([OWN_TOKEN], [new Uint8Array(32), new Uint8Array(0), new Uint8Array(2000)]),
  protocolVersion: mostly([1], [0, 2]),
  limit: mostly([0, 1, 3, 200], [4_294_967_295]),
  slowModeMs: mostly([0, 1, 1000], [86_400_001]),
  durationMs: mostly([0n, 50n, 1000n, 60_000n], hugeNumbers),
};
const roomName = mostly(rooms, badNames);
const roomMessages = new Set(["JoinRoomRequest", "CreateRoomRequest", "UpdateRoomRequest"]);

function byKind(field: DescField): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return fieldsOf(field.message);
  if (field.enum !== undefined) {
    const known = field.enum.values.map(({ number }) => number).filter((number) => number > 0);
    return mostly(known, [0, 99, -1]);
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return fc.integer({ min: 0, max: 3 }).map((dice) => dice === 3);
    case ScalarType.UINT64:
      return mostly(numbers, hugeNumbers);
    case ScalarType.UINT32:
      return mostly([0, 1, 2, 3, 1000], [4_294_967_295]);
    default:
      throw new TypeError(`no value to try for ${field.toString()}`);
  }
}

function valueOf(field: DescField): fc.Arbitrary<unknown> {
  if (field.localName === "name" && roomMessages.has(field.parent.name)) return roomName;
  // "after" is a name in lists, and an offset in history.
  const isOffset = field.localName === "after" && field.scalar === ScalarType.UINT64;
  return (isOffset ? undefined : byName[field.localName]) ?? byKind(field);
}

/** The fields of a message but its request id. */
function fieldsOf(schema: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  const required: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    if (member.localName === "requestId") continue;
    if (member.kind === "oneof") {
      const cases = member.fields.map((field) =>
        valueOf(field).map((value) => ({ case: field.localName, value })),
      );
      required[member.localName] = fc.oneof(...cases, fc.constant({ case: undefined }));
    } else {
      const isLeftOut = member.proto.proto3Optional || member.message !== undefined;
      const value = valueOf(member);
      required[member.localName] = isLeftOut
        ? fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
        : value;
    }
  }
  return fc.record(required);
}

/** A packet that a client sends; its request id is put in when it is sent. */
export interface HostilePacket {
  readonly type: ClientPacketType;
  readonly body: Record<string, unknown>;
}

/** What makes an end of a session or an account, or of a whole crowd: seldom, or nothing else is reached. */
const SELDOM: ReadonlySet<ClientPacketType> = new Set<ClientPacketType>([
  PacketType.REGISTER_REQUEST,
  PacketType.LOGOUT_REQUEST,
  PacketType.DELETE_ACCOUNT_REQUEST,
  PacketType.CHANGE_PASSWORD_REQUEST,
  PacketType.REVOKE_TOKEN_REQUEST,
  PacketType.ADMIN_LOCKDOWN_REQUEST,
  PacketType.DELETE_ROOM_REQUEST,
  PacketType.BLOCK_LIST_REQUEST,
  PacketType.TOKEN_LIST_REQUEST,
]);

/** Every packet that clients send, with values worth trying. */
export function hostilePacket(): fc.Arbitrary<HostilePacket> {
  const sent = PACKETS.filter((packet) => isSentBy(packet, "client"));
  return fc.oneof(
    ...sent.map(({ type: anyType, schema }) => {
      const type = anyType as ClientPacketType;
      const arbitrary = fieldsOf(schema).map((body): HostilePacket => ({ type, body }));
      return { weight: SELDOM.has(type) ? 1 : 6, arbitrary };
    }),
  );
}
