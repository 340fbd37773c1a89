import { unreachable } from "../../base/assert.ts";
import { ErrorCode, PacketType, type ErrorCodeName } from "../../protocol/codes.ts";
import type { ClientPacketType } from "../../protocol/packets.ts";
import type { RequestName } from "../hub/command.ts";
import type { GateSession } from "./gate-session.ts";

/** Why a request is not done. */
export type RefusalCode = Exclude<ErrorCodeName, "OK">;

/** What a refusal needs of a packet. */
export interface RefusedPacket {
  readonly type: ClientPacketType;
  readonly body: { readonly requestId: number } | { readonly nonce: number };
}

/** Refusals that say that the client is not written as the protocol says, or attacks: they are logged. */
const badInputCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "INVALID_PACKET",
  "NOT_LOGGED_IN",
  "TEXT_INVALID",
  "NAME_INVALID",
  "RATE_LIMITED",
  "AUTH_FAILED",
  "VERSION_UNSUPPORTED",
]);

/** Answers a request with an error: in its own response, or in an ErrorNotice where it has none. */
export function refuseRequest(
  session: GateSession,
  packet: RefusedPacket,
  code: RefusalCode,
  detail: string,
  retryAfterMs = 0,
): void {
  session.countRefusal(code);
  if (badInputCodes.has(code)) session.context.badInput.note(session, code, detail);
  const requestId = "requestId" in packet.body ? packet.body.requestId : 0;
  const body = { requestId, code: ErrorCode[code], detail, retryAfterMs: wholeMs(retryAfterMs) };
  switch (packet.type) {
    case PacketType.REGISTER_REQUEST:
      return session.send(PacketType.REGISTER_RESPONSE, body);
    case PacketType.LOGIN_REQUEST:
      return session.send(PacketType.LOGIN_RESPONSE, body);
    case PacketType.LOGOUT_REQUEST:
      return session.send(PacketType.LOGOUT_RESPONSE, { requestId, code: ErrorCode[code] });
    case PacketType.PUBLISH_REQUEST:
      return session.send(PacketType.PUBLISH_RESPONSE, body);
    case PacketType.WHISPER_REQUEST:
      return session.send(PacketType.WHISPER_RESPONSE, body);
    case PacketType.JOIN_ROOM_REQUEST:
      return session.send(PacketType.JOIN_ROOM_RESPONSE, body);
    case PacketType.LEAVE_ROOM_REQUEST:
      return session.send(PacketType.LEAVE_ROOM_RESPONSE, body);
    case PacketType.HISTORY_REQUEST:
      return session.send(PacketType.HISTORY_RESPONSE, body);
    case PacketType.USER_LIST_REQUEST:
      return session.send(PacketType.USER_LIST_RESPONSE, body);
    case PacketType.PING:
    case PacketType.PONG:
      return session.send(PacketType.ERROR_NOTICE, { ...body, packetType: packet.type });
    default:
      return unreachable(packet.type);
  }
}

/** The packet that a request of the hub came in. */
export const packetTypeOf: Readonly<Record<RequestName, ClientPacketType>> = {
  signIn: PacketType.LOGIN_REQUEST,
  publish: PacketType.PUBLISH_REQUEST,
  whisper: PacketType.WHISPER_REQUEST,
  joinRoom: PacketType.JOIN_ROOM_REQUEST,
  leaveRoom: PacketType.LEAVE_ROOM_REQUEST,
  history: PacketType.HISTORY_REQUEST,
  listUsers: PacketType.USER_LIST_REQUEST,
};

const LONGEST_WAIT_MS = 3_600_000;

/** A time to wait as the wire has it; Infinity (waiting does not help) becomes an hour. */
function wholeMs(ms: number): number {
  return Math.ceil(Math.min(Math.max(ms, 0), LONGEST_WAIT_MS));
}
