import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Store } from "../../src/chat/store/store.ts";
import { describeAccounts } from "./store-accounts.ts";
import { describeChanges } from "./store-changes.ts";
import { describeChangesProperty } from "./store-changes-property.ts";
import {
  messageOf,
  openRoom,
  range,
  type StoreFixture,
  type StoreHarness,
  withCode,
} from "./store-fixtures.ts";
import { describeLists } from "./store-lists.ts";
import { describeLog } from "./store-log.ts";
import { describeMaintenance } from "./store-maintenance.ts";
import { describeMembers } from "./store-members.ts";
import { describeModeration } from "./store-moderation.ts";
import { describeRooms } from "./store-rooms.ts";
import { describeSearch } from "./store-search.ts";
import { describeTokens } from "./store-tokens.ts";

/** What every store must do, whatever it is made of. */
export function describeStore(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name} (no port)`, () => {
    let harness: StoreHarness;
    let store: Store;

    beforeEach(async () => {
      harness = await makeHarness();
      store = await harness.open();
    });

    afterEach(async () => {
      await store.close();
      await harness.discard();
    });

    const fixture: StoreFixture = {
      get store() {
        return store;
      },
      reopen: async (options) => {
        await store.close();
        store = await harness.open(options);
      },
    };

    describeLog(fixture);
    describeChanges(fixture);
    describeChangesProperty(fixture);
    describeAccounts(fixture);
    describeTokens(fixture);
    describeRooms(fixture);
    describeMembers(fixture);
    describeLists(fixture);
    describeSearch(fixture);
    describeModeration(fixture);
    describeMaintenance(fixture);

    describe("close", () => {
      it("does everything that was asked for, and nothing after", async () => {
        const id = await openRoom(fixture.store);
        const asked = range(1, 500).map((serial) => fixture.store.append([messageOf(id, serial)]));
        const found = fixture.store.ask("findRoom", { name: "room" });
        const closed = fixture.store.close();
        await assert.rejects(fixture.store.append([messageOf(id, 501)]), withCode("STORE_CLOSED"));
        await assert.rejects(fixture.store.ask("findRoom", { name: "room" }), withCode("STORE_CLOSED"));
        await assert.rejects(
          fixture.store.ask("historyAfter", { roomId: id, after: 0, limit: 1, userId: 0 }),
          withCode("STORE_CLOSED"),
        );
        await Promise.all(asked);
        assert.ok((await found) !== undefined);
        await closed;
        await fixture.store.close();
        await fixture.reopen();
        assert.equal((await fixture.store.ask("findRoom", { name: "room" }))?.lastOffset, 500);
      });

      it("lets no other have the medium meanwhile", async () => {
        await assert.rejects(harness.open(), withCode("STORE_LOCKED"));
        assert.equal(await fixture.store.ask("findRoom", { name: "room" }), undefined);
      });
    });
  });
}
