import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  makeAccount,
  makeRoom,
  messageOf,
  NOW_MS,
  openConversation,
  openRoom,
  range,
  type StoreFixture,
} from "./store-fixtures.ts";

/** Lists of rooms and conversations, with what is unread. */
export function describeLists(fixture: StoreFixture): void {
  const openRooms = async (prefix: string, after = "", limit = 100) => {
    const rooms = await fixture.store.ask("listOpenRooms", { prefix, after, limit });
    return rooms.map(({ name }) => name);
  };
  const roomsOf = (userId: number, after = "", limit = 100) =>
    fixture.store.ask("listRoomsOf", { userId, after, limit });
  const conversationsOf = (userId: number, after = "", limit = 100) =>
    fixture.store.ask("listConversations", { userId, after, limit });

  describe("lists of rooms", () => {
    it("lists open rooms by name and prefix, and never private ones or conversations", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      for (const name of ["tea", "team", "zoo", "한글", "t"]) await openRoom(store, name);
      await makeRoom(store, "tearoom", ada, { access: "password" });
      await makeRoom(store, "teapot", ada, { access: "private" });
      await openConversation(store, ada, -3);
      assert.deepEqual(await openRooms(""), ["t", "tea", "team", "tearoom", "zoo", "한글"]);
      assert.deepEqual(await openRooms("tea"), ["tea", "team", "tearoom"]);
      assert.deepEqual(await openRooms("한"), ["한글"]);
      assert.deepEqual(await openRooms("x"), []);
      assert.deepEqual(await openRooms("", "", 2), ["t", "tea"]);
      const [last] = await store.ask("listOpenRooms", { prefix: "te", after: "", limit: 1 });
      assert.deepEqual(await openRooms("te", last?.cursor, 2), ["team", "tearoom"]);
      await store.append([messageOf(await openRoom(store, "zoo"), 1)]);
      assert.deepEqual(await store.ask("listOpenRooms", { prefix: "zoo", after: "", limit: 1 }), [
        {
          id: await openRoom(store, "zoo"),
          name: "zoo",
          kind: "logged",
          access: "public",
          topic: "",
          archived: false,
          epoch: (await store.ask("findRoom", { name: "zoo" }))?.epoch,
          role: "none",
          lastOffset: 1,
          lastTimeMs: NOW_MS + 1,
          readOffset: 0,
          unreadCount: 0,
          mentionCount: 0,
          cursor: "zoo",
        },
      ]);
    });

    it("lists a user's rooms by name, private ones too, and not those that he is only invited to", async () => {
      const { store } = fixture;
      const [ada, bob] = [await makeAccount(store, "Ada"), await makeAccount(store, "Bob")];
      const hidden = await makeRoom(store, "hidden", bob, { access: "private", topic: "secret" });
      await makeRoom(store, "mine", ada);
      const invited = await makeRoom(store, "invited", bob);
      await openConversation(store, ada, bob);
      await store.ask("setMember", { roomId: hidden, userId: ada, nowMs: NOW_MS, role: "member" });
      await store.ask("setMember", { roomId: invited, userId: ada, nowMs: NOW_MS, invited: true });
      const rooms = await roomsOf(ada);
      assert.deepEqual(
        rooms.map(({ name, role, topic }) => [name, role, topic]),
        [
          ["hidden", "member", "secret"],
          ["mine", "owner", ""],
        ],
      );
      assert.deepEqual(
        (await roomsOf(ada, rooms[0]?.cursor)).map(({ name }) => name),
        ["mine"],
      );
      assert.deepEqual(
        (await roomsOf(ada, "", 1)).map(({ name }) => name),
        ["hidden"],
      );
      assert.deepEqual(await roomsOf(99), []);
    });

    it("counts the texts of others behind the marker, and mentions of the user", async () => {
      const { store } = fixture;
      const [ada, bob] = [await makeAccount(store, "Ada"), await makeAccount(store, "Bob")];
      const id = await makeRoom(store, "room", ada);
      await store.ask("setMember", { roomId: id, userId: bob, nowMs: NOW_MS, role: "member" });
      const from = (senderId: number, serial: number, change: object = {}) =>
        messageOf(id, serial, { senderId, ...change });
      await store.append([
        from(bob, 1, { text: "hello @Ada, and @bob" }),
        from(bob, 2, { text: "@ADA @ada" }),
        from(ada, 3, { text: "@bob @ada" }),
        from(-7, 4, { text: "mail ada@example.org" }),
        from(bob, 5, { kind: "reaction", target: 3, text: "@ada" }),
        from(bob, 6, { text: "to be deleted, @ada" }),
        from(bob, 7, { text: "to be edited" }),
        from(bob, 8, { kind: "delete", target: 6, text: "" }),
        from(bob, 9, { kind: "edit", target: 7, text: "now for @ada" }),
        from(bob, 10, { kind: "edit", target: 2, text: "now for nobody" }),
      ]);
      const counts = async (userId: number) => {
        const [room] = await roomsOf(userId);
        return [room?.readOffset, room?.unreadCount, room?.mentionCount, room?.lastOffset];
      };
      assert.deepEqual(await counts(ada), [0, 4, 2, 10]);
      assert.deepEqual(await counts(bob), [0, 2, 1, 10]);
      await store.ask("markRead", { roomId: id, userId: ada, offset: 2 });
      assert.deepEqual(await counts(ada), [2, 2, 1, 10]);
      await store.append(range(100, 1200).map((serial) => from(bob, serial, { text: "@ada" })));
      assert.deepEqual(await counts(ada), [2, 999, 999, 1111]);
      await store.ask("markRead", { roomId: id, userId: ada, offset: 1111 });
      assert.deepEqual(await counts(ada), [1111, 0, 0, 1111]);
    });
  });

  describe("lists of conversations", () => {
    it("are the latest first, without the empty ones, by the other's name", async () => {
      const { store } = fixture;
      const [ada, bob, carl] = [
        await makeAccount(store, "Ada"),
        await makeAccount(store, "Bob"),
        await makeAccount(store, "Carl"),
      ];
      const withBob = await openConversation(store, ada, bob);
      const withCarl = await openConversation(store, carl, ada);
      const withGuest = await openConversation(store, -5, ada);
      const withSelf = await openConversation(store, ada, ada);
      await openConversation(store, bob, carl);
      const say = (id: number, senderId: number, atMs: number) =>
        store.append([messageOf(id, atMs, { senderId, timeMs: NOW_MS + atMs, text: "hello @ada" })]);
      await say(withBob, bob, 1);
      await say(withCarl, carl, 2);
      await say(withGuest, -5, 3);
      await say(withBob, bob, 4);
      await say(withSelf, ada, 4);
      await fixture.reopen();
      const all = await conversationsOf(ada);
      assert.deepEqual(
        all.map(({ id, name, kind, lastTimeMs, unreadCount, mentionCount }) => [
          id,
          name,
          kind,
          lastTimeMs - NOW_MS,
          unreadCount,
          mentionCount,
        ]),
        [
          [withSelf, "Ada", "direct", 4, 0, 0],
          [withBob, "Bob", "direct", 4, 2, 2],
          [withGuest, "Guest5", "direct", 3, 1, 1],
          [withCarl, "Carl", "direct", 2, 1, 1],
        ],
      );
      const pages = [];
      for (let after = ""; ;) {
        const [room] = await conversationsOf(ada, after, 1);
        if (room === undefined) break;
        pages.push(room);
        after = room.cursor;
      }
      assert.deepEqual(pages, all);
      assert.deepEqual(
        (await conversationsOf(carl)).map(({ name }) => name),
        ["Ada"],
      );
      assert.deepEqual(
        (await conversationsOf(-5)).map(({ name }) => name),
        ["Ada"],
      );
      for (const after of ["x", "1", ":", "1:2:3", "-1:1", "9".repeat(30) + ":1"]) {
        assert.deepEqual(await conversationsOf(ada, after), [], after);
      }
    });
  });
}
