/**
 * A session in the whole system: gate id × 2^40 + the engine's id of it, of which 40 bits make the same
 * key again after 2^20 uses of one slot at the earliest.
 */
export type SessionKey = number;

/** An account's id (> 0) or a guest's (< 0). */
export type UserId = number;

/** A room's id: a logged room's comes from the store; a memory room's is at least MEMORY_ROOM_ID_BASE. */
export type RoomId = number;

export const MEMORY_ROOM_ID_BASE = 1_000_000_000;

/** The room that every session is in from login on. */
export const LOBBY_NAME = "lobby";

/** The gate of the server's own console (command line, admin page): its session has an administrator's rights. */
export const CONSOLE_GATE_ID = 0;
export const CONSOLE_NAME = "(console)";
/** Who acts when an administrator does something in the admin page, or through its API. */
export const ADMIN_PAGE_NAME = "(admin page)";

/** Serial numbers are below this. */
export const SERIAL_LIMIT = 2 ** 40;

/** The two sessions of the console's gate: the command line's, and the admin page's. */
export const CONSOLE_SESSION: SessionKey = sessionKey(CONSOLE_GATE_ID, 1);
export const ADMIN_PAGE_SESSION: SessionKey = sessionKey(CONSOLE_GATE_ID, 2);

export function sessionKey(gateId: number, serial: number): SessionKey {
  return gateId * SERIAL_LIMIT + serial;
}

export function gateOf(key: SessionKey): number {
  return Math.floor(key / SERIAL_LIMIT);
}
