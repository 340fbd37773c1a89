import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPEN_ROOM_SETTINGS } from "../../src/chat/store/open-room-settings.ts";
import type { NewRoom } from "../../src/chat/store/store.ts";
import {
  auditOf,
  makeAccount,
  makeRoom,
  messageOf,
  NOW_MS,
  openRoom,
  range,
  type StoreFixture,
} from "./store-fixtures.ts";

/** Rooms: opening, creating, changing, deleting. */
export function describeRooms(fixture: StoreFixture): void {
  const open = (name: string, kind: "logged" | "direct", nowMs = NOW_MS) =>
    fixture.store.ask("openRoom", { name, kind, members: [], nowMs });
  const find = (name: string) => fixture.store.ask("findRoom", { name });

  describe("rooms", () => {
    it("makes a room once, public, and keeps its kind and epoch", async () => {
      const made = await open("general", "logged");
      assert.ok(made.epoch.length > 0);
      assert.deepEqual(made, {
        id: made.id,
        name: "general",
        kind: "logged",
        epoch: made.epoch,
        firstOffset: 0,
        lastOffset: 0,
        settings: OPEN_ROOM_SETTINGS,
        roster: [],
        blockedBy: [],
      });
      assert.deepEqual(await open("general", "direct", NOW_MS + 1), made);
      assert.deepEqual(await find("general"), made);
      assert.deepEqual(await fixture.store.ask("findRoomById", { id: made.id }), made);
      await fixture.reopen();
      assert.deepEqual(await open("general", "direct", NOW_MS + 2), made);
    });

    it("takes the epoch that is given, for a room that is made now", async () => {
      const request = { name: "a", kind: "logged", members: [], nowMs: NOW_MS } as const;
      assert.equal((await fixture.store.ask("openRoom", { ...request, epoch: "e1" })).epoch, "e1");
      assert.equal((await fixture.store.ask("openRoom", { ...request, epoch: "e2" })).epoch, "e1");
    });

    it("finds no room that was not made", async () => {
      assert.equal(await find("nowhere"), undefined);
      assert.equal(await find("nowhere"), undefined);
      assert.equal(await fixture.store.ask("findRoomById", { id: 1 }), undefined);
    });

    it("makes one of many asked for at once, and different ones for different names", async () => {
      const same = await Promise.all(range(1, 10).map(() => open("same", "direct")));
      assert.equal(new Set(same.map((room) => room.id)).size, 1);
      assert.equal(new Set(same.map((room) => room.epoch)).size, 1);
      const rooms = await Promise.all(range(1, 10).map((n) => open(`room ${n}`, "logged")));
      assert.equal(new Set(rooms.map((room) => room.id)).size, 10);
      assert.equal(new Set(rooms.map((room) => room.epoch)).size, 10);
    });

    it("says which offsets it has", async () => {
      const id = await openRoom(fixture.store);
      await fixture.store.append([messageOf(id, 1), messageOf(id, 2)]);
      const room = await find("room");
      assert.deepEqual([room?.firstOffset, room?.lastOffset], [1, 2]);
    });
  });

  describe("creating a room", () => {
    it("keeps its settings and its owner, within the owner's limit", async () => {
      const { store } = fixture;
      const ownerId = await makeAccount(store, "Ada");
      const settings = {
        access: "password",
        passwordHash: "$p",
        topic: "tea",
        archived: true,
        slowModeMs: 5000,
        slowReader: "catchUp",
        retentionAgeMs: 1000,
        retentionCount: 10,
      } as const;
      const request: NewRoom = { name: "tea", settings, ownerId, maxOwned: 2, nowMs: NOW_MS };
      const made = await store.ask("createRoom", { ...request, audit: auditOf("room.create") });
      assert.ok(made.created);
      assert.deepEqual(made.room.settings, settings);
      assert.deepEqual(made.room.roster, [
        { userId: ownerId, role: "owner", invited: false, mutedUntilMs: 0, bannedUntilMs: 0 },
      ]);
      await fixture.reopen();
      assert.deepEqual(await find("tea"), made.room);
      const again = fixture.store;
      assert.deepEqual(await again.ask("createRoom", request), { created: false, why: "NAME_TAKEN" });
      assert.ok((await again.ask("createRoom", { ...request, name: "two" })).created);
      const third = { ...request, name: "three", audit: auditOf("no") };
      assert.deepEqual(await again.ask("createRoom", third), { created: false, why: "TOO_MANY" });
      await again.ask("deleteRoom", { id: made.room.id });
      assert.ok((await again.ask("createRoom", third)).created);
      const audit = await again.ask("listAudit", { before: 0, limit: 9 });
      assert.deepEqual(
        audit.map(({ action }) => action),
        ["no", "room.create"],
      );
    });
  });

  describe("changing a room", () => {
    it("changes what is given and nothing else", async () => {
      const { store } = fixture;
      const id = await makeRoom(store, "old", await makeAccount(store, "Ada"), { topic: "tea" });
      await openRoom(store, "taken");
      const update = (change: object) => store.ask("updateRoom", { id, change });
      assert.equal(await update({ name: "taken", topic: "no" }), "NAME_TAKEN");
      assert.equal(await update({ name: "new", access: "private", retentionCount: 5 }), "DONE");
      assert.equal(await update({ archived: true, slowModeMs: 1 }), "DONE");
      assert.equal(await update({ archived: false, slowReader: "skipToLatest" }), "DONE");
      assert.equal(await update({ name: "new" }), "DONE", "its own name");
      assert.equal(await update({}), "DONE");
      assert.equal(await find("old"), undefined);
      assert.deepEqual((await find("new"))?.settings, {
        ...OPEN_ROOM_SETTINGS,
        access: "private",
        topic: "tea",
        retentionCount: 5,
        slowModeMs: 1,
        slowReader: "skipToLatest",
      });
      assert.equal(await store.ask("updateRoom", { id: 99, change: { name: "taken" } }), "NO_ROOM");
      assert.equal(await store.ask("updateRoom", { id: 99, change: { topic: "x" } }), "NO_ROOM");
    });
  });

  describe("deleting a room", () => {
    it("is at once, and the name is free for another log", async () => {
      const { store } = fixture;
      const ada = await makeAccount(store, "Ada");
      const id = await makeRoom(store, "room", ada);
      await store.append(range(1, 300).map((serial) => messageOf(id, serial, { text: "hello @ada" })));
      const before = await find("room");
      assert.equal(await store.ask("deleteRoom", { id, audit: auditOf("room.delete") }), true);
      assert.equal(await store.ask("deleteRoom", { id, audit: auditOf("again") }), false);
      assert.equal((await store.ask("listAudit", { before: 0, limit: 9 })).length, 1);
      assert.equal(await find("room"), undefined);
      assert.equal(await store.ask("findRoomById", { id }), undefined);
      const [late] = await store.append([messageOf(id, 301)]);
      assert.deepEqual([late?.offset, late?.refused], [0, "NO_TARGET"]);
      assert.deepEqual(await store.ask("historyAfter", { roomId: id, after: 0, limit: 9, userId: 0 }), []);
      assert.deepEqual(await store.ask("historyBefore", { roomId: id, before: 0, limit: 9, userId: 0 }), []);
      assert.equal(await store.ask("offsetAtTime", { roomId: id, timeMs: NOW_MS + 5 }), 1);
      assert.deepEqual(await store.ask("listRoomsOf", { userId: ada, after: "", limit: 9 }), []);
      assert.deepEqual(await store.ask("listOpenRooms", { prefix: "", after: "", limit: 9 }), []);
      assert.deepEqual(await store.ask("listMembers", { roomId: id, afterKey: "", limit: 9 }), {
        members: [],
        total: 0,
      });
      assert.equal(await store.ask("updateRoom", { id, change: { topic: "x" } }), "NO_ROOM");
      const search = { userId: ada, roomIds: [], roomId: 0, query: "hello", before: 0, limit: 9 };
      assert.deepEqual(await store.ask("search", search), []);
      const next = await open("room", "logged");
      assert.notEqual(next.id, id);
      assert.notEqual(next.epoch, before?.epoch);
      assert.deepEqual([next.firstOffset, next.lastOffset], [0, 0]);
    });
  });
}
