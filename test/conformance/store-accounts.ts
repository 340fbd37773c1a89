import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FOREVER_MS, type NewAccount } from "../../src/chat/store/store.ts";
import {
  auditOf,
  makeAccount,
  makeRoom,
  messageOf,
  NOW_MS,
  openConversation,
  range,
  type StoreFixture,
} from "./store-fixtures.ts";

const ada: NewAccount = { name: "Ada", nameKey: "ada", passwordHash: "$argon2id$…", nowMs: NOW_MS };

/** Accounts: making, finding, changing, deleting. */
export function describeAccounts(fixture: StoreFixture): void {
  describe("accounts", () => {
    it("makes one and finds it by key, id and external id", async () => {
      const made = await fixture.store.ask("createAccount", {
        ...ada,
        externalId: "https://id/1",
        isAdmin: true,
      });
      assert.ok(made.created && made.id > 0);
      const account = {
        id: made.id,
        name: "Ada",
        nameKey: "ada",
        displayName: "",
        passwordHash: "$argon2id$…",
        isAdmin: true,
        createdMs: NOW_MS,
        mutedUntilMs: 0,
        bannedUntilMs: 0,
        reason: "",
      };
      assert.deepEqual(await fixture.store.ask("findAccount", { nameKey: "ada" }), account);
      assert.deepEqual(await fixture.store.ask("findAccountById", { id: made.id }), account);
      assert.deepEqual(
        await fixture.store.ask("findExternalAccount", { externalId: "https://id/1" }),
        account,
      );
      assert.equal(await fixture.store.ask("findAccount", { nameKey: "Ada" }), undefined);
      assert.equal(await fixture.store.ask("findAccount", { nameKey: "" }), undefined);
      assert.equal(await fixture.store.ask("findAccountById", { id: made.id + 1 }), undefined);
      assert.equal(await fixture.store.ask("findExternalAccount", { externalId: "" }), undefined);
    });

    it("makes exactly one of many asked for at once with one name key", async () => {
      const asked = range(1, 20).map((n) => fixture.store.ask("createAccount", { ...ada, name: `Ada${n}` }));
      const made = await Promise.all(asked);
      assert.equal(made.filter((each) => each.created).length, 1);
      const kept = made.findIndex((each) => each.created);
      const found = await fixture.store.ask("findAccount", { nameKey: "ada" });
      assert.equal(found?.name, `Ada${kept + 1}`);
    });

    it("keeps them over reopening, gives no id twice, and no external id", async () => {
      const first = await fixture.store.ask("createAccount", { ...ada, externalId: "x" });
      await fixture.reopen();
      const taken = { created: false, why: "NAME_TAKEN" };
      assert.deepEqual(await fixture.store.ask("createAccount", ada), taken);
      const bob = { ...ada, name: "Bob", nameKey: "bob" };
      assert.deepEqual(await fixture.store.ask("createAccount", { ...bob, externalId: "x" }), taken);
      const second = await fixture.store.ask("createAccount", bob);
      assert.ok(first.created && second.created && first.id !== second.id);
      await fixture.store.ask("deleteAccount", { id: second.id, nowMs: NOW_MS });
      assert.notEqual(await makeAccount(fixture.store, "Bob"), second.id);
    });

    it("uses an invitation up, for accounts that were made, until its time is over", async () => {
      const { store } = fixture;
      await store.ask("createInvitation", { hash: "h", uses: 2, nowMs: NOW_MS, expiresMs: NOW_MS + 10 });
      const invited = (name: string, nowMs: number) =>
        store.ask("createAccount", { ...ada, name, nameKey: name, nowMs, invitationHash: "h" });
      const invalid = { created: false, why: "INVITATION_INVALID" };
      assert.deepEqual(await invited("late", NOW_MS + 10), invalid);
      assert.ok((await invited("one", NOW_MS)).created);
      assert.deepEqual(await invited("one", NOW_MS), { created: false, why: "NAME_TAKEN" });
      assert.ok((await invited("two", NOW_MS)).created);
      assert.deepEqual(await invited("three", NOW_MS), invalid);
      assert.equal(await store.ask("findAccount", { nameKey: "three" }), undefined);
      const other = { ...ada, invitationHash: "other" };
      assert.deepEqual(await store.ask("createAccount", other), invalid);
    });

    it("changes what is given and nothing else", async () => {
      const { store } = fixture;
      const id = await makeAccount(store, "Ada");
      assert.ok(await store.ask("updateAccount", { id, displayName: "Countess", audit: auditOf("a") }));
      assert.ok(await store.ask("updateAccount", { id, isAdmin: true }));
      assert.ok(await store.ask("updateAccount", { id, passwordHash: "new" }));
      assert.ok(await store.ask("updateAccount", { id }));
      const account = await store.ask("findAccountById", { id });
      assert.deepEqual(
        [account?.displayName, account?.isAdmin, account?.passwordHash, account?.name],
        ["Countess", true, "new", "Ada"],
      );
      assert.ok(await store.ask("updateAccount", { id, isAdmin: false, displayName: "" }));
      const again = await store.ask("findAccountById", { id });
      assert.deepEqual([again?.displayName, again?.isAdmin], ["", false]);
      assert.equal(
        await store.ask("updateAccount", { id: id + 1, isAdmin: true, audit: auditOf("b") }),
        false,
      );
      const audit = await store.ask("listAudit", { before: 0, limit: 10 });
      assert.deepEqual(
        audit.map(({ action }) => action),
        ["a"],
        "what did not happen is not recorded",
      );
    });

    it("lists them page by page", async () => {
      const { store } = fixture;
      for (const name of ["dora", "bea", "carl", "adam"]) await makeAccount(store, name);
      const keysAfter = async (afterKey: string, limit: number) =>
        (await store.ask("listAccounts", { afterKey, limit })).map(({ nameKey }) => nameKey);
      assert.deepEqual(await keysAfter("", 3), ["adam", "bea", "carl"]);
      assert.deepEqual(await keysAfter("carl", 3), ["dora"]);
      assert.deepEqual(await keysAfter("dora", 3), []);
      assert.deepEqual(await keysAfter("", 0), []);
    });
  });

  describe("deleting an account", () => {
    it("leaves what it said, and takes its name, memberships, tokens, blocks and sanctions", async () => {
      const { store } = fixture;
      const [id, other] = [await makeAccount(store, "Ada"), await makeAccount(store, "Bob")];
      const roomId = await makeRoom(store, "room", other);
      await store.ask("setMember", {
        roomId,
        userId: id,
        nowMs: NOW_MS,
        role: "member",
        bannedUntilMs: FOREVER_MS,
      });
      const talkId = await openConversation(store, id, other);
      await store.append([
        messageOf(roomId, 1, { senderId: id, text: "I was here" }),
        messageOf(roomId, 2, { senderId: other, text: "@ada?" }),
        messageOf(talkId, 1, { senderId: id }),
      ]);
      const token = {
        userId: id,
        hash: "t",
        label: "",
        address: "",
        nowMs: NOW_MS,
        expiresMs: FOREVER_MS,
        keep: 5,
      };
      await store.ask("createToken", token);
      for (const [userId, otherId] of [
        [id, other],
        [other, id],
      ] as const) {
        await store.ask("setBlock", { userId, otherId, blocked: true, limit: 5 });
      }
      const request = { id, nowMs: NOW_MS, audit: auditOf("user.delete") };
      assert.deepEqual(await store.ask("deleteAccount", request), { deleted: true, newOwners: [] });
      assert.deepEqual(await store.ask("deleteAccount", request), { deleted: false, newOwners: [] });
      await fixture.reopen();
      const again = fixture.store;
      const [message] = await again.ask("historyAfter", { roomId, after: 0, limit: 1, userId: 0 });
      assert.deepEqual(
        [message?.senderName, message?.text, message?.senderId],
        ["(deleted)", "I was here", id],
      );
      assert.equal(await again.ask("findAccount", { nameKey: "ada" }), undefined);
      assert.equal(await again.ask("useToken", { hash: "t", address: "", nowMs: NOW_MS }), undefined);
      assert.deepEqual(await again.ask("listBlocks", { userId: other }), []);
      assert.deepEqual((await again.ask("listMembers", { roomId, afterKey: "", limit: 9 })).total, 1);
      assert.deepEqual(await again.ask("listSanctions", { roomId, nowMs: NOW_MS, limit: 9 }), []);
      const [talk] = await again.ask("listConversations", { userId: other, after: "", limit: 9 });
      assert.deepEqual([talk?.id, talk?.name], [talkId, "(deleted)"]);
      assert.equal((await again.ask("listAudit", { before: 0, limit: 9 })).length, 1);
      const namesake = await makeAccount(again, "Ada");
      assert.deepEqual(await again.ask("listRoomsOf", { userId: namesake, after: "", limit: 9 }), []);
      await again.ask("setMember", { roomId, userId: id, nowMs: NOW_MS, role: "owner" });
      assert.equal(
        (await again.ask("listMembers", { roomId, afterKey: "", limit: 9 })).total,
        1,
        "nobody's entry",
      );
    });

    it("gives its rooms to the longest serving moderator, or else member, who is not banned", async () => {
      const { store } = fixture;
      const names = ["Owner", "Mod", "Mod2", "Old", "Banned"];
      const [owner = 0, mod = 0, mod2 = 0, old = 0, banned = 0] = await Promise.all(
        names.map((name) => makeAccount(store, name)),
      );
      const rooms = await Promise.all(range(1, 4).map((n) => makeRoom(store, `room${n}`, owner)));
      const [moderated = 0, plain = 0, shared = 0, empty = 0] = rooms;
      const join = (roomId: number, userId: number, role: "member" | "moderator" | "owner", atMs: number) =>
        store.ask("setMember", { roomId, userId, role, nowMs: NOW_MS + atMs });
      await join(moderated, old, "member", 1);
      await join(moderated, mod2, "moderator", 3);
      await join(moderated, mod, "moderator", 2);
      await join(plain, banned, "member", 1);
      await store.ask("setMember", {
        roomId: plain,
        userId: banned,
        nowMs: NOW_MS,
        bannedUntilMs: FOREVER_MS,
      });
      await join(plain, mod, "member", 5);
      await join(plain, old, "member", 4);
      await join(shared, mod, "owner", 1);
      await store.ask("setMember", {
        roomId: empty,
        userId: -5,
        nowMs: NOW_MS,
        role: "member",
        userName: "Guest",
      });
      const { newOwners } = await store.ask("deleteAccount", { id: owner, nowMs: NOW_MS });
      assert.deepEqual(newOwners, [
        { roomId: moderated, userId: mod },
        { roomId: plain, userId: old },
      ]);
      const room = await store.ask("findRoomById", { id: moderated });
      assert.equal(room?.roster.find(({ userId }) => userId === mod)?.role, "owner");
    });
  });
}
