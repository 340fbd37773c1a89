import {
  ADMIN_PAGE_NAME,
  ADMIN_PAGE_SESSION,
  CONSOLE_GATE_ID,
  CONSOLE_NAME,
  gateOf,
  type SessionKey,
} from "../names.ts";
import type { RequestName } from "./command.ts";
import { HubSession } from "./hub-session.ts";
import { OnlineUser } from "./user-directory.ts";

/** What needs no room that the session is in, and no account. */
const ALLOWED: ReadonlySet<RequestName> = new Set([
  "updateRoom",
  "deleteRoom",
  "listRooms",
  "listMembers",
  "listUsers",
  "invite",
  "setRole",
  "moderate",
  "adminUser",
  "adminAddress",
  "adminLockdown",
  "adminInvitation",
  "listAudit",
  "listSanctions",
]);

/**
 * The server's own console (command line, admin page): an administrator who is known without signing
 * in, is counted nowhere, and is never in a room.
 */
export class ServerConsole {
  readonly #console = administrator(CONSOLE_NAME);
  readonly #page = administrator(ADMIN_PAGE_NAME);

  owns(key: SessionKey): boolean {
    return gateOf(key) === CONSOLE_GATE_ID;
  }

  mayAsk(request: RequestName): boolean {
    return ALLOWED.has(request);
  }

  /** One for each request: nothing of it is kept. */
  session(key: SessionKey): HubSession {
    return new HubSession(key, key === ADMIN_PAGE_SESSION ? this.#page : this.#console, 0, "");
  }
}

/** No account can have such a name, or this id. */
function administrator(name: string): OnlineUser {
  return new OnlineUser({ id: 0, name, nameKey: name, displayName: "", isAdmin: true, mutedUntilMs: 0 });
}
