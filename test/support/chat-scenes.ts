import assert from "node:assert/strict";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { RoomAccess, RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import type { PacketInit } from "../../src/protocol/packets.ts";
import { ChatTestClient, DEADLINE_MS } from "./chat-test-client.ts";

/** The password of every account that a test makes. */
export const PASSWORD = "correct horse battery";
export const LOBBY = 1;

export type Part = "account" | "guest" | "admin";

/** What every response has. */
interface Answer {
  readonly code: ErrorCode;
}

/** The name of an answer's code: "OK", "NOT_A_MEMBER", … */
export async function codeOf(answer: Promise<Answer> | Answer): Promise<string> {
  const { code } = await answer;
  return ErrorCode[code] ?? String(code);
}

/** The answer, which must be OK. */
export async function ok<Body extends Answer & { readonly detail: string }>(
  answer: Promise<Body>,
): Promise<Body> {
  const body = await answer;
  assert.equal(ErrorCode[body.code], "OK", body.detail);
  return body;
}

/** A client that made an account and logged in with it. */
export async function account(server: ChatServer, name: string): Promise<ChatTestClient> {
  const client = await ChatTestClient.connect(server.addresses.packets);
  await ok(client.register(name, PASSWORD));
  await ok(client.login(name, PASSWORD));
  return client;
}

/** One more session of an account. */
export async function again(server: ChatServer, name: string): Promise<ChatTestClient> {
  const client = await ChatTestClient.connect(server.addresses.packets);
  await ok(client.login(name, PASSWORD));
  return client;
}

/** An account whose owner administrates the server, logged in. */
export async function admin(server: ChatServer, name: string): Promise<ChatTestClient> {
  const client = await ChatTestClient.connect(server.addresses.packets);
  await ok(client.register(name, PASSWORD));
  const found = await server.store.ask("findAccount", { nameKey: name });
  assert.ok(found);
  await server.store.ask("updateAccount", { id: found.id, isAdmin: true });
  await ok(client.login(name, PASSWORD));
  return client;
}

/** Clients that are logged in, by their names. */
export async function cast<Name extends string>(
  server: ChatServer,
  parts: { readonly [Key in Name]: Part },
): Promise<{ readonly [Key in Name]: ChatTestClient }> {
  const clients: Partial<Record<string, ChatTestClient>> = {};
  for (const [name, part] of Object.entries<Part>(parts)) {
    if (part === "guest") clients[name] = await ChatTestClient.guest(server.addresses.packets, name);
    else clients[name] = await (part === "admin" ? admin(server, name) : account(server, name));
  }
  return clients as { readonly [Key in Name]: ChatTestClient };
}

/** Makes a room (logged and public where not said otherwise) and returns its id. */
export async function createRoom(
  owner: ChatTestClient,
  name: string,
  settings: Omit<PacketInit<PacketType.CREATE_ROOM_REQUEST>, "requestId" | "name"> = {},
): Promise<number> {
  const made = await ok(
    owner.request(PacketType.CREATE_ROOM_REQUEST, {
      kind: RoomKind.LOGGED,
      access: RoomAccess.PUBLIC,
      ...settings,
      name,
    }),
  );
  return made.room?.roomId ?? 0;
}

export function join(
  client: ChatTestClient,
  name: string,
  fields: Omit<PacketInit<PacketType.JOIN_ROOM_REQUEST>, "requestId" | "name"> = {},
) {
  return client.request(PacketType.JOIN_ROOM_REQUEST, { ...fields, name });
}

/** Lets others into a room that is not private. */
export async function joinAll(name: string, ...clients: readonly ChatTestClient[]): Promise<void> {
  for (const client of clients) await ok(join(client, name));
}

export function history(
  client: ChatTestClient,
  roomId: number,
  where: Omit<PacketInit<PacketType.HISTORY_REQUEST>, "requestId" | "roomId"> = {},
) {
  return client.request(PacketType.HISTORY_REQUEST, { ...where, roomId });
}

export function edit(client: ChatTestClient, roomId: number, offset: number | bigint, text: string) {
  const clientMessageId = `id-${client.nextId()}`;
  return client.request(PacketType.EDIT_MESSAGE_REQUEST, { roomId, offset, clientMessageId, text });
}

export function remove(client: ChatTestClient, roomId: number, offset: number | bigint) {
  const clientMessageId = `id-${client.nextId()}`;
  return client.request(PacketType.DELETE_MESSAGE_REQUEST, { roomId, offset, clientMessageId });
}

export function react(
  client: ChatTestClient,
  roomId: number,
  offset: number | bigint,
  reaction: string,
  isRemoved = false,
) {
  const clientMessageId = `id-${client.nextId()}`;
  const body = { roomId, offset, clientMessageId, reaction, remove: isRemoved };
  return client.request(PacketType.REACT_REQUEST, body);
}

/** Asks again and again until the answer fits: for what is done in the background. */
export async function eventually<Found>(
  look: () => Promise<Found>,
  fits: (found: Found) => boolean,
  what: string,
): Promise<Found> {
  const lastLook = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const found = await look();
    if (fits(found)) return found;
    if (lastLook.aborted) throw new Error(`${what}: did not happen`);
  }
}
