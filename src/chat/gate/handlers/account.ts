import type {
  BlockListRequest,
  BlockUserRequest,
  ChangePasswordRequest,
  DeleteAccountRequest,
  RevokeTokenRequest,
  SetDisplayNameRequest,
  TokenListRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkDisplayName, checkUserName } from "../../../protocol/names.ts";
import type { GateSession } from "../gate-session.ts";
import type { Refused } from "../refusals.ts";
import { ask } from "./ask.ts";
import { wholeOf } from "./wire-values.ts";

const noSuchUser: Refused = { code: "USER_NOT_FOUND", detail: "no user has this name" };

export function changePassword(session: GateSession, body: ChangePasswordRequest): Refused | undefined {
  return session.context.passwordDesk.changePassword(session, body);
}

export function deleteAccount(session: GateSession, body: DeleteAccountRequest): Refused | undefined {
  return session.context.passwordDesk.deleteAccount(session, body);
}

export function setDisplayName(session: GateSession, body: SetDisplayNameRequest): Refused | undefined {
  const check = checkDisplayName(body.displayName);
  if (!check.ok) return { code: "NAME_INVALID", detail: check.reason };
  return ask(session, "setDisplayName", body.requestId, { displayName: check.displayName });
}

export function listTokens(session: GateSession, { requestId }: TokenListRequest): undefined {
  return ask(session, "listTokens", requestId, {});
}

export function revokeToken(session: GateSession, body: RevokeTokenRequest): undefined {
  return ask(session, "revokeToken", body.requestId, { tokenId: wholeOf(body.tokenId) });
}

export function blockUser(session: GateSession, body: BlockUserRequest): Refused | undefined {
  const { requestId, name, blocked } = body;
  return checkUserName(name).ok ? ask(session, "blockUser", requestId, { name, blocked }) : noSuchUser;
}

export function listBlocks(session: GateSession, { requestId }: BlockListRequest): undefined {
  return ask(session, "listBlocks", requestId, {});
}
