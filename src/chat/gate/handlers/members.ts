import {
  type InviteRequest,
  type MemberListRequest,
  type ModerateRequest,
  ModerateRequest_Action as Action,
  type SanctionListRequest,
  type SetRoleRequest,
  type UserListRequest,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../../protocol/names.ts";
import { checkReason } from "../../../protocol/text.ts";
import type { Requests } from "../../hub/command.ts";
import type { GateSession } from "../gate-session.ts";
import type { Refused } from "../refusals.ts";
import { roomRoles } from "../room-state.ts";
import { ask } from "./ask.ts";
import { afterKey, durationOf, invalid, nameOf, pageLimit } from "./wire-values.ts";

const PAGE_USUAL = 100;
const PAGE_MOST = 200;

const noSuchUser: Refused = { code: "USER_NOT_FOUND", detail: "no user has this name" };
const noSuchName = invalid("no name is as long as `after`");

const actions: Readonly<Record<Requests["moderate"]["action"], Action>> = {
  kick: Action.KICK,
  mute: Action.MUTE,
  unmute: Action.UNMUTE,
  ban: Action.BAN,
  unban: Action.UNBAN,
};

export function listMembers(session: GateSession, body: MemberListRequest): Refused | undefined {
  const { requestId, roomId } = body;
  const after = afterKey(body.after);
  if (after === undefined) return noSuchName;
  const limit = pageLimit(body.limit, PAGE_USUAL, PAGE_MOST);
  return ask(session, "listMembers", requestId, { roomId, after, limit });
}

export function listUsers(session: GateSession, body: UserListRequest): Refused | undefined {
  const { requestId, roomId } = body;
  const after = afterKey(body.after);
  if (after === undefined) return noSuchName;
  const limit = pageLimit(body.limit, PAGE_USUAL, PAGE_MOST);
  return ask(session, "listUsers", requestId, { roomId, after, limit });
}

export function invite(session: GateSession, body: InviteRequest): Refused | undefined {
  const { requestId, roomId, name } = body;
  return checkUserName(name).ok ? ask(session, "invite", requestId, { roomId, name }) : noSuchUser;
}

export function setRole(session: GateSession, body: SetRoleRequest): Refused | undefined {
  const { requestId, roomId, name } = body;
  const role = nameOf(roomRoles, body.role);
  if (role === undefined || role === "none") return invalid(`there is no role ${body.role}`);
  return checkUserName(name).ok ? ask(session, "setRole", requestId, { roomId, name, role }) : noSuchUser;
}

export function moderate(session: GateSession, body: ModerateRequest): Refused | undefined {
  const { requestId, roomId, name, reason } = body;
  const action = nameOf(actions, body.action);
  if (action === undefined) return invalid(`there is no action ${body.action}`);
  const check = checkReason(reason);
  if (!check.ok) return { code: "TEXT_INVALID", detail: check.reason };
  const durationMs = durationOf(body.durationMs);
  if (typeof durationMs === "object") return durationMs;
  if (!checkUserName(name).ok) return noSuchUser;
  return ask(session, "moderate", requestId, { roomId, name, action, durationMs, reason });
}

export function listSanctions(session: GateSession, { requestId, roomId }: SanctionListRequest): undefined {
  return ask(session, "listSanctions", requestId, { roomId });
}
