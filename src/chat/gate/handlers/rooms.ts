import { PacketType } from "../../../protocol/codes.ts";
import {
  type CreateRoomRequest,
  type DeleteRoomRequest,
  type JoinRoomRequest,
  type LeaveRoomRequest,
  RoomAccess,
  RoomKind,
  SlowReader,
  type UpdateRoomRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkRoomName } from "../../../protocol/names.ts";
import { checkTopic } from "../../../protocol/text.ts";
import type { Requests, RoomChange } from "../../hub/command.ts";
import type { GateSession } from "../gate-session.ts";
import { isRefused, type Refused } from "../refusals.ts";
import { roomAccesses, slowReaders } from "../room-state.ts";
import { ask } from "./ask.ts";
import { invalid, nameOf, roomPosition, wholeOf } from "./wire-values.ts";

/** A day. */
const SLOW_MODE_MOST_MS = 86_400_000;

const noPasswordThere = invalid("only a room with access PASSWORD has a password");
const passwordMissing = invalid("a room with access PASSWORD needs a password");

export function joinRoom(session: GateSession, body: JoinRoomRequest): Refused | undefined {
  const { requestId, password } = body;
  const name = checkRoomName(body.name);
  if (!name.ok) return { code: "NAME_INVALID", detail: name.reason };
  const create = kindToCreate(body.create);
  if (create === undefined) return invalid(`a room of kind ${body.create} cannot be made`);
  const hasPassword = password !== "";
  if (hasPassword || body.position !== undefined) {
    const position = body.position === undefined ? undefined : roomPosition(body.position);
    const isHeld = session.holdJoin(requestId, { name: name.key, create, password, position });
    if (!isHeld) return { code: "BUSY", detail: "too many rooms are being joined", retryAfterMs: 1000 };
  }
  return ask(session, "joinRoom", requestId, { name: name.key, create, hasPassword, provenHash: "" });
}

function kindToCreate(kind: RoomKind): Requests["joinRoom"]["create"] | undefined {
  if (kind === RoomKind.UNSPECIFIED) return "none";
  if (kind === RoomKind.LOGGED) return "logged";
  return kind === RoomKind.MEMORY ? "memory" : undefined;
}

export function leaveRoom(session: GateSession, { requestId, roomId, giveUp }: LeaveRoomRequest): undefined {
  return ask(session, "leaveRoom", requestId, { roomId, giveUp });
}

export function createRoom(session: GateSession, body: CreateRoomRequest): Refused | undefined {
  const { requestId, password } = body;
  const room = newRoom(body);
  if (isRefused(room)) return room;
  if (room.access !== "password") {
    if (password !== "") return noPasswordThere;
    return ask(session, "createRoom", requestId, { ...room, passwordHash: "" });
  }
  if (password === "") return passwordMissing;
  const packet = { type: PacketType.CREATE_ROOM_REQUEST, body } as const;
  return session.context.passwordDesk.withHash(session, packet, password, (passwordHash) =>
    ask(session, "createRoom", requestId, { ...room, passwordHash }),
  );
}

function newRoom(body: CreateRoomRequest): Omit<Requests["createRoom"], "passwordHash"> | Refused {
  const name = checkRoomName(body.name);
  if (!name.ok) return { code: "NAME_INVALID", detail: name.reason };
  const topic = checkTopic(body.topic);
  if (!topic.ok) return { code: "TEXT_INVALID", detail: topic.reason };
  const kind = kindToCreate(body.kind);
  if (kind === undefined || kind === "none") return invalid(`a room of kind ${body.kind} cannot be made`);
  const access = nameOf(
    roomAccesses,
    body.access === RoomAccess.UNSPECIFIED ? RoomAccess.PUBLIC : body.access,
  );
  if (access === undefined) return invalid(`there is no access ${body.access}`);
  const slowReader = nameOf(
    slowReaders,
    body.slowReader === SlowReader.UNSPECIFIED ? SlowReader.DISCONNECT : body.slowReader,
  );
  if (slowReader === undefined) return invalid(`there is no slow_reader ${body.slowReader}`);
  return { name: name.key, kind, access, topic: body.topic, slowReader };
}

export function updateRoom(session: GateSession, body: UpdateRoomRequest): Refused | undefined {
  const { requestId, roomId, password } = body;
  const change = roomChange(body);
  if (isRefused(change)) return change;
  if (password === undefined || password === "") {
    if (password === "" && change.access === "password") return passwordMissing;
    const cleared = password === "" ? { ...change, passwordHash: "" } : change;
    return ask(session, "updateRoom", requestId, { roomId, change: cleared });
  }
  if (change.access !== undefined && change.access !== "password") return noPasswordThere;
  const packet = { type: PacketType.UPDATE_ROOM_REQUEST, body } as const;
  return session.context.passwordDesk.withHash(session, packet, password, (passwordHash) =>
    ask(session, "updateRoom", requestId, { roomId, change: { ...change, passwordHash } }),
  );
}

/** What is to change, the password apart. */
function roomChange(body: UpdateRoomRequest): RoomChange | Refused {
  const change: { -readonly [Key in keyof RoomChange]: RoomChange[Key] } = {};
  if (body.name !== undefined) {
    const name = checkRoomName(body.name);
    if (!name.ok) return { code: "NAME_INVALID", detail: name.reason };
    change.name = name.key;
  }
  if (body.topic !== undefined) {
    const topic = checkTopic(body.topic);
    if (!topic.ok) return { code: "TEXT_INVALID", detail: topic.reason };
    change.topic = body.topic;
  }
  if (body.access !== undefined) {
    const access = nameOf(roomAccesses, body.access);
    if (access === undefined) return invalid(`there is no access ${body.access}`);
    change.access = access;
  }
  if (body.slowReader !== undefined) {
    const slowReader = nameOf(slowReaders, body.slowReader);
    if (slowReader === undefined) return invalid(`there is no slow_reader ${body.slowReader}`);
    change.slowReader = slowReader;
  }
  if (body.slowModeMs !== undefined) {
    if (body.slowModeMs > SLOW_MODE_MOST_MS) return invalid("slow_mode_ms is above a day");
    change.slowModeMs = body.slowModeMs;
  }
  if (body.archived !== undefined) change.archived = body.archived;
  if (body.retentionAgeMs !== undefined) change.retentionAgeMs = wholeOf(body.retentionAgeMs);
  if (body.retentionCount !== undefined) change.retentionCount = wholeOf(body.retentionCount);
  return change;
}

export function deleteRoom(session: GateSession, { requestId, roomId }: DeleteRoomRequest): undefined {
  return ask(session, "deleteRoom", requestId, { roomId });
}
