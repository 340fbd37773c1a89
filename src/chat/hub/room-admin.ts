import type { RoomSettings } from "../store/store.ts";
import type { CommandOf, RoomChange as WantedChange } from "./command.ts";
import { DIRECT_NAME_PREFIX } from "./direct-name.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomChange, RoomChanges } from "./room-changes.ts";
import type { RoomOpenings } from "./room-openings.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { isAtLeast, RoomRoster } from "./room-roster.ts";
import type { Room } from "./room.ts";

type SettingName = keyof WantedChange;

/** What moderators may set too. */
const FOR_MODERATORS: ReadonlySet<SettingName> = new Set(["topic", "slowModeMs"]);
/** What cannot be set of the lobby. */
const NOT_OF_LOBBY: ReadonlySet<SettingName> = new Set(["name", "access", "passwordHash", "archived"]);
/** What a room in memory has not. */
const NOT_IN_MEMORY: ReadonlySet<SettingName> = new Set(["retentionAgeMs", "retentionCount"]);

/** Changes of a room's settings and name, and its end. */
export class RoomAdmin {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #changes: RoomChanges;
  readonly #openings: RoomOpenings;

  constructor(context: HubContext, rooms: RoomRegistry, changes: RoomChanges, openings: RoomOpenings) {
    this.#context = context;
    this.#rooms = rooms;
    this.#changes = changes;
    this.#openings = openings;
  }

  update(session: HubSession, command: CommandOf<"updateRoom">): void {
    this.#changes.begin(session, command, "moderator", (change) => {
      const wanted = differences(change.room, command.change);
      if (!this.#mayChange(change, wanted)) return;
      if (Object.keys(wanted).length === 0) this.#answer(change);
      else if (wanted.name === undefined) this.#store(change, wanted, () => {});
      else this.#rename(change, wanted, wanted.name);
    });
  }

  delete(session: HubSession, command: CommandOf<"deleteRoom">): void {
    this.#changes.begin(session, command, "owner", (change) => {
      const { room } = change;
      if (room === this.#rooms.lobby) {
        change.refuse("PERMISSION_DENIED", "the lobby stays");
        return;
      }
      const audit = change.audit("room.delete", room.name, "");
      const deleted = (): void => {
        this.#rooms.delete(room);
        change.done("deleteRoom");
      };
      if (room.kind === "memory") change.ask("writeAudit", audit, deleted);
      else change.ask("deleteRoom", { id: room.id, audit }, deleted);
    });
  }

  /** Refuses what the room, or the role of who asks, does not allow. */
  #mayChange(change: RoomChange, wanted: WantedChange): boolean {
    const { room } = change;
    const names = Object.keys(wanted).filter(isSettingName);
    if (!isAtLeast(change.role, "owner") && names.some((name) => !FOR_MODERATORS.has(name))) {
      change.refuse("PERMISSION_DENIED", "only for owners of the room");
    } else if (room === this.#rooms.lobby && names.some((name) => NOT_OF_LOBBY.has(name))) {
      change.refuse("PERMISSION_DENIED", "the lobby stays open, under its name");
    } else if (room.kind === "memory" && names.some((name) => NOT_IN_MEMORY.has(name))) {
      change.refuse("PERMISSION_DENIED", "a room in memory has a tail of its own length");
    } else if (wanted.name?.startsWith(DIRECT_NAME_PREFIX) === true) {
      change.refuse("NAME_INVALID", `names beginning with ${DIRECT_NAME_PREFIX} are not rooms`);
    } else if (wanted.access === "password" && (wanted.passwordHash ?? room.settings.passwordHash) === "") {
      change.refuse("PASSWORD_INVALID", "this room needs a password");
    } else {
      return true;
    }
    return false;
  }

  #rename(change: RoomChange, wanted: WantedChange, name: string): void {
    if (this.#rooms.findByName(name) !== undefined) {
      change.refuse("ROOM_EXISTS", "there is a room of this name");
      return;
    }
    if (!this.#openings.reserve(name)) {
      const { retryAfterMs } = this.#context.options;
      change.refuse("BUSY", "somebody looks for a room of this name right now", retryAfterMs);
      return;
    }
    const release = (): void => this.#openings.release(name);
    if (change.room.kind === "logged") {
      this.#store(change, wanted, release);
      return;
    }
    change.ask(
      "findRoom",
      { name },
      (found) => {
        if (found === undefined) {
          this.#store(change, wanted, release);
          return;
        }
        release();
        change.refuse("ROOM_EXISTS", "there is a room of this name");
      },
      release,
    );
  }

  /** `onSettled` is called when the change was applied, or was not. */
  #store(change: RoomChange, wanted: WantedChange, onSettled: () => void): void {
    const { room } = change;
    const audit = change.audit("room.update", room.name, describe(wanted));
    if (room.kind === "memory") {
      change.ask("writeAudit", audit, () => this.#apply(change, wanted, undefined, onSettled), onSettled);
      return;
    }
    const isClosing = room.settings.access === "public" && (wanted.access ?? "public") !== "public";
    change.ask(
      "updateRoom",
      { id: room.id, change: wanted, audit },
      (result) => {
        if (result === "NAME_TAKEN") {
          onSettled();
          change.refuse("ROOM_EXISTS", "there is a room of this name");
        } else if (result === "NO_ROOM") {
          onSettled();
          change.refuse("ROOM_NOT_FOUND", "no such room");
        } else if (isClosing) {
          this.#reload(change, wanted, onSettled);
        } else {
          this.#apply(change, wanted, undefined, onSettled);
        }
      },
      onSettled,
    );
  }

  /** A public room's roster knows nothing of ordinary members; now they matter. */
  #reload(change: RoomChange, wanted: WantedChange, onSettled: () => void): void {
    change.ask(
      "findRoomById",
      { id: change.room.id },
      (stored) => this.#apply(change, wanted, new RoomRoster(stored?.roster), onSettled),
      onSettled,
    );
  }

  #apply(
    change: RoomChange,
    wanted: WantedChange,
    roster: RoomRoster | undefined,
    onSettled: () => void,
  ): void {
    const { room } = change;
    const { name, ...settings } = wanted;
    const wasPublic = room.settings.access === "public";
    room.settings = { ...room.settings, ...settings };
    if (roster !== undefined) room.roster = roster;
    if (wasPublic && room.settings.access !== "public") keepMembers(room);
    if (name === undefined) this.#rooms.tellUpdated(room);
    else this.#rooms.rename(room, name);
    onSettled();
    this.#answer(change);
  }

  #answer(change: RoomChange): void {
    const { room, session, requestId } = change;
    const info = room.infoFor(session.user);
    this.#context.tell(session, { type: "updated", session: session.key, requestId, room: info });
    change.end();
  }
}

