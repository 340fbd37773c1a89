import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { DisconnectCode, ErrorCode, PacketType } from "./codes.ts";
import { RoomKind, RoomStateSchema, UserSchema } from "./generated/portico/v1/portico_pb.js";
import { decodeClientPacket, decodeServerPacket, UNDECODED } from "./packet-decoder.ts";
import { encodePacketBytes } from "./packet-encoder.ts";
import { PacketFramer } from "./packet-framer.ts";
import { type KnownPacketType, type PacketInit, PACKETS, type PacketSource } from "./packets.ts";

/** What docs/PROTOCOL.md says is compared with the schema and the code: it cannot go out of date unnoticed. */
const page = readFileSync(new URL("../../docs/PROTOCOL.md", import.meta.url), "utf8");

/** The text under a heading, up to the next one of any level. */
function section(heading: string): string {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "").startsWith(heading));
  assert.ok(start >= 0, `docs/PROTOCOL.md has no heading "${heading}"`);
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("#"));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The cells of the rows of a section's table, without its head. */
function table(heading: string): string[][] {
  const rows = section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  return rows.slice(2);
}

/** Number and name of each row. */
function numbersIn(heading: string): string[][] {
  return table(heading).map((row) => row.slice(0, 2));
}

function codesOf(enumObject: object): string[][] {
  return Object.entries(enumObject)
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => [String(value), name]);
}

function typeName(field: DescField): string {
  if (field.fieldKind === "list") {
    const item = field.listKind === "message" ? field.message.name : ScalarType[Number(field.scalar)];
    return `repeated ${field.listKind === "message" ? item : item?.toLowerCase()}`;
  }
  if (field.fieldKind === "message") return field.message.name;
  if (field.fieldKind === "enum") return field.enum.name;
  return (ScalarType[Number(field.scalar)] ?? "").toLowerCase();
}

function fieldsOf(schema: DescMessage): string[][] {
  return schema.fields.map((field) => [String(field.number), `\`${field.name}\``, typeName(field)]);
}

const directions: Readonly<Record<PacketSource, string>> = {
  client: "client → server",
  server: "server → client",
  both: "both ways",
};

describe("docs/PROTOCOL.md", () => {
  it("lists every packet type with its number, message and direction", () => {
    const rows = table("Packet types").map((row) => row.slice(0, 4));
    const expected = PACKETS.map(({ type, schema, source }) => [
      String(type),
      PacketType[type],
      schema.name,
      directions[source],
    ]);
    assert.deepEqual(rows, expected);
  });

  it("lists every field of every message with its number and type", () => {
    for (const { type, schema, source } of PACKETS) {
      const heading = `${schema.name} (${type}, ${directions[source]})`;
      assert.deepEqual(
        table(heading).map((row) => row.slice(0, 3)),
        fieldsOf(schema),
        heading,
      );
    }
    for (const schema of [UserSchema, RoomStateSchema]) {
      assert.deepEqual(
        table(schema.name).map((row) => row.slice(0, 3)),
        fieldsOf(schema),
      );
    }
  });

  it("says something about every field and code", () => {
    const headings = [
      ...PACKETS.map(({ schema, type }) => `${schema.name} (${type}`),
      "User",
      "RoomState",
      "Error codes",
      "Disconnect codes",
    ];
    for (const heading of headings) {
      for (const row of table(heading)) assert.notEqual(row.at(-1), "", `${heading}: ${row.join(" | ")}`);
    }
  });

  it("lists every error code, disconnect code and kind of room", () => {
    assert.deepEqual(numbersIn("Error codes"), codesOf(ErrorCode));
    assert.deepEqual(numbersIn("Disconnect codes"), codesOf(DisconnectCode));
    assert.deepEqual(numbersIn("Rooms"), codesOf(RoomKind));
  });

  it("shows the bytes of a session as they are", () => {
    const dumps = [...section("A worked example").matchAll(/```hex\n([\s\S]*?)```/g)].map(([, hex]) =>
      Uint8Array.from(Buffer.from((hex ?? "").replaceAll(/\s/g, ""), "hex")),
    );
    const text = "안녕";
    const expected = [
      packet(PacketType.HELLO, {
        protocolVersion: 1,
        server: "portico",
        packetLimitBytes: 16_384,
        textLimitBytes: 4000,
        pingIntervalMs: 25_000,
        pongTimeoutMs: 8000,
        epoch: "e1",
        guestsAllowed: true,
        registrationOpen: true,
      }),
      packet(PacketType.LOGIN_REQUEST, {
        requestId: 1,
        protocolVersion: 1,
        name: "alice",
        credential: { case: "password", value: "correct horse" },
      }),
      packet(PacketType.LOGIN_RESPONSE, {
        requestId: 1,
        user: { id: 7, name: "alice" },
        lobby: {
          roomId: 1,
          name: "lobby",
          kind: RoomKind.LOGGED,
          epoch: "r1",
          firstOffset: 1,
          lastOffset: 41,
          memberCount: 2,
        },
      }),
      packet(PacketType.PUBLISH_REQUEST, { requestId: 2, roomId: 1, clientMessageId: "a1", text }),
      packet(PacketType.MESSAGE_NOTICE, {
        roomId: 1,
        offset: 42,
        timeMs: 1_760_000_000_000,
        sender: "bob",
        text: "hi",
      }),
      packet(PacketType.PUBLISH_RESPONSE, { requestId: 2, offset: 43, timeMs: 1_760_000_000_001 }),
    ];
    assert.deepEqual(dumps, expected);
    // And each of them is one whole packet, which one of the sides understands.
    const framer = new PacketFramer();
    for (const dump of dumps) {
      assert.equal(framer.frameLength(dump, 0, dump.length), dump.length);
      const decoded = [decodeClientPacket, decodeServerPacket].map(
        (decode) => decode(dump, 0, dump.length).type,
      );
      assert.ok(decoded.some((type) => type !== UNDECODED));
    }
  });
});

function packet<Type extends KnownPacketType>(type: Type, init: PacketInit<Type>): Uint8Array {
  return encodePacketBytes(type, init);
}
