import { ErrorCode, PacketType } from "../../../protocol/codes.ts";
import { packetSize } from "../../../protocol/packet-encoder.ts";
import type { PacketInit, ServerPacketType } from "../../../protocol/packets.ts";
import type { Hit, MemberInfo, RoomListing } from "../../hub/event.ts";
import { FOREVER_MS, type StoredSanction, type StoredToken } from "../../store/store.ts";
import type { GateSession } from "../gate-session.ts";
import { roomAccesses, roomKinds, roomRoles } from "../room-state.ts";
import type { EventOf } from "./event-of.ts";
import { historyNotice } from "./message-notice.ts";
import { fitPage, historyPage, shortened } from "./page.ts";

/** Sends as many of the items as fit in one packet; `bodyOf` makes its body of some of them. */
function sendList<Type extends ServerPacketType, Item>(
  session: GateSession,
  type: Type,
  items: readonly Item[],
  bodyOf: (items: readonly Item[], isCut: boolean) => PacketInit<Type>,
): void {
  const { packetBytes } = session.context.settings.limits;
  const page = fitPage(items, (some) => packetSize(type, bodyOf(some, true)), packetBytes);
  session.send(type, bodyOf(page.items, page.isCut));
}

export function users(session: GateSession, event: EventOf<"users">): void {
  session.onAnswered();
  const { requestId, total, more } = event;
  sendList(session, PacketType.USER_LIST_RESPONSE, event.names, (names, isCut) => ({
    requestId,
    code: ErrorCode.OK,
    names,
    total,
    more: more || isCut,
  }));
}

export function members(session: GateSession, event: EventOf<"members">): void {
  session.onAnswered();
  const { requestId, total, more } = event;
  sendList(session, PacketType.MEMBER_LIST_RESPONSE, event.members, (some, isCut) => ({
    requestId,
    code: ErrorCode.OK,
    members: some.map(roomMember),
    total,
    more: more || isCut,
  }));
}

function roomMember({ name, displayName, role, present, mutedUntilMs }: MemberInfo) {
  return { name, displayName, role: roomRoles[role], present, mutedUntilMs };
}

export function rooms(session: GateSession, event: EventOf<"rooms">): void {
  session.onAnswered();
  const { requestId, more } = event;
  sendList(session, PacketType.ROOM_LIST_RESPONSE, event.rooms, (some, isCut) => ({
    requestId,
    code: ErrorCode.OK,
    rooms: some.map(roomListEntry),
    more: more || isCut,
  }));
}

function roomListEntry({ id, kind, access, role, ...rest }: RoomListing) {
  return { ...rest, roomId: id, kind: roomKinds[kind], access: roomAccesses[access], role: roomRoles[role] };
}

export function history(session: GateSession, event: EventOf<"history">): void {
  const { requestId, roomId, mode } = event;
  session.onAnswered();
  if (event.replay) {
    session.context.fanOut.onReplayPage(session, event);
    return;
  }
  session.context.fanOut.flushRoom(roomId);
  const place = { mode, around: session.takeAround(requestId) };
  const { items, isCut } = historyPage(event.messages, place, session.context.settings.limits.packetBytes);
  session.send(PacketType.HISTORY_RESPONSE, {
    requestId,
    code: ErrorCode.OK,
    messages: items.map((message) => historyNotice(roomId, message)),
    more: event.more || isCut,
  });
}

export function hits(session: GateSession, event: EventOf<"hits">): void {
  session.onAnswered();
  const { requestId, more } = event;
  const bodyOf = (some: readonly Hit[], isCut: boolean): PacketInit<PacketType.SEARCH_RESPONSE> => ({
    requestId,
    code: ErrorCode.OK,
    hits: some.map(({ roomId, room, message }) => ({ room, message: historyNotice(roomId, message) })),
    more: more || isCut,
  });
  sendList(session, PacketType.SEARCH_RESPONSE, fittingHits(session, event.hits, bodyOf), bodyOf);
}

/** Each hit shortened where it would not fit in a packet by itself. */
function fittingHits(
  session: GateSession,
  all: readonly Hit[],
  bodyOf: (some: readonly Hit[], isCut: boolean) => PacketInit<PacketType.SEARCH_RESPONSE>,
): readonly Hit[] {
  const { packetBytes } = session.context.settings.limits;
  return all.map((hit) => {
    const message = shortened(
      hit.message,
      ([one]) =>
        packetSize(PacketType.SEARCH_RESPONSE, bodyOf([{ ...hit, message: one ?? hit.message }], true)),
      packetBytes,
    );
    return { ...hit, message };
  });
}

export function tokens(session: GateSession, event: EventOf<"tokens">): void {
  session.onAnswered();
  const { requestId, currentId } = event;
  sendList(session, PacketType.TOKEN_LIST_RESPONSE, event.tokens, (some) => ({
    requestId,
    code: ErrorCode.OK,
    tokens: some.map((token) => tokenInfo(token, currentId)),
  }));
}

function tokenInfo({ id, label, createdMs, lastUsedMs, expiresMs, address }: StoredToken, currentId: number) {
  return { tokenId: id, label, createdMs, lastUsedMs, expiresMs, address, current: id === currentId };
}

export function blocks(session: GateSession, event: EventOf<"blocks">): void {
  session.onAnswered();
  const { requestId } = event;
  sendList(session, PacketType.BLOCK_LIST_RESPONSE, event.names, (names) => ({
    requestId,
    code: ErrorCode.OK,
    names,
  }));
}

export function audit(session: GateSession, event: EventOf<"audit">): void {
  session.onAnswered();
  const { requestId, more } = event;
  sendList(session, PacketType.AUDIT_LIST_RESPONSE, event.entries, (entries, isCut) => ({
    requestId,
    code: ErrorCode.OK,
    entries,
    more: more || isCut,
  }));
}

export function sanctions(session: GateSession, event: EventOf<"sanctions">): void {
  session.onAnswered();
  const { requestId, more } = event;
  sendList(session, PacketType.SANCTION_LIST_RESPONSE, event.sanctions, (some, isCut) => ({
    requestId,
    code: ErrorCode.OK,
    sanctions: some.map(sanction),
    more: more || isCut,
  }));
}

/** The longest time there is means: until it is taken back. */
function sanction({ subject, kind, untilMs, reason, by }: StoredSanction) {
  return { subject, banned: kind === "ban", untilMs: untilMs === FOREVER_MS ? 0 : untilMs, reason, by };
}
