import { cidrContains, formatCidr, parseAddress, parseCidr } from "../../base/cidr.ts";
import type { AuditRecord, StoredSanction } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import { beginChange, type AnyRequest, type HeldChange } from "./held-change.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomChanges } from "./room-changes.ts";
import { describe, endOf } from "./room-moderation.ts";
import type { ServerRules } from "./server-rules.ts";
import type { SignIns } from "./sign-ins.ts";
import type { UserAdministration } from "./user-administration.ts";

/** What administration works with. */
export interface AdministrationParts {
  readonly roomChanges: RoomChanges;
  readonly rules: ServerRules;
  readonly signIns: SignIns;
  readonly users: UserAdministration;
}

/** How long an invitation is good when nobody says: a week. */
const INVITATION_MS = 7 * 24 * 3_600_000;

/** What administrators do to the server; others get PERMISSION_DENIED. Each is in the audit log. */
export class Administration {
  readonly #context: HubContext;
  readonly #parts: AdministrationParts;

  constructor(context: HubContext, parts: AdministrationParts) {
    this.#context = context;
    this.#parts = parts;
  }

  user(session: HubSession, command: CommandOf<"adminUser">): void {
    if (this.#isAdmin(session, command)) this.#parts.users.change(session, command);
  }

  address(session: HubSession, command: CommandOf<"adminAddress">): void {
    const { lift, durationMs, reason } = command;
    this.#begin(session, command, (change) => {
      const range = parseCidr(command.cidr);
      if (range === undefined) {
        change.refuse("INVALID_PACKET", "this is no address range");
        return;
      }
      const { rules } = this.#parts;
      const cidr = formatCidr(range);
      const isIn = ({ address }: HubSession): boolean => {
        const parsed = parseAddress(address);
        return parsed !== undefined && cidrContains(range, parsed);
      };
      if (!lift && isIn(session)) {
        change.refuse("PERMISSION_DENIED", "this is your own address");
        return;
      }
      if (!lift && !rules.hasPlaceForAddressBan(cidr)) {
        change.refuse("LIMIT_REACHED", "as many address ranges are banned as may be");
        return;
      }
      const untilMs = lift ? 0 : endOf(durationMs, this.#context.now.wallMs);
      const detail = lift ? reason : describe(durationMs, reason);
      const audit = this.#audit(session, lift ? "address.unban" : "address.ban", cidr, detail);
      change.ask("setAddressBan", { cidr, untilMs, reason, by: session.user.name, audit }, () => {
        rules.setAddressBan({ cidr, untilMs, reason });
        const ended = lift ? [] : [...this.#context.sessions.values()].filter(isIn);
        this.#parts.signIns.endAll(ended, "BANNED", reason);
        change.done("adminAddress");
      });
    });
  }

  lockdown(session: HubSession, command: CommandOf<"adminLockdown">): void {
    const { level } = command;
    this.#begin(session, command, (change) => {
      const audit = this.#audit(session, "server.lockdown", "", `level ${level}`);
      change.ask("setLockdown", { level, audit }, () => {
        this.#parts.rules.setLockdown(level);
        change.done("adminLockdown");
      });
    });
  }

  invitation(session: HubSession, command: CommandOf<"adminInvitation">): void {
    const { requestId, invitationCode, hash } = command;
    if (!this.#isAdmin(session, command)) return;
    const { wallMs: nowMs } = this.#context.now;
    const uses = Math.max(1, command.uses);
    const expiresMs = nowMs + (command.durationMs === 0 ? INVITATION_MS : command.durationMs);
    const audit = this.#audit(session, "invitation.create", "", `${uses} uses`);
    const request = { hash, uses, nowMs, expiresMs, audit };
    this.#context.askFor(session, requestId, command.type, "createInvitation", request, () => {
      const answer = { type: "invitation", session: session.key, requestId } as const;
      this.#context.tell(session, { ...answer, invitationCode, expiresMs });
    });
  }

  listAudit(session: HubSession, command: CommandOf<"listAudit">): void {
    const { requestId, before } = command;
    if (!this.#isAdmin(session, command)) return;
    const limit = Math.max(1, Math.min(command.limit, this.#context.options.maxAuditPage));
    const request = { before, limit: limit + 1 };
    this.#context.askFor(session, requestId, command.type, "listAudit", request, (found) => {
      const entries = found.slice(0, limit);
      const answer = { type: "audit", session: session.key, requestId, entries } as const;
      this.#context.tell(session, { ...answer, more: found.length > limit });
    });
  }

  /** The server's for administrators, a room's for its moderators. */
  listSanctions(session: HubSession, command: CommandOf<"listSanctions">): void {
    const { requestId, roomId } = command;
    const { maxAuditPage: limit } = this.#context.options;
    const answer = (found: readonly StoredSanction[]): void => {
      const sanctions = found.slice(0, limit);
      const event = { type: "sanctions", session: session.key, requestId, sanctions } as const;
      this.#context.tell(session, { ...event, more: found.length > limit });
    };
    const { wallMs: nowMs } = this.#context.now;
    const request = { roomId, nowMs, limit: limit + 1 };
    if (roomId === 0) {
      if (!this.#isAdmin(session, command)) return;
      this.#context.askFor(session, requestId, command.type, "listSanctions", request, answer);
      return;
    }
    this.#parts.roomChanges.begin(session, command, "moderator", (change) => {
      const settled = (found: readonly StoredSanction[]): void => {
        answer(found);
        change.end();
      };
      const { people, roster } = change.room;
      if (people === undefined) change.ask("listSanctions", request, settled);
      else settled(people.sanctions(roster, nowMs));
    });
  }

  /** Changes of the rules, one after another. */
  #begin(session: HubSession, command: AnyRequest, work: (change: HeldChange) => void): void {
    if (!this.#isAdmin(session, command)) return;
    beginChange(this.#context, this.#parts.rules.changes, "rules", session, command, work);
  }

  #isAdmin(session: HubSession, { requestId, type }: AnyRequest): boolean {
    if (session.user.isAdmin) return true;
    this.#context.refuse(session.key, requestId, type, "PERMISSION_DENIED", "only for administrators");
    return false;
  }

  #audit(session: HubSession, action: string, subject: string, detail: string): AuditRecord {
    const { name: actor } = session.user;
    return { timeMs: this.#context.now.wallMs, actor, action, subject, room: "", detail };
  }
}
