import { ErrorCode, PacketType } from "../../../protocol/codes.ts";
import type {
  LoginRequest,
  LogoutRequest,
  Ping,
  Pong,
  RegisterRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import type { GateSession } from "../gate-session.ts";
import type { Refused } from "../refusals.ts";

export function ping(session: GateSession, { nonce }: Ping): undefined {
  session.send(PacketType.PONG, { nonce });
}

/** That anything came is what counts; how long it took is for administrators. */
export function pong(session: GateSession, { nonce }: Pong): undefined {
  session.onPong(nonce);
}

export function register(session: GateSession, body: RegisterRequest): Refused | undefined {
  return session.context.registrationDesk.register(session, body);
}

export function login(session: GateSession, body: LoginRequest): Refused | undefined {
  return session.context.loginDesk.login(session, body);
}

/** With `forget` the answer waits until the hub has revoked the token. */
export function logout(session: GateSession, body: LogoutRequest): Refused | undefined {
  const { requestId, forget } = body;
  const { tokenId, loggingOutId } = session;
  if (loggingOutId > 0) return { code: "BUSY", detail: "the session is logging out already" };
  if (forget && tokenId > 0) {
    session.loggingOutId = requestId;
    session.request({ type: "revokeToken", session: session.key, requestId, tokenId });
    return undefined;
  }
  session.send(PacketType.LOGOUT_RESPONSE, { requestId, code: ErrorCode.OK });
  session.end("LOGGED_OUT");
  return undefined;
}
