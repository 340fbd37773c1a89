import { assert } from "../../base/assert.ts";
import type { OnlineUser } from "./user-directory.ts";

/**
 * Users ordered by nameKey (by UTF-16 units, the same on every machine). Adding and removing cost one
 * binary search and one move of memory, a page costs its length: with 15,000 users nothing here sorts.
 */
export class NameOrder {
  readonly #users: OnlineUser[];

  constructor(users: Iterable<OnlineUser>) {
    this.#users = [...users].sort((left, right) => (left.nameKey < right.nameKey ? -1 : 1));
  }

  add(user: OnlineUser): void {
    this.#users.splice(this.#firstNotBefore(user.nameKey), 0, user);
  }

  remove(user: OnlineUser): void {
    const index = this.#firstNotBefore(user.nameKey);
    if (this.#users[index] === user) this.#users.splice(index, 1);
  }

  /** At most `limit` users whose nameKey is after `afterKey`; "" is before every name. */
  page(afterKey: string, limit: number): { readonly users: readonly OnlineUser[]; readonly more: boolean } {
    let start = this.#firstNotBefore(afterKey);
    if (this.#users[start]?.nameKey === afterKey) start += 1;
    const users = this.#users.slice(start, start + limit);
    return { users, more: start + users.length < this.#users.length };
  }

  #firstNotBefore(nameKey: string): number {
    let low = 0;
    let high = this.#users.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const user = this.#users[middle];
      assert(user !== undefined, "the middle is between two ends");
      if (user.nameKey < nameKey) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
