import { FOREVER_MS, type MemberRole, type StoreRequests } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import { tellMuted } from "./mute-notice.ts";
import { tellRole } from "./ownership.ts";
import type { RoomChange, RoomChanges } from "./room-changes.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { isAtLeast, type RosterChange } from "./room-roster.ts";
import type { Room } from "./room.ts";
import { type FoundUser, UserFinder } from "./user-finder.ts";

type Moderate = CommandOf<"moderate">;

/** A change of a member's entry: for the store, then here. */
interface MemberChange {
  readonly change: RosterChange;
  readonly reason?: string;
  readonly action: string;
  readonly detail: string;
}

/** Who may be in a room and what they may do there: invitations, roles, and what moderators do. */
export class RoomModeration {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #changes: RoomChanges;
  readonly #finder: UserFinder;

  constructor(context: HubContext, rooms: RoomRegistry, changes: RoomChanges) {
    this.#context = context;
    this.#rooms = rooms;
    this.#changes = changes;
    this.#finder = new UserFinder(context);
  }

  invite(session: HubSession, command: CommandOf<"invite">): void {
    this.#changes.begin(session, command, "member", (change) => {
      const { room } = change;
      if (room.settings.access !== "public" && !isAtLeast(change.role, "moderator")) {
        change.refuse("PERMISSION_DENIED", "only moderators invite to this room");
      } else if (room === this.#rooms.lobby) {
        change.refuse("PERMISSION_DENIED", "everybody is in the lobby");
      } else {
        this.#finder.find(change, command.name, (target) => this.#invite(change, target));
      }
    });
  }

  setRole(session: HubSession, command: CommandOf<"setRole">): void {
    this.#changes.begin(session, command, "owner", (change) => {
      if (change.room === this.#rooms.lobby) {
        change.refuse("PERMISSION_DENIED", "nobody has a role in the lobby");
        return;
      }
      this.#finder.find(change, command.name, (target) => this.#setRole(change, target, command.role));
    });
  }

  moderate(session: HubSession, command: Moderate): void {
    this.#changes.begin(session, command, "moderator", (change) => {
      if (change.room === this.#rooms.lobby && (command.action === "kick" || command.action === "ban")) {
        change.refuse("PERMISSION_DENIED", "nobody is taken out of the lobby: do it for the server");
        return;
      }
      const sanctionedIn = change.room.kind === "logged" ? change.room.id : undefined;
      this.#finder.find(
        change,
        command.name,
        (target) => this.#moderate(change, target, command),
        sanctionedIn,
      );
    });
  }

  #invite(change: RoomChange, target: FoundUser): void {
    const { room, session } = change;
    const { roster } = room;
    const { now, options } = this.#context;
    const online = this.#context.users.byId(target.id);
    const isIn = online !== undefined && room.isPresent(online);
    if (roster.bannedForMs(target.id, now.wallMs) > 0) {
      change.refuse("BANNED", `${target.name} is banned from this room`);
    } else if (isIn || roster.roleOf(target.id) !== "none" || roster.isInvited(target.id)) {
      if (!isIn) this.#tellInvited(room, target, session.user.name);
      change.done("invite");
    } else if (roster.invitedCount >= options.maxInvitationsPerRoom) {
      change.refuse("LIMIT_REACHED", "the room has as many open invitations as it may have");
    } else {
      const detail = room.settings.access;
      this.#set(change, target, { change: { invited: true }, action: "room.invite", detail }, () => {
        this.#tellInvited(room, target, session.user.name);
        change.done("invite");
      });
    }
  }

  #setRole(change: RoomChange, target: FoundUser, role: MemberRole): void {
    const { room, session } = change;
    const { roster } = room;
    const before = roster.roleOf(target.id);
    if (room.kind === "logged" && target.isGuest && role !== "none") {
      change.refuse("PERMISSION_DENIED", "guests have roles in rooms in memory only");
    } else if (roster.bannedForMs(target.id, this.#context.now.wallMs) > 0) {
      change.refuse("PERMISSION_DENIED", `${target.name} is banned from this room`);
    } else if (before === "owner" && target.id !== session.user.id && !session.user.isAdmin) {
      change.refuse("PERMISSION_DENIED", "owners step down by themselves");
    } else if (before === "owner" && isLastOwner(room) && role !== "owner" && !session.user.isAdmin) {
      change.refuse("PERMISSION_DENIED", "make somebody else an owner first");
    } else if (before === role && role !== "none") {
      change.done("setRole");
    } else {
      const wanted = { change: { role, invited: false }, action: "room.role", detail: role };
      this.#set(change, target, wanted, () => this.#roleWasSet(change, target, role));
    }
  }

  #roleWasSet(change: RoomChange, target: FoundUser, role: MemberRole): void {
    const { room } = change;
    if (role === "none") this.#takeOut(room, target, "kicked", "");
    else tellRole(this.#context, room, target.id);
    change.done("setRole");
  }

  #moderate(change: RoomChange, target: FoundUser, command: Moderate): void {
    const { action, reason, durationMs } = command;
    const { room, session } = change;
    const lifts = action === "unmute" || action === "unban";
    if (target.isAdmin && !session.user.isAdmin) {
      change.refuse("PERMISSION_DENIED", "this is an administrator");
    } else if (target.id === session.user.id && !lifts) {
      change.refuse("PERMISSION_DENIED", "this is you");
    } else if (!session.user.isAdmin && isAtLeast(room.roster.roleOf(target.id), change.role)) {
      change.refuse("PERMISSION_DENIED", "only for members below your own role");
    } else if (action === "kick") {
      this.#kick(change, target, reason);
    } else {
      const { wallMs } = this.#context.now;
      const untilMs = lifts ? 0 : endOf(durationMs, wallMs);
      const wanted = { change: sanction(action, untilMs), reason, action: `room.${action}` };
      const detail = lifts ? reason : describe(durationMs, reason);
      this.#set(change, target, { ...wanted, detail }, () => {
        room.people?.noteSanction(target, reason, session.user.name);
        if (action === "ban") this.#takeOut(room, target, "banned", reason);
        else if (action !== "unban")
          tellMuted(this.#context, { userId: target.id, room, untilMs, reason, by: session.user.name });
        change.done("moderate");
      });
    }
  }

  #kick(change: RoomChange, target: FoundUser, reason: string): void {
    const { room } = change;
    const online = this.#context.users.byId(target.id);
    if (online === undefined || !room.isPresent(online)) {
      change.refuse("USER_OFFLINE", `${target.name} is not in the room now`);
      return;
    }
    change.ask("writeAudit", change.audit("room.kick", target.name, reason), () => {
      this.#takeOut(room, target, "kicked", reason);
      change.done("moderate");
    });
  }

  /** Has the store change the member's entry (a memory room's: the audit log), then changes it here. */
  #set(change: RoomChange, target: FoundUser, wanted: MemberChange, onSet: () => void): void {
    const { room, session } = change;
    const { maxRosterEntries } = this.#context.options;
    const { wallMs } = this.#context.now;
    if (!room.roster.has(target.id) && room.roster.size >= maxRosterEntries) room.prune(wallMs);
    if (!room.roster.has(target.id) && room.roster.size >= maxRosterEntries) {
      change.refuse("LIMIT_REACHED", "the room's list of members and sanctions is full");
      return;
    }
    const set = (): void => {
      room.setMember(target.id, wanted.change);
      if (room.roster.has(target.id)) room.people?.note(target);
      onSet();
    };
    // What any member may do in a public room is not worth a record.
    const isRecorded = isAtLeast(change.role, "moderator");
    const audit = isRecorded ? change.audit(wanted.action, target.name, wanted.detail) : undefined;
    if (room.kind === "memory") {
      if (audit === undefined) set();
      else change.ask("writeAudit", audit, set);
      return;
    }
    const isRole = wanted.change.role !== undefined;
    if (isRole) this.#rooms.entries.hold(room.id, target.id);
    const release = (): void => {
      if (isRole) this.#rooms.entries.release(room.id, target.id);
    };
    const request: StoreRequests["setMember"]["request"] = {
      ...wanted.change,
      roomId: room.id,
      userId: target.id,
      nowMs: wallMs,
      ...(wanted.reason === undefined ? {} : { reason: wanted.reason, by: session.user.name }),
      ...(target.isGuest ? { userName: target.name } : {}),
      ...(audit === undefined ? {} : { audit }),
    };
    const stored = (): void => {
      release();
      set();
    };
    change.ask("setMember", request, stored, release);
  }

  #takeOut(room: Room, target: FoundUser, cause: "kicked" | "banned", detail: string): void {
    const online = this.#context.users.byId(target.id);
    if (online !== undefined) this.#rooms.takeOut(room, online, cause, detail);
  }

  #tellInvited(room: Room, target: FoundUser, by: string): void {
    for (const { key } of this.#context.users.byId(target.id)?.sessions ?? []) {
      this.#context.effects.reply({ type: "invited", session: key, roomId: room.id, room: room.name, by });
    }
  }
}

function isLastOwner(room: Room): boolean {
  return room.roster.withRole("owner").length === 1;
}

/** When a mute or ban ends that begins now; `durationMs` 0: not before it is taken back. */
export function endOf(durationMs: number, wallMs: number): number {
  return durationMs === 0 ? FOREVER_MS : Math.min(wallMs + durationMs, FOREVER_MS);
}

function sanction(action: "mute" | "unmute" | "ban" | "unban", untilMs: number): RosterChange {
  if (action === "mute" || action === "unmute") return { mutedUntilMs: untilMs };
  if (action === "unban") return { bannedUntilMs: untilMs };
  return { bannedUntilMs: untilMs, role: "none", invited: false };
}

/** For the audit log. */
export function describe(durationMs: number, reason: string): string {
  const time = durationMs === 0 ? "until it is taken back" : `for ${durationMs} ms`;
  return reason === "" ? time : `${time}: ${reason}`;
}
