import type { RoomId, UserId } from "../names.ts";
import type { HubContext } from "./hub-context.ts";

/** Entries that are with the store at once. */
const IN_FLIGHT_LIMIT = 32;
/** Entries that wait; one more is left out, and made when the user comes in the next time. */
const WAITING_LIMIT = 65_536;

interface Entry {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly wasInvited: boolean;
}

/**
 * Writes down, behind what goes on, that accounts have become members of logged rooms. When thousands
 * come at once, their entries do not stand in the way of what somebody waits for. A failure costs the
 * entry alone: it is made when the user comes in the next time.
 */
export class MemberEntries {
  readonly #context: HubContext;
  readonly #waiting = new Map<string, Entry>();
  /** Users whose role is being changed: what they become is written by that. */
  readonly #held = new Set<string>();
  #inFlightCount = 0;

  constructor(context: HubContext) {
    this.#context = context;
  }

  add(roomId: RoomId, userId: UserId, wasInvited: boolean): void {
    const key = entryKey(roomId, userId);
    if (this.#held.has(key) || this.#waiting.size >= WAITING_LIMIT) return;
    this.#waiting.set(key, { roomId, userId, wasInvited });
    this.#writeNext();
  }

  /** From now on until `release` no entry is written: a change of the user's role is under way. */
  hold(roomId: RoomId, userId: UserId): void {
    const key = entryKey(roomId, userId);
    this.#waiting.delete(key);
    this.#held.add(key);
  }

  release(roomId: RoomId, userId: UserId): void {
    this.#held.delete(entryKey(roomId, userId));
  }

  #writeNext(): void {
    while (this.#inFlightCount < IN_FLIGHT_LIMIT) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [key, { roomId, userId, wasInvited }] = next;
      this.#waiting.delete(key);
      this.#inFlightCount += 1;
      const settled = (): void => {
        this.#inFlightCount -= 1;
        this.#writeNext();
      };
      const entry = { roomId, userId, nowMs: this.#context.now.wallMs, role: "member" } as const;
      const request = wasInvited ? { ...entry, invited: false } : entry;
      this.#context.ask("setMember", request, settled, settled);
    }
  }
}

function entryKey(roomId: RoomId, userId: UserId): string {
  return `${roomId} ${userId}`;
}
