import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeAccount, NOW_MS, type StoreFixture, withCode } from "./store-fixtures.ts";

/** Resume tokens, and who takes no whispers from whom. */
export function describeTokens(fixture: StoreFixture): void {
  describe("tokens", () => {
    const create = (userId: number, hash: string, nowMs = NOW_MS, keep = 10) =>
      fixture.store.ask("createToken", {
        userId,
        hash,
        label: `label ${hash}`,
        address: "192.0.2.1",
        nowMs,
        expiresMs: nowMs + 1_000_000,
        keep,
      });
    const use = (hash: string, nowMs: number) =>
      fixture.store.ask("useToken", { hash, address: "192.0.2.2", nowMs });
    const hashLabels = async (userId: number, nowMs = NOW_MS) =>
      (await fixture.store.ask("listTokens", { userId, nowMs })).map(({ label }) => label.slice(6));

    it("names the account until it expires, which using does not put off", async () => {
      const userId = await makeAccount(fixture.store, "Ada");
      const tokenId = await create(userId, "a");
      await fixture.reopen();
      const used = await use("a", NOW_MS + 500_000);
      assert.deepEqual(
        [used?.tokenId, used?.expiresMs, used?.account.name],
        [tokenId, NOW_MS + 1_000_000, "Ada"],
      );
      assert.deepEqual(await fixture.store.ask("listTokens", { userId, nowMs: NOW_MS }), [
        {
          id: tokenId,
          label: "label a",
          address: "192.0.2.2",
          createdMs: NOW_MS,
          lastUsedMs: NOW_MS + 500_000,
          expiresMs: NOW_MS + 1_000_000,
        },
      ]);
      assert.equal(await use("a", NOW_MS + 1_000_000), undefined);
      assert.equal(await use("b", NOW_MS), undefined);
      assert.deepEqual(await hashLabels(userId, NOW_MS + 1_000_000), []);
    });

    it("keeps so many of a user's, and drops the longest unused", async () => {
      const [userId, other] = [
        await makeAccount(fixture.store, "Ada"),
        await makeAccount(fixture.store, "Bob"),
      ];
      await create(other, "bob's");
      await create(userId, "a", NOW_MS + 1);
      await create(userId, "b", NOW_MS + 2);
      await use("a", NOW_MS + 100_000);
      await create(userId, "c", NOW_MS + 100_001, 2);
      assert.deepEqual(await hashLabels(userId), ["c", "a"]);
      assert.equal(await use("b", NOW_MS + 100_002), undefined);
      await create(userId, "d", NOW_MS, 1);
      assert.deepEqual(await hashLabels(userId), ["d"], "the new one stays, however old its time");
      assert.deepEqual(await hashLabels(other), ["bob's"]);
    });

    it("revokes one of the user's, or all but one", async () => {
      const [userId, other] = [
        await makeAccount(fixture.store, "Ada"),
        await makeAccount(fixture.store, "Bob"),
      ];
      const [a, b, c] = [await create(userId, "a"), await create(userId, "b"), await create(userId, "c")];
      const revoke = (who: number, tokenId: number, exceptId = 0) =>
        fixture.store.ask("revokeTokens", { userId: who, tokenId, exceptId });
      assert.deepEqual(await revoke(other, a), [], "not another's");
      assert.deepEqual(await revoke(userId, a), [a]);
      assert.deepEqual(await revoke(userId, a), []);
      assert.deepEqual(await revoke(userId, 0, b), [c]);
      assert.equal((await use("b", NOW_MS))?.tokenId, b);
      assert.deepEqual(await revoke(userId, 0), [b]);
    });

    it("makes none twice, nor for an account that is no more", async () => {
      const userId = await makeAccount(fixture.store, "Ada");
      await create(userId, "a");
      await assert.rejects(create(userId, "a"), withCode("WRITE_FAILED"));
      await fixture.store.ask("deleteAccount", { id: userId, nowMs: NOW_MS });
      assert.equal(await create(userId, "b"), 0);
      assert.equal(await use("b", NOW_MS), undefined);
    });
  });

  describe("blocks", () => {
    it("lists them by name, up to their limit, and tells a conversation", async () => {
      const { store } = fixture;
      const ids = await Promise.all(["Ada", "zoe", "Bob", "carl"].map((name) => makeAccount(store, name)));
      const [ada = 0, zoe = 0, bob = 0, carl = 0] = ids;
      const block = (otherId: number, blocked = true) =>
        store.ask("setBlock", { userId: ada, otherId, blocked, limit: 2 });
      assert.equal(await block(zoe), "DONE");
      assert.equal(await block(bob), "DONE");
      assert.equal(await block(carl), "FULL");
      assert.equal(await block(zoe), "DONE", "blocked already");
      assert.deepEqual(await store.ask("listBlocks", { userId: ada }), ["Bob", "zoe"]);
      assert.deepEqual(await store.ask("listBlocks", { userId: zoe }), []);
      const member = { role: "member", userName: "" } as const;
      const members = [ada, zoe].map((userId) => ({ userId, ...member }));
      const room = await store.ask("openRoom", { name: "@1:2", kind: "direct", members, nowMs: NOW_MS });
      assert.deepEqual(room.blockedBy, [ada]);
      assert.equal(await block(zoe, false), "DONE");
      assert.equal(await block(zoe, false), "DONE");
      assert.deepEqual((await store.ask("findRoomById", { id: room.id }))?.blockedBy, []);
      assert.equal(await block(carl), "DONE");
    });
  });
}
