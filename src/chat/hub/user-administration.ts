import type { UserId } from "../names.ts";
import type { AuditRecord } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { CommandOf } from "./command.ts";
import { beginChange, HeldChange } from "./held-change.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { tellMuted } from "./mute-notice.ts";
import { tellRole } from "./ownership.ts";
import { describe, endOf } from "./room-moderation.ts";
import type { SerialChanges } from "./serial-changes.ts";
import type { ServerRules } from "./server-rules.ts";
import type { SignIns } from "./sign-ins.ts";
import { type FoundUser, UserFinder } from "./user-finder.ts";

type AdminUser = CommandOf<"adminUser">;

/** What the administration of users works with. */
export interface UserAdministrationParts {
  readonly accounts: Accounts;
  readonly rules: ServerRules;
  readonly signIns: SignIns;
  /** What is under way to change each account; users' own changes take turns with these. */
  readonly changes: SerialChanges<UserId>;
}

/** What guests cannot be: they have no account. */
const OF_ACCOUNTS: ReadonlySet<AdminUser["action"]> = new Set(["promote", "demote", "delete", "setPassword"]);
/** What an administrator may do to himself. */
const OF_ONESELF: ReadonlySet<AdminUser["action"]> = new Set(["unmute", "unban", "promote", "setPassword"]);

/** What administrators do to users. */
export class UserAdministration {
  readonly #context: HubContext;
  readonly #parts: UserAdministrationParts;
  readonly #finder: UserFinder;

  constructor(context: HubContext, parts: UserAdministrationParts) {
    this.#context = context;
    this.#parts = parts;
    this.#finder = new UserFinder(context);
  }

  /** Who asks is an administrator. */
  change(session: HubSession, command: AdminUser): void {
    const { requestId, type, name, action } = command;
    // Held while the user is looked for, and again while it is being changed.
    if (!this.#context.hold(session, requestId, type)) return;
    const finding = new HeldChange(this.#context, session, command, () => this.#context.release(session));
    const found = (target: FoundUser): void => {
      if (target.isGuest && OF_ACCOUNTS.has(action)) {
        finding.refuse("PERMISSION_DENIED", `${target.name} is a guest`);
      } else if (target.id === session.user.id && !OF_ONESELF.has(action)) {
        finding.refuse("PERMISSION_DENIED", "this is you");
      } else {
        finding.end();
        if (session.isGone) return;
        beginChange(this.#context, this.#parts.changes, target.id, session, command, (change) => {
          this.#change(change, target, command);
        });
      }
    };
    this.#finder.find(finding, name, found, 0);
  }

  #change(change: HeldChange, target: FoundUser, command: AdminUser): void {
    const { action, reason } = command;
    const { accounts } = this.#parts;
    const done = (): void => change.done("adminUser");
    const audit = this.#audit(change.session, target, command);
    switch (action) {
      case "kick":
        this.#kick(change, target, reason, audit);
        return;
      case "promote":
      case "demote":
        this.#setAdmin(change, target, action === "promote", audit);
        return;
      case "delete":
        accounts.delete(change, target.id, audit, done);
        return;
      case "setPassword":
        accounts.setPassword(change, target.id, command.passwordHash, undefined, audit, done);
        return;
      case "mute":
      case "unmute":
      case "ban":
      case "unban":
        this.#sanction(change, target, action, command, audit);
    }
  }

  #kick(change: HeldChange, target: FoundUser, reason: string, audit: AuditRecord): void {
    if (this.#context.users.byId(target.id) === undefined) {
      change.refuse("USER_OFFLINE", `${target.name} is not here now`);
      return;
    }
    change.ask("writeAudit", audit, () => {
      this.#endSessions(target, "KICKED", reason);
      change.done("adminUser");
    });
  }

  #sanction(
    change: HeldChange,
    target: FoundUser,
    action: "mute" | "unmute" | "ban" | "unban",
    { durationMs, reason }: AdminUser,
    audit: AuditRecord,
  ): void {
    const lifts = action === "unmute" || action === "unban";
    const untilMs = lifts ? 0 : endOf(durationMs, this.#context.now.wallMs);
    const isMute = action === "mute" || action === "unmute";
    const times = isMute ? { mutedUntilMs: untilMs } : { bannedUntilMs: untilMs };
    const { id: userId, name: userName } = target;
    const by = change.session.user.name;
    const request = { userId, userName, ...times, reason, by, audit };
    change.ask("setUserSanction", request, () => {
      this.#parts.rules.changeUser(userId, isMute ? times : { ...times, banReason: reason });
      if (action === "ban") this.#endSessions(target, "BANNED", reason);
      else if (isMute) tellMuted(this.#context, { userId, room: undefined, untilMs, reason, by });
      change.done("adminUser");
    });
  }

  #setAdmin(change: HeldChange, target: FoundUser, isAdmin: boolean, audit: AuditRecord): void {
    const { id } = target;
    change.ask("updateAccount", { id, isAdmin, audit }, (isKnown) => {
      if (!isKnown) {
        change.refuse("USER_NOT_FOUND", "there is no such account any more");
        return;
      }
      this.#parts.rules.changeUser(id, { isAdmin });
      const sessions = this.#context.users.byId(id)?.sessions ?? [];
      const rooms = new Set(sessions.flatMap((session) => session.rooms));
      for (const room of rooms) tellRole(this.#context, room, id);
      change.done("adminUser");
    });
  }

  #endSessions(target: FoundUser, code: "KICKED" | "BANNED", reason: string): void {
    this.#parts.signIns.endAll(this.#context.users.byId(target.id)?.sessions ?? [], code, reason);
  }

  #audit(session: HubSession, target: FoundUser, command: AdminUser): AuditRecord {
    const { action, durationMs, reason } = command;
    const isTimed = action === "mute" || action === "ban";
    return {
      timeMs: this.#context.now.wallMs,
      actor: session.user.name,
      action: `user.${action}`,
      subject: target.name,
      room: "",
      detail: isTimed ? describe(durationMs, reason) : reason,
    };
  }
}
