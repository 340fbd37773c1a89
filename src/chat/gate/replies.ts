import { unreachable } from "../../base/assert.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import { RoomKind } from "../../protocol/generated/portico/v1/portico_pb.js";
import { packetSize } from "../../protocol/packet-encoder.ts";
import { TEXT_PACKET_OVERHEAD_BYTES } from "../../protocol/text.ts";
import { utf8Size } from "../../protocol/utf8.ts";
import type { HistoryMessage, RoomInfo, SessionEvent } from "../hub/event.ts";
import type { GateSession } from "./gate-session.ts";
import { packetTypeOf, refuseRequest, type RefusedPacket } from "./refusals.ts";

type EventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { readonly type: Type }>;

/** Turns what the hub says to one session into packets, and keeps the fan-out's lists with it. */
export function reply(session: GateSession, event: SessionEvent): void {
  switch (event.type) {
    case "signedIn":
      return signedIn(session, event);
    case "joined":
      return joined(session, event);
    case "left":
      return left(session, event);
    case "published":
      return published(session, event);
    case "whispered":
      return whispered(session, event);
    case "whisper":
      return whisper(session, event);
    case "history":
      return history(session, event);
    case "users":
      return users(session, event);
    case "refused":
      return refused(session, event);
    case "ended":
      // What the rooms had for it until now goes first.
      session.context.fanOut.flushRoomsOf(session);
      return session.end(event.code);
    default:
      return unreachable(event);
  }
}

function signedIn(session: GateSession, event: EventOf<"signedIn">): void {
  session.onAnswered();
  session.onSignedIn();
  session.send(PacketType.LOGIN_RESPONSE, {
    requestId: event.requestId,
    code: ErrorCode.OK,
    user: { id: session.user?.id ?? 0, name: event.user },
    lobby: roomState(event.lobby),
  });
  session.context.fanOut.join(session, event.lobby.id);
}

function joined(session: GateSession, event: EventOf<"joined">): void {
  session.onAnswered();
  // Of a room that it is in already, it must see nothing of after this answer before it.
  session.context.fanOut.flushRoom(event.room.id);
  session.send(PacketType.JOIN_ROOM_RESPONSE, {
    requestId: event.requestId,
    code: ErrorCode.OK,
    room: roomState(event.room),
  });
  session.context.fanOut.join(session, event.room.id);
}

function left(session: GateSession, event: EventOf<"left">): void {
  session.onAnswered();
  session.context.fanOut.leave(session, event.roomId);
  session.send(PacketType.LEAVE_ROOM_RESPONSE, { requestId: event.requestId, code: ErrorCode.OK });
}

function published(session: GateSession, event: EventOf<"published">): void {
  session.onAnswered();
  session.context.fanOut.flushRoomsOf(session);
  const { requestId, offset, timeMs } = event;
  session.send(PacketType.PUBLISH_RESPONSE, { requestId, code: ErrorCode.OK, offset, timeMs });
}

function whispered(session: GateSession, event: EventOf<"whispered">): void {
  session.onAnswered();
  const { requestId, offset, timeMs } = event;
  session.send(PacketType.WHISPER_RESPONSE, { requestId, code: ErrorCode.OK, offset, timeMs });
}

function whisper(session: GateSession, event: EventOf<"whisper">): void {
  const { from, to, offset, timeMs, text } = event;
  session.send(PacketType.WHISPER_NOTICE, { from, to, offset, timeMs, text });
}

function history(session: GateSession, event: EventOf<"history">): void {
  session.onAnswered();
  session.context.fanOut.flushRoom(event.roomId);
  const { requestId, roomId } = event;
  const { packetBytes } = session.context.settings.limits;
  const { messages, isCut } = pageOf(event.messages, event.direction === "before", packetBytes);
  session.send(PacketType.HISTORY_RESPONSE, {
    requestId,
    code: ErrorCode.OK,
    messages: messages.map((message) => ({ roomId, ...message })),
    more: event.more || isCut,
  });
}

function users(session: GateSession, event: EventOf<"users">): void {
  session.onAnswered();
  let roomBytes = session.context.settings.limits.packetBytes - RESPONSE_FIELDS_BYTES;
  let count = 0;
  for (const name of event.names) {
    roomBytes -= ITEM_HEADER_BYTES + utf8Size(name);
    if (roomBytes < 0) break;
    count++;
  }
  session.send(PacketType.USER_LIST_RESPONSE, {
    requestId: event.requestId,
    code: ErrorCode.OK,
    names: event.names.slice(0, count),
    total: event.total,
    more: event.more || count < event.names.length,
  });
}

function refused(session: GateSession, event: EventOf<"refused">): void {
  session.onAnswered();
  if (event.request === "signIn") session.endAttempt();
  const { code, detail, retryAfterMs } = event.refusal;
  const packet: RefusedPacket = { type: packetTypeOf[event.request], body: { requestId: event.requestId } };
  refuseRequest(session, packet, code, detail, retryAfterMs);
}

const roomKinds = { logged: RoomKind.LOGGED, memory: RoomKind.MEMORY, direct: RoomKind.DIRECT } as const;

function roomState(room: RoomInfo) {
  return {
    roomId: room.id,
    name: room.name,
    kind: roomKinds[room.kind],
    epoch: room.epoch,
    firstOffset: room.firstOffset,
    lastOffset: room.lastOffset,
    memberCount: room.memberCount,
  };
}

/** A response's header and its own fields (ids, code, counts), at most. */
const RESPONSE_FIELDS_BYTES = 48;
/** Tag and length of an item in a list, at most. */
const ITEM_HEADER_BYTES = 4;

/**
 * The messages that fit in a packet: those nearest to where the client stands, which is the end when it
 * reads backwards. One always comes, so that a client gets on: a text that was stored when longer ones
 * were allowed is cut.
 */
export function pageOf(
  messages: readonly HistoryMessage[],
  isBackwards: boolean,
  packetLimitBytes: number,
): { readonly messages: readonly HistoryMessage[]; readonly isCut: boolean } {
  let freeBytes = packetLimitBytes - RESPONSE_FIELDS_BYTES;
  let count = 0;
  while (count < messages.length) {
    const message = messages[isBackwards ? messages.length - 1 - count : count] as HistoryMessage;
    // Room ids are not in yet: up to 6 bytes more, which the notice's own header (4) nearly is.
    freeBytes -= ITEM_HEADER_BYTES + 2 + packetSize(PacketType.MESSAGE_NOTICE, message);
    if (freeBytes < 0) break;
    count++;
  }
  if (count === messages.length) return { messages, isCut: false };
  if (count > 0) {
    return { messages: isBackwards ? messages.slice(-count) : messages.slice(0, count), isCut: true };
  }
  const nearest = messages[isBackwards ? messages.length - 1 : 0] as HistoryMessage;
  // A UTF-16 unit takes at most three bytes.
  const textUnits = Math.floor((packetLimitBytes - TEXT_PACKET_OVERHEAD_BYTES) / 3);
  const text = nearest.text.slice(0, textUnits).toWellFormed();
  return { messages: [{ ...nearest, text }], isCut: messages.length > 1 };
}
