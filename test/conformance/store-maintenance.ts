import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FOREVER_MS } from "../../src/chat/store/store.ts";
import {
  maintainAll,
  makeAccount,
  makeRoom,
  messageOf,
  NOW_MS,
  openConversation,
  openRoom,
  range,
  type StoreFixture,
} from "./store-fixtures.ts";

/** What is done in the background, and what time has to do with. */
export function describeMaintenance(fixture: StoreFixture): void {
  const offsetsOf = async (roomId: number) => {
    const log = await fixture.store.ask("historyAfter", { roomId, after: 0, limit: 100_000, userId: 0 });
    return log.map(({ offset }) => offset);
  };

  describe("offsets by time", () => {
    it("finds the first that is not before, and one above the last", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      const at = (timeMs: number) => fixture.store.ask("offsetAtTime", { roomId: id, timeMs });
      assert.equal(await at(NOW_MS), 1);
      const times = [10, 10, 20, 30, 30, 30, 40];
      await store.append(times.map((ms, index) => messageOf(id, index, { timeMs: NOW_MS + ms })));
      for (const ms of range(5, 45)) {
        const expected = times.filter((each) => each < ms).length + 1;
        assert.equal(await at(NOW_MS + ms), expected, `${ms}`);
      }
      await store.ask("updateRoom", { id, change: { retentionCount: 3 } });
      await maintainAll(store);
      assert.deepEqual([await at(0), await at(NOW_MS + 40), await at(FOREVER_MS)], [5, 7, 8]);
      assert.equal(await store.ask("offsetAtTime", { roomId: 99, timeMs: 0 }), 1);
    });
  });

  describe("maintenance", () => {
    it("has nothing to do in a new store", async () => {
      assert.deepEqual(await fixture.store.ask("maintain", { nowMs: NOW_MS }), { trimmed: [], more: false });
    });

    it("keeps so many entries, in pieces, and says what is first now", async () => {
      const { store } = fixture;
      const rooms = await Promise.all(["short", "long", "all"].map((name) => openRoom(store, name)));
      const [short = 0, long = 0, all = 0] = rooms;
      await store.append(rooms.flatMap((id) => range(1, 1000).map((serial) => messageOf(id, serial))));
      await store.ask("updateRoom", { id: short, change: { retentionCount: 10 } });
      await store.ask("updateRoom", { id: long, change: { retentionCount: 900 } });
      const first = await store.ask("maintain", { nowMs: NOW_MS });
      assert.ok(first.more);
      const kept = await store.ask("historyAfter", { roomId: short, after: 0, limit: 1000, userId: 0 });
      assert.ok(kept.length < 1000 && kept.length > 500, `a piece only, ${kept.length} are left`);
      assert.deepEqual(first.trimmed, [{ roomId: short, firstOffset: kept[0]?.offset }]);
      const trimmed = await maintainAll(store);
      assert.deepEqual(
        trimmed,
        new Map([
          [short, 991],
          [long, 101],
        ]),
      );
      await fixture.reopen();
      assert.deepEqual(await offsetsOf(short), range(991, 1000));
      assert.deepEqual(await offsetsOf(long), range(101, 1000));
      assert.deepEqual(await offsetsOf(all), range(1, 1000));
      const room = await fixture.store.ask("findRoomById", { id: short });
      assert.deepEqual([room?.firstOffset, room?.lastOffset], [991, 1000]);
      const [next] = await fixture.store.append([messageOf(short, 2000)]);
      assert.equal(next?.offset, 1001);
      assert.deepEqual(await maintainAll(fixture.store), new Map([[short, 992]]));
    });

    it("keeps entries for so long, and always the newest", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      await store.append(range(1, 500).map((serial) => messageOf(id, serial)));
      await store.ask("updateRoom", { id, change: { retentionAgeMs: 1000 } });
      assert.deepEqual(await maintainAll(store, NOW_MS + 1000), new Map());
      assert.deepEqual(await maintainAll(store, NOW_MS + 1300), new Map([[id, 300]]));
      assert.deepEqual(await maintainAll(store, NOW_MS + 1_000_000), new Map([[id, 500]]));
      assert.deepEqual(await offsetsOf(id), [500]);
      assert.deepEqual(await maintainAll(store, NOW_MS + 2_000_000), new Map());
      const [next] = await store.append([messageOf(id, 501)]);
      assert.equal(next?.offset, 501);
    });

    it("obeys age and number together, whichever keeps less, in many rooms", async () => {
      const { store } = fixture;
      const rooms = await Promise.all(range(1, 120).map((n) => openRoom(store, `room ${n}`)));
      for (const id of rooms) {
        await store.ask("updateRoom", { id, change: { retentionAgeMs: 100, retentionCount: 4 } });
      }
      await store.append(rooms.flatMap((id) => range(1, 10).map((serial) => messageOf(id, serial))));
      assert.deepEqual(await maintainAll(store, NOW_MS + 105), new Map(rooms.map((id) => [id, 7])));
      assert.deepEqual(await maintainAll(store, NOW_MS + 109), new Map(rooms.map((id) => [id, 9])));
    });

    it("takes with a message its reactions, mentions and words", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      const id = await makeRoom(store, "room", ada, { retentionCount: 2 });
      await store.append([
        messageOf(id, 1, { text: "needle @ada" }),
        messageOf(id, 2, { kind: "edit", target: 1, text: "needle for @ada" }),
        messageOf(id, 3, { kind: "reaction", target: 1, text: "x" }),
        messageOf(id, 4, { text: "later" }),
        messageOf(id, 5, { text: "latest" }),
      ]);
      const search = { userId: ada, roomIds: [], roomId: id, before: 0, limit: 9 };
      assert.equal((await store.ask("search", { ...search, query: "needle" }))?.length, 1);
      await maintainAll(store);
      assert.deepEqual(await store.ask("search", { ...search, query: "needle" }), []);
      assert.equal((await store.ask("search", { ...search, query: "late" }))?.length, 2);
      const [room] = await store.ask("listRoomsOf", { userId: ada, after: "", limit: 9 });
      assert.deepEqual([room?.unreadCount, room?.mentionCount], [2, 0]);
      const [answer] = await store.append([messageOf(id, 6, { kind: "edit", target: 1, text: "gone" })]);
      assert.equal(answer?.refused, "NO_TARGET");
    });

    it("takes away what a deleted room left, and no more", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      const [gone, kept] = [await makeRoom(store, "gone", ada), await makeRoom(store, "kept", ada)];
      for (const userId of range(1, 300).map((n) => -n)) {
        await store.ask("setMember", {
          roomId: gone,
          userId,
          nowMs: NOW_MS,
          role: "member",
          userName: `g${-userId}`,
        });
      }
      const say = (id: number) =>
        range(1, 500).map((serial) => messageOf(id, serial, { text: "needle @ada" }));
      await store.append([...say(gone), ...say(kept)]);
      await maintainAll(store);
      await store.ask("deleteRoom", { id: gone });
      assert.deepEqual(await maintainAll(store), new Map());
      const hits = await store.ask("search", {
        userId: ada,
        roomIds: [],
        roomId: 0,
        query: "needle",
        before: 0,
        limit: 1000,
      });
      assert.equal(hits?.length, 500);
      assert.deepEqual(await offsetsOf(kept), range(1, 500));
      assert.notEqual(await openRoom(store, "gone"), gone, "no id is given twice");
    });

    it("drops tokens and sanctions that are over", async () => {
      const { store } = fixture;
      const userId = await makeAccount(store, "Ada");
      const roomId = await makeRoom(store, "room", userId);
      const token = { userId, label: "", address: "", nowMs: NOW_MS, keep: 100 };
      await store.ask("createToken", { ...token, hash: "short", expiresMs: NOW_MS + 10 });
      await store.ask("createToken", { ...token, hash: "long", expiresMs: FOREVER_MS });
      const sanction = { userId: -5, userName: "Guest", reason: "", by: "root" };
      await store.ask("setUserSanction", {
        ...sanction,
        mutedUntilMs: NOW_MS + 10,
        bannedUntilMs: FOREVER_MS,
      });
      await store.ask("setMember", { roomId, userId: -5, nowMs: NOW_MS, mutedUntilMs: NOW_MS + 10 });
      const address = { reason: "", by: "root" };
      await store.ask("setAddressBan", { ...address, cidr: "a", untilMs: NOW_MS + 10 });
      await store.ask("setAddressBan", { ...address, cidr: "b", untilMs: FOREVER_MS });
      await store.ask("createInvitation", { hash: "i", uses: 1, nowMs: NOW_MS, expiresMs: NOW_MS + 10 });
      const state = async () => [
        (await store.ask("listTokens", { userId, nowMs: 0 })).length,
        (await store.ask("listSanctions", { roomId: 0, nowMs: 0, limit: 9 })).length,
        (await store.ask("listSanctions", { roomId, nowMs: 0, limit: 9 })).length,
        (await store.ask("findRoomById", { id: roomId }))?.roster.length,
      ];
      await maintainAll(store, NOW_MS + 9);
      assert.deepEqual(await state(), [2, 4, 1, 2]);
      await maintainAll(store, NOW_MS + 10);
      assert.deepEqual(await state(), [1, 2, 0, 1]);
      const account = { name: "b", nameKey: "b", passwordHash: "", nowMs: NOW_MS, invitationHash: "i" };
      assert.equal((await store.ask("createAccount", account)).created, false);
    });
  });

  describe("requests and appends at once", () => {
    it("keep their order, and do not mix", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      const id = await openConversation(store, ada, -1);
      const asked = range(1, 200).map(async (serial) => {
        const [appended, topic] = await Promise.all([
          store.append([messageOf(id, serial)]),
          store.ask("updateRoom", { id, change: { topic: `${serial}` } }),
          serial % 10 === 0 ? store.ask("maintain", { nowMs: NOW_MS }) : undefined,
        ]);
        assert.equal(topic, "DONE");
        return appended[0]?.offset;
      });
      assert.deepEqual(await Promise.all(asked), range(1, 200));
      assert.equal((await store.ask("findRoomById", { id }))?.settings.topic, "200");
    });
  });
}
