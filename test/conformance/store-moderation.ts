import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FOREVER_MS } from "../../src/chat/store/store.ts";
import { auditOf, makeAccount, makeRoom, NOW_MS, range, type StoreFixture } from "./store-fixtures.ts";

/** Sanctions, lockdown and the audit log. */
export function describeModeration(fixture: StoreFixture): void {
  const ban = (cidr: string, untilMs: number) =>
    fixture.store.ask("setAddressBan", {
      cidr,
      untilMs,
      reason: "spam",
      by: "root",
      audit: auditOf("address.ban"),
    });
  const sanctionsOf = (roomId: number, limit = 100) =>
    fixture.store.ask("listSanctions", { roomId, nowMs: NOW_MS, limit });

  describe("moderation", () => {
    it("keeps the lockdown level and the address bans that are not over", async () => {
      const { store } = fixture;
      assert.deepEqual(await store.ask("readServerRules", { nowMs: NOW_MS }), {
        lockdown: 0,
        addressBans: [],
      });
      await store.ask("setLockdown", { level: 3, audit: auditOf("lockdown") });
      await store.ask("setLockdown", { level: 2 });
      await ban("192.0.2.0/24", FOREVER_MS);
      await ban("2001:db8::/32", NOW_MS);
      await ban("198.51.100.7/32", NOW_MS + 5);
      await ban("198.51.100.8/32", NOW_MS + 5);
      await ban("198.51.100.8/32", 0);
      await fixture.reopen();
      assert.deepEqual(await fixture.store.ask("readServerRules", { nowMs: NOW_MS }), {
        lockdown: 2,
        addressBans: [
          { cidr: "192.0.2.0/24", untilMs: FOREVER_MS, reason: "spam" },
          { cidr: "198.51.100.7/32", untilMs: NOW_MS + 5, reason: "spam" },
        ],
      });
    });

    it("mutes and bans users everywhere, each with its own reason, and lifts them", async () => {
      const { store } = fixture;
      const userId = await makeAccount(store, "Ada");
      const set = (
        change: { mutedUntilMs?: number; bannedUntilMs?: number; reason: string },
        user = userId,
      ) => store.ask("setUserSanction", { userId: user, userName: "Guest", by: "root", ...change });
      const free = { mutedUntilMs: 0, bannedUntilMs: 0, reason: "" };
      assert.deepEqual(await store.ask("findUserSanction", { userId }), free);
      await set({ mutedUntilMs: NOW_MS + 5, reason: "loud" });
      await set({ bannedUntilMs: FOREVER_MS, reason: "rude" });
      await set({ mutedUntilMs: NOW_MS + 9, reason: "guest" }, -5);
      await ban("192.0.2.0/24", FOREVER_MS);
      const both = { mutedUntilMs: NOW_MS + 5, bannedUntilMs: FOREVER_MS, reason: "rude" };
      assert.deepEqual(await store.ask("findUserSanction", { userId }), both);
      const account = await store.ask("findAccountById", { id: userId });
      assert.deepEqual([account?.mutedUntilMs, account?.bannedUntilMs, account?.reason], Object.values(both));
      const by = "root";
      assert.deepEqual(await sanctionsOf(0), [
        { subject: "Guest", kind: "mute", untilMs: NOW_MS + 9, reason: "guest", by },
        { subject: "Ada", kind: "ban", untilMs: FOREVER_MS, reason: "rude", by },
        { subject: "Ada", kind: "mute", untilMs: NOW_MS + 5, reason: "loud", by },
        { subject: "192.0.2.0/24", kind: "ban", untilMs: FOREVER_MS, reason: "spam", by },
      ]);
      assert.equal((await sanctionsOf(0, 2)).length, 2);
      assert.equal((await sanctionsOf(0, 0)).length, 0);
      await set({ bannedUntilMs: 0, reason: "" });
      assert.deepEqual(await store.ask("findUserSanction", { userId }), {
        mutedUntilMs: NOW_MS + 5,
        bannedUntilMs: 0,
        reason: "loud",
      });
    });

    it("finds a guest who is muted or banned by name, and nobody else", async () => {
      const { store } = fixture;
      const sanction = { reason: "", by: "root" };
      const set = (userId: number, userName: string, bannedUntilMs: number) =>
        store.ask("setUserSanction", { ...sanction, userId, userName, bannedUntilMs });
      const find = (nameKey: string, roomId = 0) => store.ask("findSanctionedGuest", { roomId, nameKey });
      await set(await makeAccount(store, "Ada"), "Ada", FOREVER_MS);
      await set(-5, "Gina", FOREVER_MS);
      assert.deepEqual(await find("gina"), { userId: -5, userName: "Gina" });
      assert.equal(await find("ada"), undefined);
      assert.equal(await find("gina", 1), undefined);
      await set(-5, "Gina", 0);
      assert.equal(await find("gina"), undefined);
    });

    it("lists a room's sanctions that are not over", async () => {
      const { store } = fixture;
      const [owner, user] = [await makeAccount(store, "Owner"), await makeAccount(store, "User")];
      const roomId = await makeRoom(store, "room", owner);
      const set = (userId: number, change: object) =>
        store.ask("setMember", { roomId, userId, nowMs: NOW_MS, by: "Owner", reason: "why", ...change });
      await set(user, { bannedUntilMs: NOW_MS + 1 });
      await set(-5, { mutedUntilMs: NOW_MS + 2, userName: "Guest" });
      await set(-6, { mutedUntilMs: NOW_MS, userName: "Over" });
      assert.deepEqual(await sanctionsOf(roomId), [
        { subject: "Guest", kind: "mute", untilMs: NOW_MS + 2, reason: "why", by: "Owner" },
        { subject: "User", kind: "ban", untilMs: NOW_MS + 1, reason: "why", by: "Owner" },
      ]);
      assert.deepEqual(await sanctionsOf(0), []);
    });

    it("records who did what, and lists it page by page, the newest first", async () => {
      const { store } = fixture;
      for (const n of range(1, 5)) await store.ask("writeAudit", auditOf(`action ${n}`));
      await fixture.reopen();
      const page = await fixture.store.ask("listAudit", { before: 0, limit: 3 });
      assert.deepEqual(
        page.map(({ action }) => action),
        ["action 5", "action 4", "action 3"],
      );
      const { id, ...record } = page[2] ?? { id: 0 };
      assert.deepEqual(record, auditOf("action 3"));
      assert.deepEqual(
        (await fixture.store.ask("listAudit", { before: id, limit: 9 })).map(({ action }) => action),
        ["action 2", "action 1"],
      );
    });
  });
}
