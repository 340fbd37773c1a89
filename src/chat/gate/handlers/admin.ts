import { normalizeCidr } from "../../../base/cidr.ts";
import { PacketType } from "../../../protocol/codes.ts";
import {
  type AdminAddressRequest,
  type AdminInvitationRequest,
  type AdminLockdownRequest,
  type AdminUserRequest,
  AdminUserRequest_Action as Action,
  type AuditListRequest,
  Lockdown,
} from "../../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../../protocol/names.ts";
import { checkReason } from "../../../protocol/text.ts";
import type { Requests } from "../../hub/command.ts";
import type { GateSession } from "../gate-session.ts";
import { invitationCode, invitationHash } from "../invitation.ts";
import type { Refused } from "../refusals.ts";
import { ask } from "./ask.ts";
import { durationOf, invalid, nameOf, pageLimit, wholeOf } from "./wire-values.ts";

const AUDIT_USUAL = 50;
const AUDIT_MOST = 100;
const INVITATION_USES_MOST = 1000;
const WEEK_MS = 604_800_000;

const noSuchUser: Refused = { code: "USER_NOT_FOUND", detail: "no user has this name" };

const actions: Readonly<Record<Requests["adminUser"]["action"], Action>> = {
  kick: Action.KICK,
  mute: Action.MUTE,
  unmute: Action.UNMUTE,
  ban: Action.BAN,
  unban: Action.UNBAN,
  promote: Action.PROMOTE,
  demote: Action.DEMOTE,
  delete: Action.DELETE,
  setPassword: Action.SET_PASSWORD,
};

/** Who may do these things is the hub's to say. */
export function adminUser(session: GateSession, body: AdminUserRequest): Refused | undefined {
  const { requestId, name, reason, password } = body;
  const action = nameOf(actions, body.action);
  if (action === undefined) return invalid(`there is no action ${body.action}`);
  const check = checkReason(reason);
  if (!check.ok) return { code: "TEXT_INVALID", detail: check.reason };
  const durationMs = durationOf(body.durationMs);
  if (typeof durationMs === "object") return durationMs;
  if (!checkUserName(name).ok) return noSuchUser;
  const fields = { name, action, durationMs, reason, passwordHash: "" };
  if (action !== "setPassword") return ask(session, "adminUser", requestId, fields);
  const packet = { type: PacketType.ADMIN_USER_REQUEST, body } as const;
  return session.context.passwordDesk.withHash(session, packet, password, (passwordHash) =>
    ask(session, "adminUser", requestId, { ...fields, passwordHash }),
  );
}

export function adminAddress(session: GateSession, body: AdminAddressRequest): Refused | undefined {
  const { requestId, lift, reason } = body;
  const cidr = normalizeCidr(body.cidr);
  if (cidr === undefined) return invalid("cidr is no address or range such as 192.0.2.0/24");
  const check = checkReason(reason);
  if (!check.ok) return { code: "TEXT_INVALID", detail: check.reason };
  const durationMs = durationOf(body.durationMs);
  if (typeof durationMs === "object") return durationMs;
  return ask(session, "adminAddress", requestId, { cidr, lift, durationMs, reason });
}

export function adminLockdown(session: GateSession, body: AdminLockdownRequest): Refused | undefined {
  switch (body.level) {
    case Lockdown.NONE:
    case Lockdown.NO_NEW_ACCOUNTS:
    case Lockdown.NO_GUESTS:
    case Lockdown.REGISTERED_ONLY:
      return ask(session, "adminLockdown", body.requestId, { level: body.level });
    default:
      return invalid(`there is no level ${String(body.level)}`);
  }
}

export function adminInvitation(session: GateSession, body: AdminInvitationRequest): Refused | undefined {
  const { requestId } = body;
  if (body.uses > INVITATION_USES_MOST) return invalid(`uses is above ${INVITATION_USES_MOST}`);
  const durationMs = durationOf(body.durationMs);
  if (typeof durationMs === "object") return durationMs;
  const code = invitationCode(session.context.random);
  return ask(session, "adminInvitation", requestId, {
    invitationCode: code,
    hash: invitationHash(code),
    uses: body.uses === 0 ? 1 : body.uses,
    durationMs: durationMs === 0 ? WEEK_MS : durationMs,
  });
}

export function listAudit(session: GateSession, body: AuditListRequest): undefined {
  const limit = pageLimit(body.limit, AUDIT_USUAL, AUDIT_MOST);
  return ask(session, "listAudit", body.requestId, { before: wholeOf(body.before), limit });
}
