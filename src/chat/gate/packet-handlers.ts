import { unreachable } from "../../base/assert.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import type {
  HistoryRequest,
  JoinRoomRequest,
  PublishRequest,
  UserListRequest,
  WhisperRequest,
} from "../../protocol/generated/portico/v1/portico_pb.js";
import { RoomKind } from "../../protocol/generated/portico/v1/portico_pb.js";
import { checkRoomName, checkUserName } from "../../protocol/names.ts";
import type { ClientPacket, UndecodedPacket } from "../../protocol/packet-decoder.ts";
import { checkClientMessageId, checkText } from "../../protocol/text.ts";
import type { GateSession } from "./gate-session.ts";
import { refuseRequest, type RefusalCode } from "./refusals.ts";

type Packet = Exclude<ClientPacket, UndecodedPacket>;

const HISTORY_DEFAULT = 50;
const USER_LIST_DEFAULT = 100;
const PAGE_MOST = 200;

/** What a client's packet asks for: checked here, then asked of the hub. */
export function handlePacket(session: GateSession, packet: Packet): void {
  switch (packet.type) {
    case PacketType.PUBLISH_REQUEST:
      if (mayAsk(session, packet)) publish(session, packet.body);
      return;
    case PacketType.PING:
      session.send(PacketType.PONG, { nonce: packet.body.nonce });
      return;
    case PacketType.PONG:
      return; // that anything came is what counts
    case PacketType.REGISTER_REQUEST:
      if (hasRequestId(session, packet)) session.context.loginDesk.register(session, packet.body);
      return;
    case PacketType.LOGIN_REQUEST:
      if (hasRequestId(session, packet)) session.context.loginDesk.login(session, packet.body);
      return;
    case PacketType.LOGOUT_REQUEST:
      if (mayAsk(session, packet)) logout(session, packet.body.requestId);
      return;
    case PacketType.WHISPER_REQUEST:
      if (mayAsk(session, packet)) whisper(session, packet.body);
      return;
    case PacketType.JOIN_ROOM_REQUEST:
      if (mayAsk(session, packet)) joinRoom(session, packet.body);
      return;
    case PacketType.LEAVE_ROOM_REQUEST:
      if (mayAsk(session, packet)) {
        const { requestId, roomId } = packet.body;
        session.request({ type: "leaveRoom", session: session.key, requestId, roomId });
      }
      return;
    case PacketType.HISTORY_REQUEST:
      if (mayAsk(session, packet)) history(session, packet.body);
      return;
    case PacketType.USER_LIST_REQUEST:
      if (mayAsk(session, packet)) listUsers(session, packet.body);
      return;
    default:
      unreachable(packet);
  }
}

interface Request {
  readonly type: Exclude<Packet["type"], PacketType.PING | PacketType.PONG>;
  readonly body: { readonly requestId: number };
}

function hasRequestId(session: GateSession, packet: Request): boolean {
  if (packet.body.requestId !== 0) return true;
  refuseRequest(session, packet, "INVALID_PACKET", "request_id 0 is not used");
  return false;
}

/** Whether the session may make requests of the chat now; it is told when it may not. */
function mayAsk(session: GateSession, packet: Request): boolean {
  if (!hasRequestId(session, packet)) return false;
  if (session.state !== "signedIn") {
    refuseRequest(session, packet, "NOT_LOGGED_IN", "log in first");
    return false;
  }
  if (session.context.isStopping) {
    refuseRequest(session, packet, "BUSY", "the server is stopping", 1000);
    return false;
  }
  return true;
}

function publish(session: GateSession, body: PublishRequest): void {
  const { requestId, roomId, clientMessageId, text } = body;
  const fault = messageFault(session, clientMessageId, text);
  if (fault !== undefined) {
    refuseRequest(session, { type: PacketType.PUBLISH_REQUEST, body }, fault.code, fault.detail);
    return;
  }
  session.request({ type: "publish", session: session.key, requestId, roomId, clientMessageId, text });
}

function whisper(session: GateSession, body: WhisperRequest): void {
  const packet = { type: PacketType.WHISPER_REQUEST, body } as const;
  const { requestId, to, clientMessageId, text } = body;
  const fault = messageFault(session, clientMessageId, text);
  if (fault !== undefined) {
    refuseRequest(session, packet, fault.code, fault.detail);
    return;
  }
  if (!checkUserName(to).ok) {
    refuseRequest(session, packet, "USER_NOT_FOUND", "no user has this name");
    return;
  }
  session.request({ type: "whisper", session: session.key, requestId, to, clientMessageId, text });
}

interface Fault {
  readonly code: RefusalCode;
  readonly detail: string;
}

/** What is wrong with a message, undefined when nothing is. */
function messageFault(session: GateSession, clientMessageId: string, text: string): Fault | undefined {
  const id = checkClientMessageId(clientMessageId);
  if (!id.ok) return { code: "INVALID_PACKET", detail: id.reason };
  const check = checkText(text, session.context.settings.limits.textBytes);
  if (!check.ok) return { code: "TEXT_INVALID", detail: check.reason };
  return undefined;
}

function joinRoom(session: GateSession, body: JoinRoomRequest): void {
  const packet = { type: PacketType.JOIN_ROOM_REQUEST, body } as const;
  const name = checkRoomName(body.name);
  if (!name.ok) {
    refuseRequest(session, packet, "NAME_INVALID", name.reason);
    return;
  }
  const create = kindToCreate(body.create);
  if (create === undefined) {
    refuseRequest(session, packet, "INVALID_PACKET", `a room of kind ${body.create} cannot be made`);
    return;
  }
  const { requestId } = body;
  session.request({ type: "joinRoom", session: session.key, requestId, name: name.key, create });
}

function kindToCreate(kind: RoomKind): "none" | "logged" | "memory" | undefined {
  if (kind === RoomKind.UNSPECIFIED) return "none";
  if (kind === RoomKind.LOGGED) return "logged";
  return kind === RoomKind.MEMORY ? "memory" : undefined;
}

function history(session: GateSession, body: HistoryRequest): void {
  const { requestId, roomId, after, before } = body;
  const direction = before > 0n ? "before" : "after";
  session.request({
    type: "history",
    session: session.key,
    requestId,
    roomId,
    direction,
    offset: offsetOf(direction === "before" ? before : after),
    limit: Math.min(body.limit === 0 ? HISTORY_DEFAULT : body.limit, PAGE_MOST),
  });
}

const LARGEST_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

/** No room has offsets that a number cannot hold: one above is as good as the largest. */
function offsetOf(offset: bigint): number {
  return Number(offset > LARGEST_OFFSET ? LARGEST_OFFSET : offset);
}

function listUsers(session: GateSession, body: UserListRequest): void {
  const { requestId, roomId, after } = body;
  const limit = Math.min(body.limit === 0 ? USER_LIST_DEFAULT : body.limit, PAGE_MOST);
  session.request({ type: "listUsers", session: session.key, requestId, roomId, after, limit });
}

function logout(session: GateSession, requestId: number): void {
  session.send(PacketType.LOGOUT_RESPONSE, { requestId, code: ErrorCode.OK });
  session.end("LOGGED_OUT");
}
