import { ErrorCode, PacketType, type ErrorCodeName } from "../../protocol/codes.ts";
import {
  isRequest,
  responseTypeOf,
  type ClientPacketType,
  type RequestPacketType,
} from "../../protocol/packets.ts";
import type { RequestName } from "../hub/command.ts";
import type { GateSession } from "./gate-session.ts";

/** Why a request is not done. */
export type RefusalCode = Exclude<ErrorCodeName, "OK">;

/** A request that is not done, and why. */
export interface Refused {
  readonly code: RefusalCode;
  /** In plain words, fit to be shown to the user. */
  readonly detail: string;
  /** Infinity: for ever. Default 0: waiting does not help, or nobody knows. */
  readonly retryAfterMs?: number;
}

/** What a refusal needs of a packet. */
export interface RefusedPacket {
  readonly type: ClientPacketType;
  readonly body: object;
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
  "TOKEN_INVALID",
  "INVITATION_INVALID",
  "ROOM_PASSWORD_WRONG",
]);

/** Answers a request with an error: in its own response, or in an ErrorNotice where it has none. */
export function refuseRequest(session: GateSession, packet: RefusedPacket, refused: Refused): void {
  const { code, detail, retryAfterMs = 0 } = refused;
  session.countRefusal(code);
  if (badInputCodes.has(code)) session.context.badInput.note(session, code, detail);
  const { type } = packet;
  const requestId = requestIdOf(packet.body);
  const body = { requestId, code: ErrorCode[code], detail, retryAfterMs: wireWaitMs(retryAfterMs) };
  if (isRequest(type)) session.send(responseTypeOf(type), body);
  else session.send(PacketType.ERROR_NOTICE, { ...body, packetType: type });
}

function requestIdOf(body: object): number {
  return "requestId" in body && typeof body.requestId === "number" ? body.requestId : 0;
}

export function isRefused(outcome: object | undefined): outcome is Refused {
  return outcome !== undefined && "code" in outcome;
}

/** The packet that a request of the hub came in. */
export const packetTypeOf = {
  signIn: PacketType.LOGIN_REQUEST,
  publish: PacketType.PUBLISH_REQUEST,
  editMessage: PacketType.EDIT_MESSAGE_REQUEST,
  deleteMessage: PacketType.DELETE_MESSAGE_REQUEST,
  react: PacketType.REACT_REQUEST,
  whisper: PacketType.WHISPER_REQUEST,
  markRead: PacketType.MARK_READ_REQUEST,
  joinRoom: PacketType.JOIN_ROOM_REQUEST,
  leaveRoom: PacketType.LEAVE_ROOM_REQUEST,
  createRoom: PacketType.CREATE_ROOM_REQUEST,
  updateRoom: PacketType.UPDATE_ROOM_REQUEST,
  deleteRoom: PacketType.DELETE_ROOM_REQUEST,
  listRooms: PacketType.ROOM_LIST_REQUEST,
  listMembers: PacketType.MEMBER_LIST_REQUEST,
  listUsers: PacketType.USER_LIST_REQUEST,
  invite: PacketType.INVITE_REQUEST,
  setRole: PacketType.SET_ROLE_REQUEST,
  moderate: PacketType.MODERATE_REQUEST,
  history: PacketType.HISTORY_REQUEST,
  search: PacketType.SEARCH_REQUEST,
  changePassword: PacketType.CHANGE_PASSWORD_REQUEST,
  setDisplayName: PacketType.SET_DISPLAY_NAME_REQUEST,
  deleteAccount: PacketType.DELETE_ACCOUNT_REQUEST,
  listTokens: PacketType.TOKEN_LIST_REQUEST,
  revokeToken: PacketType.REVOKE_TOKEN_REQUEST,
  blockUser: PacketType.BLOCK_USER_REQUEST,
  listBlocks: PacketType.BLOCK_LIST_REQUEST,
  adminUser: PacketType.ADMIN_USER_REQUEST,
  adminAddress: PacketType.ADMIN_ADDRESS_REQUEST,
  adminLockdown: PacketType.ADMIN_LOCKDOWN_REQUEST,
  adminInvitation: PacketType.ADMIN_INVITATION_REQUEST,
  listAudit: PacketType.AUDIT_LIST_REQUEST,
  listSanctions: PacketType.SANCTION_LIST_REQUEST,
} as const satisfies Readonly<Record<RequestName, RequestPacketType>>;

/** The longest time that the wire can say: seven weeks. What lasts longer, or for ever, becomes this. */
const LONGEST_WAIT_MS = 0xffff_ffff;

/** A time to wait as the wire has it. */
export function wireWaitMs(ms: number): number {
  return Math.ceil(Math.min(Math.max(ms, 0), LONGEST_WAIT_MS));
}
