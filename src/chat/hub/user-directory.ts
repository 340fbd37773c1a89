import { assert } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import type { UserIdentity } from "./command.ts";
import type { HubSession } from "./hub-session.ts";

/** A user with at least one session. */
export class OnlineUser {
  readonly id: UserId;
  readonly name: string;
  readonly nameKey: string;
  /** In the order they signed in. */
  readonly sessions: HubSession[] = [];

  constructor(identity: UserIdentity) {
    this.id = identity.id;
    this.name = identity.name;
    this.nameKey = identity.nameKey;
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
