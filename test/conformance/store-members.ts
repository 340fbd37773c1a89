import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FOREVER_MS, type MemberRole, type StoreRequests } from "../../src/chat/store/store.ts";
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

type MemberChange = Partial<StoreRequests["setMember"]["request"]>;

/** Members, rosters and read markers. */
export function describeMembers(fixture: StoreFixture): void {
  const set = (roomId: number, userId: number, change: MemberChange) =>
    fixture.store.ask("setMember", { roomId, userId, nowMs: NOW_MS, ...change });
  const membersOf = (roomId: number, afterKey = "", limit = 100) =>
    fixture.store.ask("listMembers", { roomId, afterKey, limit });
  const rosterOf = async (id: number) => (await fixture.store.ask("findRoomById", { id }))?.roster;
  const entry = (userId: number, role: MemberRole, change: object = {}) => ({
    userId,
    role,
    invited: false,
    mutedUntilMs: 0,
    bannedUntilMs: 0,
    ...change,
  });

  describe("members", () => {
    it("lists those with a role by name key, page by page, and counts them all", async () => {
      const { store } = fixture;
      const owner = await makeAccount(store, "Owner");
      const id = await makeRoom(store, "room", owner);
      for (const name of ["zoe", "Bob", "carl"])
        await set(id, await makeAccount(store, name), { role: "member" });
      await set(id, await makeAccount(store, "invited"), { invited: true });
      const bob = await store.ask("findAccount", { nameKey: "bob" });
      assert.ok(bob !== undefined);
      await store.ask("updateAccount", { id: bob.id, displayName: "Bobby" });
      await set(id, bob.id, { mutedUntilMs: NOW_MS + 5 });
      await fixture.reopen();
      const first = await membersOf(id, "", 2);
      assert.equal(first.total, 4);
      assert.deepEqual(first.members[0], {
        userId: bob.id,
        name: "Bob",
        nameKey: "bob",
        displayName: "Bobby",
        role: "member",
        mutedUntilMs: NOW_MS + 5,
      });
      assert.deepEqual(
        [...first.members, ...(await membersOf(id, "carl", 9)).members].map(({ nameKey }) => nameKey),
        ["bob", "carl", "owner", "zoe"],
      );
      await set(id, bob.id, { role: "none" });
      await set(id, owner, { role: "moderator" });
      assert.equal((await membersOf(id)).total, 3);
    });

    it("keeps in the roster who is more or less than a member, and all where not everybody may come in", async () => {
      const { store } = fixture;
      const names = ["Owner", "Mod", "Member", "Invited", "Muted", "Banned"];
      const ids = await Promise.all(names.map((name) => makeAccount(store, name)));
      const [owner = 0, mod = 0, member = 0, invited = 0, muted = 0, banned = 0] = ids;
      const id = await makeRoom(store, "room", owner);
      await set(id, mod, { role: "moderator" });
      await set(id, member, { role: "member" });
      await set(id, invited, { invited: true });
      await set(id, muted, { role: "member" });
      await set(id, muted, { mutedUntilMs: FOREVER_MS, reason: "loud", by: "mod" });
      await set(id, banned, { bannedUntilMs: NOW_MS + 9 });
      await set(id, -5, { mutedUntilMs: 7, userName: "Guest" });
      const special = [
        entry(-5, "none", { mutedUntilMs: 7 }),
        entry(owner, "owner"),
        entry(mod, "moderator"),
        entry(invited, "none", { invited: true }),
        entry(muted, "member", { mutedUntilMs: FOREVER_MS }),
        entry(banned, "none", { bannedUntilMs: NOW_MS + 9 }),
      ];
      await fixture.reopen();
      assert.deepEqual(await rosterOf(id), special);
      for (const access of ["private", "password"] as const) {
        await fixture.store.ask("updateRoom", { id, change: { access } });
        assert.deepEqual(
          await rosterOf(id),
          [...special, entry(member, "member")].toSorted((one, other) => one.userId - other.userId),
        );
      }
      await set(id, muted, { mutedUntilMs: 0 });
      await set(id, banned, { bannedUntilMs: 0 });
      await set(id, -5, { mutedUntilMs: 0 });
      await set(id, invited, { invited: false });
      assert.deepEqual(
        (await rosterOf(id))?.map(({ userId }) => userId),
        [owner, mod, member, muted],
      );
    });

    it("sets what is given and leaves the rest, and writes the record", async () => {
      const { store } = fixture;
      const [owner, user] = [await makeAccount(store, "Owner"), await makeAccount(store, "User")];
      const id = await makeRoom(store, "room", owner);
      await set(id, user, { invited: true, mutedUntilMs: 5 });
      await set(id, user, { role: "moderator", audit: auditOf("room.role") });
      await set(id, user, { bannedUntilMs: 6 });
      const all = entry(user, "moderator", { invited: true, mutedUntilMs: 5, bannedUntilMs: 6 });
      assert.deepEqual((await rosterOf(id))?.[1], all);
      await set(id, user, {});
      assert.deepEqual((await rosterOf(id))?.[1], all);
      assert.equal((await store.ask("listAudit", { before: 0, limit: 9 }))[0]?.action, "room.role");
      await set(999, user, { role: "member", bannedUntilMs: 5 });
      await set(id, 999, { role: "member", bannedUntilMs: 5 });
      assert.equal((await rosterOf(id))?.length, 2);
    });

    it("has the two of a conversation, guests by the name they had", async () => {
      const ada = await makeAccount(fixture.store, "Ada");
      const id = await openConversation(fixture.store, -5, ada);
      assert.deepEqual(await rosterOf(id), [entry(-5, "member"), entry(ada, "member")]);
      const { members } = await membersOf(id);
      assert.deepEqual(
        members.map(({ name }) => name),
        ["Ada", "Guest5"],
      );
    });
  });

  describe("read markers", () => {
    it("never go back, nor beyond the end, and begin where the user came in", async () => {
      const { store } = fixture;
      const [owner, user] = [await makeAccount(store, "Owner"), await makeAccount(store, "User")];
      const id = await makeRoom(store, "room", owner);
      const mark = (userId: number, offset: number) =>
        fixture.store.ask("markRead", { roomId: id, userId, offset });
      await store.append(range(1, 10).map((serial) => messageOf(id, serial)));
      await set(id, user, { role: "member" });
      assert.equal(await mark(user, 3), 10);
      assert.equal(await mark(owner, 3), 3);
      assert.equal(await mark(owner, 2), 3);
      assert.equal(await mark(owner, 1000), 10);
      assert.equal(await mark(-5, 3), 0);
      assert.equal(await store.ask("markRead", { roomId: 99, userId: owner, offset: 3 }), 0);
      await set(id, owner, { role: "moderator" });
      await fixture.reopen();
      assert.equal(await mark(owner, 0), 10);
    });
  });
}