/** Those who are in it stay members when the room is open to everybody no more. */
function keepMembers(room: Room): void {
  for (const user of room.users) {
    if (room.roster.roleOf(user.id) !== "none" || (room.kind === "logged" && user.isGuest)) continue;
    room.setMember(user.id, { role: "member", invited: false });
    room.people?.note(user);
  }
}

function isSettingName(name: string): name is SettingName {
  return name === "name" || name in SETTING_NAMES;
}

const SETTING_NAMES: Readonly<Record<keyof RoomSettings, true>> = {
  access: true,
  passwordHash: true,
  topic: true,
  archived: true,
  slowModeMs: true,
  slowReader: true,
  retentionAgeMs: true,
  retentionCount: true,
};

/** What is not so already. A room that has no password forgets the one it had. */
function differences(room: Room, wanted: WantedChange): WantedChange {
  const access = wanted.access ?? room.settings.access;
  const passwordHash = access === "password" ? (wanted.passwordHash ?? room.settings.passwordHash) : "";
  const now: Record<string, unknown> = { ...room.settings, name: room.name };
  const changes = Object.entries({ ...wanted, passwordHash }).filter(([name, value]) => {
    return value !== undefined && now[name] !== value;
  });
  return Object.fromEntries(changes);
}

/** For the audit log: what was set, passwords aside. */
function describe(wanted: WantedChange): string {
  return Object.entries(wanted)
    .map(([name, value]) => (name === "passwordHash" ? "password" : `${name}=${String(value)}`))
    .join(", ");
}
