import { PacketType } from "../protocol/codes.ts";
import { AdminUserRequest_Action, Lockdown } from "../protocol/generated/portico/v1/portico_pb.js";
import { AccountApi } from "./account-api.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import { type SanctionPage, sanctionPage } from "./sanction.ts";

export interface AdminUserOptions extends RequestOptions {
  /** Of "mute" and "ban". Default: until it is taken back. */
  readonly durationMs?: number;
  readonly reason?: string;
  /** Of "setPassword": the new one. */
  readonly password?: string;
}

/** "delete": the account, for ever. "setPassword" revokes every token. */
export type AdminUserAction = keyof typeof userActions;

/** What is closed: nothing; registration; guests' logins too; guests' speaking too. */
export type LockdownLevel = keyof typeof lockdowns;

export interface AdminAddressOptions extends RequestOptions {
  /** Take the ban back. Default false. */
  readonly lift?: boolean;
  /** Default: until it is lifted. */
  readonly durationMs?: number;
  readonly reason?: string;
}

export interface InvitationOptions extends RequestOptions {
  /** Accounts that may be made with it, 1 … 1000. Default 1. */
  readonly uses?: number;
  /** Default: a week. */
  readonly durationMs?: number;
}

/** Who did what to whom. */
export interface AuditEntry {
  readonly id: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** A user's name, or "(console)". */
  readonly actor: string;
  /** "room.ban", "user.mute", "room.delete", … */
  readonly action: string;
  /** A user's name, an address range, … */
  readonly subject: string;
  /** Empty when it concerns no room. */
  readonly room: string;
  readonly detail: string;
}

export interface AuditOptions extends RequestOptions {
  /** Entries before this id. Default: from the newest. */
  readonly before?: number;
  /** 1 … 100, default 50. */
  readonly limit?: number;
}

/**
 * Administration of the server: a part of ChatClient. For administrators; others are refused with
 * PERMISSION_DENIED. Each is in the audit log.
 */
export abstract class AdminApi extends AccountApi {
  adminUser(name: string, action: AdminUserAction, options: AdminUserOptions = {}): Promise<void> {
    const { durationMs = 0, reason = "", password = "" } = options;
    const fields = { name, action: userActions[action], durationMs, reason, password };
    return this.ask(PacketType.ADMIN_USER_REQUEST, fields, options, nothing);
  }

  /** Bans an address range ("192.0.2.0/24", "2001:db8::/32", or one address); sessions from it end with BANNED. */
  adminAddress(cidr: string, options: AdminAddressOptions = {}): Promise<void> {
    const { lift = false, durationMs = 0, reason = "" } = options;
    return this.ask(PacketType.ADMIN_ADDRESS_REQUEST, { cidr, lift, durationMs, reason }, options, nothing);
  }

  adminLockdown(level: LockdownLevel, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.ADMIN_LOCKDOWN_REQUEST, { level: lockdowns[level] }, options, nothing);
  }

  /** Makes an invitation code. It is shown this once: the server keeps a hash of it. */
  adminInvitation(
    options: InvitationOptions = {},
  ): Promise<{ readonly invitationCode: string; readonly expiresMs: number }> {
    const fields = { uses: options.uses ?? 0, durationMs: options.durationMs ?? 0 };
    return this.ask(
      PacketType.ADMIN_INVITATION_REQUEST,
      fields,
      options,
      ({ invitationCode, expiresMs }) => ({ invitationCode, expiresMs: Number(expiresMs) }),
    );
  }

  /** A page of the audit log, the newest first; `more`: there are older ones. */
  adminAudit(
    options: AuditOptions = {},
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
    const fields = { before: options.before ?? 0, limit: options.limit ?? 0 };
    return this.ask(PacketType.AUDIT_LIST_REQUEST, fields, options, ({ entries, more }) => ({
      entries: entries.map(({ id, timeMs, actor, action, subject, room, detail }): AuditEntry => {
        return { id: Number(id), timeMs: Number(timeMs), actor, action, subject, room, detail };
      }),
      more,
    }));
  }

  /** Who is muted or banned on the whole server; a room's: `sanctions`. */
  adminSanctions(options: RequestOptions = {}): Promise<SanctionPage> {
    return this.ask(PacketType.SANCTION_LIST_REQUEST, { roomId: 0 }, options, sanctionPage);
  }
}

const userActions = {
  kick: AdminUserRequest_Action.KICK,
  mute: AdminUserRequest_Action.MUTE,
  unmute: AdminUserRequest_Action.UNMUTE,
  ban: AdminUserRequest_Action.BAN,
  unban: AdminUserRequest_Action.UNBAN,
  promote: AdminUserRequest_Action.PROMOTE,
  demote: AdminUserRequest_Action.DEMOTE,
  delete: AdminUserRequest_Action.DELETE,
  setPassword: AdminUserRequest_Action.SET_PASSWORD,
} as const;

const lockdowns = {
  none: Lockdown.NONE,
  noNewAccounts: Lockdown.NO_NEW_ACCOUNTS,
  noGuests: Lockdown.NO_GUESTS,
  registeredOnly: Lockdown.REGISTERED_ONLY,
} as const;

/** Of a response that says no more than that it was done. */
function nothing(): void {}
