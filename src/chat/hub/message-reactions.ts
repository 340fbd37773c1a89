import type { UserId } from "../names.ts";
import type { Reaction } from "../store/store.ts";

/** Different reactions of one message that are shown, the first ones; as the store does. */
const SHOWN_LIMIT = 50;

/** Who reacted to one message, and how; in the order the reactions were first given. */
export class MessageReactions {
  readonly #users = new Map<string, Set<UserId>>();

  has(reaction: string, userId: UserId): boolean {
    return this.#users.get(reaction)?.has(userId) ?? false;
  }

  /** Once given, it is given. */
  add(reaction: string, userId: UserId): void {
    const users = this.#users.get(reaction);
    if (users === undefined) this.#users.set(reaction, new Set([userId]));
    else users.add(userId);
  }

  take(reaction: string, userId: UserId): void {
    const users = this.#users.get(reaction);
    if (users?.delete(userId) === true && users.size === 0) this.#users.delete(reaction);
  }

  /** As the user sees them. */
  shownTo(userId: UserId): Reaction[] {
    const shown: Reaction[] = [];
    for (const [reaction, users] of this.#users) {
      if (shown.length === SHOWN_LIMIT) break;
      shown.push({ reaction, count: users.size, mine: users.has(userId) });
    }
    return shown;
  }
}
