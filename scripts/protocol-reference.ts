/**
 * Writes the "Packet types" table and the "Packets" part of docs/PROTOCOL.md from the comments of the
 * schema, so that both say the same: `npm run generate`. Run with --check it only compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { PacketType } from "../src/protocol/codes.ts";
import * as generated from "../src/protocol/generated/portico/v1/portico_pb.js";
import { isRequest, PACKETS, type PacketDefinition } from "../src/protocol/packets.ts";

const page = new URL("../docs/PROTOCOL.md", import.meta.url);
const schema = readFileSync(new URL("../proto/portico/v1/portico.proto", import.meta.url), "utf8");

const directions = { client: "client → server", server: "server → client", both: "both ways" } as const;

/** What fields without a comment of their own mean, everywhere. */
const USUAL: Readonly<Record<string, string>> = {
  request_id: "chosen by the client, not 0",
  detail: "why not, in words, for people",
  retry_after_ms: "above 0: wait this long before asking again",
  room_id: "the room",
  offset: "its place in the room",
  time_ms: "the server's time, milliseconds since 1970-01-01 UTC",
  sender: "the user's name",
  text: "see [Texts](#names-passwords-texts)",
  name: "see [Names](#names-passwords-texts)",
  names: "users' names",
  client_message_id: "chosen by the client, 1 … 64 bytes: see [Sending again](#sending-again)",
  more: "there are others after these",
  total: "of all of them",
  room: "the room as it is now",
  password: "see [Passwords](#names-passwords-texts)",
  reason: "in words, at most 256 bytes",
  topic: "at most 256 bytes",
  kind: "what it is",
  access: "who may come in",
  role: "of the user in the room",
  member_count: "users who are in it now",
  display_name: "how the user is shown beside the name; often empty",
  nonce: "any number; Pong repeats it",
};

