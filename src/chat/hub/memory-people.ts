import type { UserId } from "../names.ts";
import type { StoredSanction } from "../store/store.ts";
import { remainingMs, type RoomRoster } from "./room-roster.ts";

/** What a memory room knows of a user of its roster; a logged room's are in the store. */
interface Person {
  readonly name: string;
  readonly nameKey: string;
  readonly displayName: string;
  readonly reason: string;
  readonly by: string;
}

/** Somebody to be noted. */
export type NamedUser = Pick<Person, "name" | "nameKey" | "displayName"> & { readonly id: UserId };

/** The names of those who are in a memory room's roster, and why they were muted or banned. */
export class MemoryPeople {
  readonly #people = new Map<UserId, Person>();

  note({ id, name, nameKey, displayName }: NamedUser): void {
    const { reason = "", by = "" } = this.#people.get(id) ?? {};
    this.#people.set(id, { name, nameKey, displayName, reason, by });
  }

  noteSanction(user: NamedUser, reason: string, by: string): void {
    this.note(user);
    const person = this.#people.get(user.id);
    if (person !== undefined) this.#people.set(user.id, { ...person, reason, by });
  }

  find(userId: UserId): Person | undefined {
    return this.#people.get(userId);
  }

  forget(userId: UserId): void {
    this.#people.delete(userId);
  }

  /** Forgets those who are in the roster no more. */
  prune(roster: RoomRoster): void {
    for (const userId of this.#people.keys()) if (!roster.has(userId)) this.#people.delete(userId);
  }

  sanctions(roster: RoomRoster, wallMs: number): StoredSanction[] {
    const found: StoredSanction[] = [];
    for (const { userId, mutedUntilMs, bannedUntilMs } of roster.entries()) {
      const { name: subject = "", reason = "", by = "" } = this.#people.get(userId) ?? {};
      for (const [kind, untilMs] of [
        ["ban", bannedUntilMs],
        ["mute", mutedUntilMs],
      ] as const) {
        if (remainingMs(untilMs, wallMs) > 0) found.push({ subject, kind, untilMs, reason, by });
      }
    }
    return found.sort((left, right) => (left.subject < right.subject ? -1 : 1));
  }
}
