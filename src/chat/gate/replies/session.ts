import { ErrorCode, PacketType } from "../../../protocol/codes.ts";
import { responseTypeOf } from "../../../protocol/packets.ts";
import type { GateSession } from "../gate-session.ts";
import { packetTypeOf, refuseRequest } from "../refusals.ts";
import { roomState } from "../room-state.ts";
import type { EventOf } from "./event-of.ts";

export function signedIn(session: GateSession, { requestId, lobby }: EventOf<"signedIn">): void {
  session.onAnswered();
  const { position, issued } = session.onSignedIn();
  const { fanOut } = session.context;
  const { id = 0, name = "", displayName = "", isAdmin = false } = session.user ?? {};
  const lobbyRecovered = position !== undefined && fanOut.recovers(lobby, position);
  session.send(PacketType.LOGIN_RESPONSE, {
    requestId,
    code: ErrorCode.OK,
    user: { id, name, displayName, isAdmin },
    lobby: roomState(lobby),
    resumeToken: issued?.token,
    resumeTokenExpiresMs: issued?.expiresMs,
    lobbyRecovered,
  });
  fanOut.join(session, lobby, lobbyRecovered ? position : undefined);
}

export function done(session: GateSession, { request, requestId }: EventOf<"done">): void {
  session.onAnswered();
  session.send(responseTypeOf(packetTypeOf[request]), { requestId, code: ErrorCode.OK });
}

export function revoked(session: GateSession, { requestId, count }: EventOf<"revoked">): void {
  session.onAnswered();
  if (requestId === session.loggingOutId) {
    loggedOut(session);
    return;
  }
  session.send(PacketType.REVOKE_TOKEN_RESPONSE, { requestId, code: ErrorCode.OK, revokedCount: count });
}

function loggedOut(session: GateSession): void {
  session.send(PacketType.LOGOUT_RESPONSE, { requestId: session.loggingOutId, code: ErrorCode.OK });
  session.end("LOGGED_OUT");
}

export function invitation(session: GateSession, event: EventOf<"invitation">): void {
  session.onAnswered();
  const { requestId, invitationCode, expiresMs } = event;
  const fields = { requestId, code: ErrorCode.OK, invitationCode, expiresMs };
  session.send(PacketType.ADMIN_INVITATION_RESPONSE, fields);
}

export function refused(session: GateSession, event: EventOf<"refused">): void {
  session.onAnswered();
  const { request, requestId, refusal } = event;
  if (request === "history" && requestId === 0) {
    session.context.fanOut.onReplayFailed(session, event);
    return;
  }
  let type: (typeof packetTypeOf)[typeof request] | PacketType.LOGOUT_REQUEST = packetTypeOf[request];
  if (request === "signIn") session.onSignInRefused();
  else if (request === "joinRoom") session.takeJoin(requestId);
  else if (request === "history") session.takeAround(requestId);
  else if (request === "revokeToken" && requestId === session.loggingOutId) {
    session.loggingOutId = 0;
    type = PacketType.LOGOUT_REQUEST;
  }
  refuseRequest(session, { type, body: { requestId } }, refusal);
}

export function ended(session: GateSession, { code, detail }: EventOf<"ended">): void {
  // What the rooms had for it until now goes first.
  session.context.fanOut.flushRoomsOf(session);
  // The token that it asked to be revoked is.
  if (code === "TOKEN_REVOKED" && session.loggingOutId > 0) loggedOut(session);
  else session.end(code, 0, detail);
}
