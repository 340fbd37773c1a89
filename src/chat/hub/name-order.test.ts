import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { user } from "../../../test/support/hub-world.ts";
import { NameOrder } from "./name-order.ts";
import { OnlineUser } from "./user-directory.ts";

test("the order stays sorted while users come and go, and pages cover it without repeats", () => {
  const anyNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40, size: "max" });
  fc.assert(
    fc.property(anyNames, fc.nat({ max: 40 }), fc.integer({ min: 1, max: 7 }), (names, split, limit) => {
      const users = names.map((name, index) => new OnlineUser({ ...user(index + 1, name), nameKey: name }));
      const order = new NameOrder(users.slice(0, split));
      for (const each of users.slice(split)) order.add(each);
      const gone = users.filter((each) => each.id % 3 === 0);
      for (const each of gone) order.remove(each);
      const expected = users.filter((each) => each.id % 3 !== 0).map((each) => each.nameKey);
      expected.sort((left, right) => (left < right ? -1 : 1));

      const seen: string[] = [];
      for (let after = "", more = true; more; after = seen.at(-1) ?? "") {
        const page = order.page(after, limit);
        seen.push(...page.users.map((each) => each.nameKey));
        more = page.more;
      }
      assert.deepEqual(seen, expected);
    }),
  );
});
