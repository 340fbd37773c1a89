import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { StoreRequests } from "../../src/chat/store/store.ts";
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

type Search = StoreRequests["search"]["request"];

/** Full-text search, with the rights of whoever searches. */
export function describeSearch(fixture: StoreFixture): void {
  const search = (query: string, change: Partial<Search> = {}) =>
    fixture.store.ask("search", {
      userId: 0,
      roomIds: [],
      roomId: 0,
      query,
      before: 0,
      limit: 100,
      ...change,
    });

  async function sayAll(texts: readonly string[]): Promise<number> {
    const id = await openRoom(fixture.store);
    await fixture.store.append(texts.map((text, index) => messageOf(id, index + 1, { text })));
    return id;
  }

  describe("search", () => {
    it("finds words by their beginnings, all of them, whatever their case and accents", async () => {
      const texts = [
        "The quick brown Fox",
        "foxes are quick",
        "Été à la plage",
        "한글 메시지입니다",
        "fo",
        "STRASSE x2",
      ];
      const id = await sayAll(texts);
      const found = async (query: string) =>
        (await search(query, { roomIds: [id], roomId: id }))?.map(({ message }) => message.offset);
      assert.deepEqual(await found("fox"), [2, 1]);
      assert.deepEqual(await found("FOX quick"), [2, 1]);
      assert.deepEqual(await found("foxes"), [2]);
      assert.deepEqual(await found("quick, brown!"), [1]);
      assert.deepEqual(await found("ete"), [3]);
      assert.deepEqual(await found("É"), [3]);
      assert.deepEqual(await found("메시지"), [4]);
      assert.deepEqual(await found("straße"), [6]);
      assert.deepEqual(await found("f"), [5, 2, 1]);
      assert.deepEqual(await found("x2"), [6]);
      assert.deepEqual(await found("ox"), []);
      assert.deepEqual(await found("fox zebra"), []);
    });

    it("has nothing for a query without words, and takes none of it for syntax", async () => {
      const id = await sayAll(["alpha beta", "AND OR NOT NEAR"]);
      const offsets = async (query: string) =>
        (await search(query, { roomIds: [id], roomId: id }))?.map(({ message }) => message.offset);
      for (const query of ["", " ", "!?*", '"', "''", "(", "-- ;", "\0"])
        assert.deepEqual(await offsets(query), []);
      assert.deepEqual(await offsets('alpha" OR "x'), []);
      assert.deepEqual(await offsets("alpha OR beta"), []);
      assert.deepEqual(await offsets("words:alpha"), []);
      assert.deepEqual(await offsets("NEAR(and or)"), [2]);
      assert.deepEqual(await offsets('"alpha" * ^beta'), [1]);
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "binary", maxLength: 40 }), async (query) => {
          assert.ok(Array.isArray(await offsets(query)));
        }),
        { numRuns: 200 },
      );
    });

    it("finds any text again by any of its words", async () => {
      const id = await openRoom(fixture.store);
      let serial = 0;
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), async (text) => {
          const words = text.split(/[^\p{L}\p{M}\p{N}\p{Co}]+/u).filter(isWord);
          const [appended] = await fixture.store.append([messageOf(id, ++serial, { text })]);
          for (const query of words) {
            const hits = await search(query, { roomIds: [id], roomId: id });
            assert.ok(
              hits?.some(({ message }) => message.offset === appended?.offset),
              query,
            );
          }
        }),
        { numRuns: 100 },
      );
    });

    it("keeps to the rooms that the user is in", async () => {
      const { store } = fixture;
      const [ada, bob] = [await makeAccount(store, "Ada"), await makeAccount(store, "Bob")];
      const hidden = await makeRoom(store, "hidden", bob, { access: "private" });
      const open = await openRoom(store, "open");
      const talk = await openConversation(store, ada, bob);
      const others = await openConversation(store, bob, -3);
      const rooms = [hidden, open, talk, others];
      await store.append(rooms.map((id, index) => messageOf(id, index, { text: "needle", senderId: bob })));
      const foundBy = async (userId: number, change: Partial<Search> = {}) =>
        (await search("needle", { userId, ...change }))?.map(({ roomId, room }) => [roomId, room]);
      assert.deepEqual(await foundBy(ada), [[talk, "Bob"]]);
      assert.deepEqual(await foundBy(ada, { roomIds: [open] }), [
        [talk, "Bob"],
        [open, "open"],
      ]);
      assert.deepEqual(await foundBy(bob), [
        [others, "Guest3"],
        [talk, "Ada"],
        [hidden, "hidden"],
      ]);
      for (const roomId of [hidden, open, others, 999])
        assert.equal(await foundBy(ada, { roomId }), undefined);
      assert.deepEqual(await foundBy(ada, { roomId: open, roomIds: [open] }), [[open, "open"]]);
      assert.deepEqual(await foundBy(ada, { roomId: talk }), [[talk, "Bob"]]);
      assert.deepEqual(await foundBy(ada, { roomId: 1_000_000_007, roomIds: [1_000_000_007] }), []);
      await store.ask("setMember", { roomId: hidden, userId: ada, nowMs: NOW_MS, invited: true });
      assert.equal(await foundBy(ada, { roomId: hidden }), undefined, "invited only");
      await store.ask("setMember", { roomId: hidden, userId: ada, nowMs: NOW_MS, role: "member" });
      assert.deepEqual(await foundBy(ada, { roomId: hidden }), [[hidden, "hidden"]]);
      await store.ask("setMember", { roomId: hidden, userId: ada, nowMs: NOW_MS, bannedUntilMs: NOW_MS + 5 });
      assert.equal(await foundBy(ada, { roomId: hidden }), undefined, "banned");
      assert.deepEqual(await foundBy(ada), [[talk, "Bob"]]);
    });

    it("gives pages below an offset, and the newest of all rooms first", async () => {
      const { store } = fixture;
      const rooms = await Promise.all(range(1, 3).map((n) => openRoom(store, `room ${n}`)));
      await store.append(
        range(0, 29).map((serial) => messageOf(rooms[serial % 3] ?? 0, serial, { text: `needle ${serial}` })),
      );
      const [first = 0] = rooms;
      const one = { roomIds: rooms, roomId: first };
      const offsets = async (change: Partial<Search>) =>
        (await search("needle", { ...one, ...change }))?.map(({ message }) => message.offset);
      assert.deepEqual(await offsets({ limit: 3 }), [10, 9, 8]);
      assert.deepEqual(await offsets({ limit: 3, before: 8 }), [7, 6, 5]);
      assert.deepEqual(await offsets({ before: 1 }), []);
      assert.deepEqual(await offsets({ limit: 0 }), []);
      const all = await search("needle", { roomIds: rooms, limit: 5 });
      assert.deepEqual(
        all?.map(({ message }) => message.text),
        range(25, 29)
          .toReversed()
          .map((serial) => `needle ${serial}`),
      );
      assert.deepEqual(await search("needle", { roomIds: rooms, limit: 0 }), []);
    });

    it("finds the newest of all rooms also when a word is in thousands of messages", async () => {
      const { store } = fixture;
      const rooms = await Promise.all(range(1, 4).map((n) => openRoom(store, `room ${n}`)));
      await store.append(
        range(1, 6000).map((serial) => messageOf(rooms[serial % 4] ?? 0, serial, { text: "needle" })),
      );
      await maintainAll(store);
      const readable = rooms.slice(0, 3);
      const hits = await search("needle", { roomIds: readable, limit: 10 });
      const expected = range(1, 6000)
        .filter((serial) => serial % 4 !== 3)
        .slice(-10)
        .toReversed();
      assert.deepEqual(
        hits?.map(({ message }) => message.timeMs - NOW_MS),
        expected,
      );
    });

    it("sees a message as it is now, edited, deleted or with reactions", async () => {
      const { store } = fixture;
      const id = await sayAll(["apple", "banana", "cherry"]);
      const offsets = async (query: string) =>
        (await search(query, { roomIds: [id], roomId: id }))?.map(({ message }) => message.offset);
      assert.deepEqual(await offsets("apple"), [1]);
      await store.append([
        messageOf(id, 10, { kind: "edit", target: 1, text: "apricot" }),
        messageOf(id, 11, { kind: "delete", target: 2, text: "" }),
        messageOf(id, 12, { kind: "reaction", target: 3, text: "cherry" }),
      ]);
      for (const round of ["at once", "after maintenance", "after reopening"]) {
        assert.deepEqual(await offsets("apple"), [], round);
        assert.deepEqual(await offsets("apricot"), [1], round);
        assert.deepEqual(await offsets("banana"), [], round);
        assert.deepEqual(await offsets("cherry"), [3], round);
        if (round === "at once") await maintainAll(store);
        else await fixture.reopen();
      }
      const [hit] = (await search("cherry", { roomIds: [id], roomId: id, userId: -7 })) ?? [];
      assert.deepEqual(hit?.message.reactions, [{ reaction: "cherry", count: 1, mine: true }]);
    });

    it("comes to all that was said, before and after reopening", async () => {
      const { store } = fixture;
      const id = await openRoom(store);
      await store.append(range(1, 3000).map((serial) => messageOf(id, serial, { text: `needle${serial}` })));
      await fixture.reopen();
      await maintainAll(fixture.store);
      const hits = await search("needle3000", { roomIds: [id] });
      assert.deepEqual(
        hits?.map(({ message }) => message.offset),
        [3000],
      );
      assert.equal((await search("needle", { roomIds: [id], roomId: id, limit: 5000 }))?.length, 3000);
    });
  });
}

/** An accent alone is none, nor is "ͺ", which counts as a letter and is an accent below a space. */
function isWord(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text.normalize("NFKD").replaceAll(/[\u0300-\u036f]/g, ""));
}
