import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { NameOrder } from "./name-order.ts";
import { OnlineUser } from "./user-directory.ts";

test("the order stays sorted while users come and go, and pages cover it without repeats", () => {
  const anyNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40, size: "max" });
  fc.assert(
    fc.property(anyNames, fc.nat({ max: 40 }), fc.integer({ min: 1, max: 7 }), (names, split, limit) => {
      const users = names.map((name, index) => new OnlineUser({ id: index + 1, name, nameKey: name }));
      const order = new NameOrder(users.slice(0, split));
      for (const user of users.slice(split)) order.add(user);
      const gone = users.filter((user) => user.id % 3 === 0);
      for (const user of gone) order.remove(user);
      const expected = users.filter((user) => user.id % 3 !== 0).map((user) => user.nameKey);
      expected.sort((left, right) => (left < right ? -1 : 1));

      const seen: string[] = [];
      for (let after = "", more = true; more; after = seen.at(-1) ?? "") {
        const page = order.page(after, limit);
        seen.push(...page.users.map((user) => user.nameKey));
        more = page.more;
      }
      assert.deepEqual(seen, expected);
    }),
  );
});
