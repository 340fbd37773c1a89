import { assert } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import type { UserIdentity } from "./command.ts";
import type { HubSession } from "./hub-session.ts";

const noSessions: readonly HubSession[] = [];

/** A user with at least one session. */
export class OnlineUser {
  /** The one that the first sign-in came with: gate and hub have one object of it. */
  readonly #identity: UserIdentity;
  /** In the order they signed in. A list is replaced, never changed. */
  #sessions: readonly HubSession[] = noSessions;
  displayName: string;
  isAdmin: boolean;
  /** Everywhere on the server; 0: not muted. */
  mutedUntilMs: number;

  constructor(identity: UserIdentity) {
    this.#identity = identity;
    this.displayName = identity.displayName;
    this.isAdmin = identity.isAdmin;
    this.mutedUntilMs = identity.mutedUntilMs;
  }

  get id(): UserId {
    return this.#identity.id;
  }

  get name(): string {
    return this.#identity.name;
  }

  get nameKey(): string {
    return this.#identity.nameKey;
  }

  get sessions(): readonly HubSession[] {
    return this.#sessions;
  }

  addSession(session: HubSession): void {
    // A literal has room for one; most users have one session.
    this.#sessions = this.#sessions.length === 0 ? [session] : this.#sessions.concat(session);
  }

  removeSession(session: HubSession): void {
    this.#sessions = this.#sessions.filter((each) => each !== session);
  }

  /** Guests have ids below 0. */
  get isGuest(): boolean {
    return this.id < 0;
  }
}

/** Who is signed in, by id and by name, each in O(1) (row C5). */
export class UserDirectory {
  readonly #byId = new Map<UserId, OnlineUser>();
  readonly #byNameKey = new Map<string, OnlineUser>();

  /** Distinct users. */
  get count(): number {
    return this.#byId.size;
  }

  byId(id: UserId): OnlineUser | undefined {
    return this.#byId.get(id);
  }

  byNameKey(nameKey: string): OnlineUser | undefined {
    return this.#byNameKey.get(nameKey);
  }

  /** The user of this id, added when not signed in. The name must not be another user's. */
  enter(identity: UserIdentity): OnlineUser {
    const known = this.#byId.get(identity.id);
    if (known !== undefined) return known;
    assert(!this.#byNameKey.has(identity.nameKey), "a name belongs to one user");
    const user = new OnlineUser(identity);
    this.#byId.set(user.id, user);
    this.#byNameKey.set(user.nameKey, user);
    return user;
  }

  /** Removes a user whose last session has gone. */
  leave(user: OnlineUser): void {
    assert(user.sessions.length === 0, "only a user without sessions leaves");
    assert(this.#byId.get(user.id) === user, "a user leaves once");
    this.#byId.delete(user.id);
    this.#byNameKey.delete(user.nameKey);
  }
}