function comments(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const path: string[] = [];
  let pending: string[] = [];
  for (const line of schema.split("\n").map((each) => each.trim())) {
    const comment = /^\/\/ ?(?<text>.*)$/.exec(line)?.groups?.text;
    if (comment !== undefined) {
      pending.push(comment);
      continue;
    }
    const opened = /^(?:message|enum|oneof) (?<name>\w+) \{/.exec(line)?.groups?.name;
    const field = /^(?:repeated |optional )?[\w.]+ (?<name>\w+) = \d+;/.exec(line)?.groups?.name;
    if (opened !== undefined) {
      if (!line.startsWith("oneof")) found.set([...path, opened].join("."), joined(pending));
      path.push(line.startsWith("oneof") ? "" : opened);
    } else if (field !== undefined) {
      found.set([...path.filter((name) => name !== ""), field].join("."), joined(pending));
    } else if (line === "}") {
      path.pop();
    }
    pending = [];
  }
  return found;
}

function joined(lines: readonly string[]): string {
  return lines.join(" ").replaceAll("|", "\\|");
}

const said = comments();

function typeName(field: DescField): string {
  if (field.fieldKind === "list") {
    const item = field.listKind === "message" ? field.message.name : ScalarType[Number(field.scalar)];
    return `repeated ${field.listKind === "message" ? item : item?.toLowerCase()}`;
  }
  if (field.fieldKind === "message") return field.message.name;
  if (field.fieldKind === "enum") return field.enum.name;
  return (ScalarType[Number(field.scalar)] ?? "").toLowerCase();
}

/** "Codes: …" stands in the schema above each response; the rest of the comment before it. */
function about(message: DescMessage): string {
  return (said.get(message.name) ?? "").replace(/\s*Codes: /, "\n\nCodes: ").trim();
}

function meaning(message: DescMessage, field: DescField): string {
  const own = said.get(`${message.name}.${field.name}`) ?? "";
  if (own !== "") return own;
  if (field.name === "code") {
    return message.name === "Disconnect"
      ? "see [Disconnect codes](#disconnect-codes)"
      : "0: done; else see [Error codes](#error-codes)";
  }
  if (field.name === "request_id" && message.name.endsWith("Response")) return "the request's";
  const usual = USUAL[field.name];
  if (usual !== undefined) return usual;
  if (field.enum !== undefined) return `see [${field.enum.name}](#${field.enum.name.toLowerCase()})`;
  return field.name.replaceAll("_", " ");
}

function fieldTable(message: DescMessage): string {
  if (message.fields.length === 0) return "No fields.";
  const rows = message.fields.map((field) => {
    const choice = field.oneof === undefined ? "" : `one of \`${field.oneof.name}\`: `;
    return `| ${field.number} | \`${field.name}\` | ${typeName(field)} | ${choice}${meaning(message, field)} |`;
  });
  return ["| # | Field | Type | |", "|---|---|---|---|", ...rows].join("\n");
}

function enumTable(name: string): string {
  const desc = Object.values(generated as unknown as Record<string, unknown>).find(
    (
      each,
    ): each is {
      kind: "enum";
      name: string;
      sharedPrefix?: string;
      values: { number: number; name: string; localName: string }[];
    } =>
      typeof each === "object" &&
      each !== null &&
      "kind" in each &&
      each.kind === "enum" &&
      "name" in each &&
      each.name === name,
  );
  if (desc === undefined) throw new Error(`there is no enum ${name}`);
  const scope = [...said.keys()].find((key) => key === name || key.endsWith(`.${name}`)) ?? name;
  const rows = desc.values.map(({ number, name: full, localName }) => {
    const text = said.get(`${scope}.${full}`) ?? "";
    return `| ${number} | ${localName} | ${text === "" ? localName.toLowerCase().replaceAll("_", " ") : text} |`;
  });
  return ["| Code | Name | |", "|---|---|---|", ...rows].join("\n");
}

function purpose(packet: PacketDefinition): string {
  const name = packet.schema.name;
  if (isRequest(packet.type)) return `answered by ${name.replace(/Request$/, "Response")}`;
  if (name.endsWith("Response")) return `answers ${name.replace(/Response$/, "Request")}`;
  const first = about(packet.schema).split(/(?<=[.:])\s/)[0] ?? "";
  return first.replace(/[.:]$/, "") || "see below";
}

function typeTable(): string {
  const rows = PACKETS.map(
    (packet) =>
      `| ${packet.type} | ${PacketType[packet.type]} | ${packet.schema.name} | ${directions[packet.source]} | ${purpose(packet)} |`,
  );
  return ["| Type | Name | Message | Direction | |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** Messages that are parts of packets, after the first packet that has them; and enums likewise. */
function reference(): string {
  const shown = new Set<string>();
  const parts: string[] = [];
  const showParts = (message: DescMessage): void => {
    for (const field of message.fields) {
      const part = field.message;
      if (part !== undefined && !shown.has(part.name) && !PACKETS.some(({ schema: each }) => each === part)) {
        shown.add(part.name);
        parts.push(
          `### ${part.name}`,
          about(part) === "" ? `A part of ${message.name}.` : about(part),
          fieldTable(part),
        );
        showParts(part);
      }
      const { enum: choices } = field;
      if (choices !== undefined && !ELSEWHERE.has(choices.name) && !shown.has(choices.name)) {
        shown.add(choices.name);
        parts.push(`### ${choices.name}`, said.get(choices.name) ?? "", enumTable(choices.name));
      }
    }
  };
  for (const packet of PACKETS) {
    const { schema: message, type, source } = packet;
    parts.push(`### ${message.name} (${type}, ${directions[source]})`, about(message), fieldTable(message));
    showParts(message);
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Enums with a section of their own. */
const ELSEWHERE = new Set(["ErrorCode", "DisconnectCode", "RoomKind", "PacketType"]);

/** Replaces what stands between <!-- begin NAME --> and <!-- end NAME -->. */
function fill(text: string, name: string, content: string): string {
  const pattern = new RegExp(`(<!-- begin ${name} -->\n)[\\s\\S]*?(<!-- end ${name} -->)`);
  if (!pattern.test(text)) throw new Error(`docs/PROTOCOL.md has no part "${name}"`);
  return text.replace(pattern, (_, begin: string, end: string) => `${begin}\n${content}\n\n${end}`);
}

const before = readFileSync(page, "utf8");
let after = fill(before, "packet types", typeTable());
after = fill(after, "packets", reference());
after = fill(after, "error codes", enumTable("ErrorCode"));
after = fill(after, "disconnect codes", enumTable("DisconnectCode"));
if (process.argv.includes("--check")) {
  if (after !== before) {
    console.error("docs/PROTOCOL.md does not say what the schema says: npm run generate");
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, after);
}
