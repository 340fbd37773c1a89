import { PacketType } from "../../protocol/codes.ts";
import type { ClientPacket, UndecodedPacket } from "../../protocol/packet-decoder.ts";
import type { ClientPacketType, PacketBodies } from "../../protocol/packets.ts";
import type { GateSession } from "./gate-session.ts";
import * as account from "./handlers/account.ts";
import * as admin from "./handlers/admin.ts";
import * as members from "./handlers/members.ts";
import * as messages from "./handlers/messages.ts";
import * as reading from "./handlers/reading.ts";
import * as rooms from "./handlers/rooms.ts";
import * as sessions from "./handlers/session.ts";
import { refuseRequest, type Refused } from "./refusals.ts";

type Packet = Exclude<ClientPacket, UndecodedPacket>;

/** Checks what a packet asks for, and asks it of the hub or of a desk; or says why not. */
type PacketHandler<Type extends ClientPacketType> = (
  session: GateSession,
  body: PacketBodies[Type],
) => Refused | undefined;

/** What is done with each packet of a client. */
export const packetHandlers: { readonly [Type in ClientPacketType]: PacketHandler<Type> } = {
  [PacketType.PING]: sessions.ping,
  [PacketType.PONG]: sessions.pong,
  [PacketType.REGISTER_REQUEST]: sessions.register,
  [PacketType.LOGIN_REQUEST]: sessions.login,
  [PacketType.LOGOUT_REQUEST]: sessions.logout,

  [PacketType.CHANGE_PASSWORD_REQUEST]: account.changePassword,
  [PacketType.SET_DISPLAY_NAME_REQUEST]: account.setDisplayName,
  [PacketType.DELETE_ACCOUNT_REQUEST]: account.deleteAccount,
  [PacketType.TOKEN_LIST_REQUEST]: account.listTokens,
  [PacketType.REVOKE_TOKEN_REQUEST]: account.revokeToken,
  [PacketType.BLOCK_USER_REQUEST]: account.blockUser,
  [PacketType.BLOCK_LIST_REQUEST]: account.listBlocks,

  [PacketType.PUBLISH_REQUEST]: messages.publish,
  [PacketType.EDIT_MESSAGE_REQUEST]: messages.editMessage,
  [PacketType.DELETE_MESSAGE_REQUEST]: messages.deleteMessage,
  [PacketType.REACT_REQUEST]: messages.react,
  [PacketType.WHISPER_REQUEST]: messages.whisper,
  [PacketType.TYPING]: messages.typing,

  [PacketType.JOIN_ROOM_REQUEST]: rooms.joinRoom,
  [PacketType.LEAVE_ROOM_REQUEST]: rooms.leaveRoom,
  [PacketType.CREATE_ROOM_REQUEST]: rooms.createRoom,
  [PacketType.UPDATE_ROOM_REQUEST]: rooms.updateRoom,
  [PacketType.DELETE_ROOM_REQUEST]: rooms.deleteRoom,

  [PacketType.MEMBER_LIST_REQUEST]: members.listMembers,
  [PacketType.USER_LIST_REQUEST]: members.listUsers,
  [PacketType.INVITE_REQUEST]: members.invite,
  [PacketType.SET_ROLE_REQUEST]: members.setRole,
  [PacketType.MODERATE_REQUEST]: members.moderate,
  [PacketType.SANCTION_LIST_REQUEST]: members.listSanctions,

  [PacketType.ROOM_LIST_REQUEST]: reading.listRooms,
  [PacketType.HISTORY_REQUEST]: reading.history,
  [PacketType.SEARCH_REQUEST]: reading.search,
  [PacketType.MARK_READ_REQUEST]: reading.markRead,

  [PacketType.ADMIN_USER_REQUEST]: admin.adminUser,
  [PacketType.ADMIN_ADDRESS_REQUEST]: admin.adminAddress,
  [PacketType.ADMIN_LOCKDOWN_REQUEST]: admin.adminLockdown,
  [PacketType.ADMIN_INVITATION_REQUEST]: admin.adminInvitation,
  [PacketType.AUDIT_LIST_REQUEST]: admin.listAudit,
};

const noRequestId: Refused = { code: "INVALID_PACKET", detail: "request_id 0 is not used" };
const notLoggedIn: Refused = { code: "NOT_LOGGED_IN", detail: "log in first" };
const stopping: Refused = { code: "BUSY", detail: "the server is stopping", retryAfterMs: 1000 };

/** Does what a client's packet asks for, or refuses it. */
export function handlePacket(session: GateSession, packet: Packet): void {
  const refused = obstacle(session, packet) ?? handlerOf(packet.type)(session, packet.body);
  if (refused !== undefined) refuseRequest(session, packet, refused);
}

function handlerOf(type: ClientPacketType): (session: GateSession, body: object) => Refused | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has for each type what takes its body
  return packetHandlers[type] as (session: GateSession, body: object) => Refused | undefined;
}

/** Why the session may not send this packet now. */
function obstacle(session: GateSession, packet: Packet): Refused | undefined {
  switch (packet.type) {
    case PacketType.PING:
    case PacketType.PONG:
      return undefined;
    case PacketType.REGISTER_REQUEST:
    case PacketType.LOGIN_REQUEST:
      return packet.body.requestId === 0 ? noRequestId : undefined; // the desks see to the rest
    case PacketType.TYPING:
      break;
    default:
      if (packet.body.requestId === 0) return noRequestId;
  }
  if (session.state !== "signedIn") return notLoggedIn;
  return session.context.isStopping ? stopping : undefined;
}
