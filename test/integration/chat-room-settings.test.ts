import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  RoomAccess,
  RoomClosedNotice_Cause as Cause,
  RoomKind,
  RoomRole,
  SlowReader,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import type { PacketInit } from "../../src/protocol/packets.ts";
import {
  account,
  cast,
  codeOf,
  createRoom,
  edit,
  history,
  join,
  joinAll,
  LOBBY,
  ok,
  react,
  remove,
} from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

type Change = Omit<PacketInit<PacketType.UPDATE_ROOM_REQUEST>, "requestId" | "roomId">;

function update(who: ChatTestClient, roomId: number, change: Change) {
  return who.request(PacketType.UPDATE_ROOM_REQUEST, { ...change, roomId });
}

function setRole(who: ChatTestClient, roomId: number, name: string, role: RoomRole) {
  return who.request(PacketType.SET_ROLE_REQUEST, { roomId, name, role });
}

for (const backend of testBackends) {
  describe(`room settings on ${backend}`, () => {
    for (const kind of ["LOGGED", "MEMORY"] as const) {
      it(`tells the members of a changed topic, slow mode and name (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        await ok(join(joon, "tea"));
        const changed = await ok(update(mina, roomId, { topic: "oolong", slowModeMs: 5 }));
        assert.equal(changed.room?.topic, "oolong");
        const heard = await joon.take(PacketType.ROOM_UPDATED_NOTICE);
        assert.equal(heard.room?.topic, "oolong");
        assert.equal(heard.room?.slowModeMs, 5);
        assert.equal(heard.room?.role, RoomRole.UNSPECIFIED);
        assert.equal((await ok(update(mina, roomId, { topic: "" }))).room?.topic, "");
        assert.equal((await ok(update(mina, roomId, {}))).room?.slowModeMs, 5, "left out: as it was");

        await createRoom(joon, "coffee");
        assert.equal(await codeOf(update(mina, roomId, { name: "COFFEE" })), "ROOM_EXISTS");
        assert.equal(await codeOf(update(mina, roomId, { name: "no name!" })), "NAME_INVALID");
        assert.equal((await ok(update(mina, roomId, { name: "Chai" }))).room?.name, "chai");
        await joon.take(PacketType.ROOM_UPDATED_NOTICE, ({ room }) => room?.name === "chai");
        assert.equal(await codeOf(join(joon, "tea")), "ROOM_NOT_FOUND");
        assert.equal((await ok(join(joon, "chai"))).room?.roomId, roomId);
        assert.notEqual((await ok(join(mina, "tea", { create: RoomKind.MEMORY }))).room?.roomId, roomId);
      });

      it(`refuses settings that cannot be (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina } = await cast(server, { mina: "account" });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        assert.equal(await codeOf(update(mina, roomId, { topic: "x".repeat(257) })), "TEXT_INVALID");
        assert.equal(await codeOf(update(mina, roomId, { access: 77 as RoomAccess })), "INVALID_PACKET");
        assert.equal(await codeOf(update(mina, roomId, { slowReader: 77 as SlowReader })), "INVALID_PACKET");
        const short = { access: RoomAccess.PASSWORD, password: "short" };
        assert.equal(await codeOf(update(mina, roomId, short)), "PASSWORD_INVALID");
        const none = await codeOf(update(mina, roomId, { access: RoomAccess.PASSWORD }));
        assert.ok(none === "PASSWORD_INVALID" || none === "INVALID_PACKET", none);
        assert.equal((await ok(update(mina, roomId, {}))).room?.access, RoomAccess.PUBLIC);
      });

      it(`keeps an archived room for reading only, and opens it again (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        await ok(join(joon, "tea"));
        const { offset } = await ok(joon.publish(roomId, "before"));
        await ok(update(mina, roomId, { archived: true }));
        assert.equal((await joon.take(PacketType.ROOM_UPDATED_NOTICE)).room?.archived, true);
        for (const who of [mina, joon]) {
          assert.equal(await codeOf(who.publish(roomId, "after")), "ROOM_ARCHIVED");
          assert.equal(await codeOf(edit(who, roomId, offset, "changed")), "ROOM_ARCHIVED");
          assert.equal(await codeOf(react(who, roomId, offset, "👍")), "ROOM_ARCHIVED");
        }
        assert.deepEqual(
          (await ok(history(joon, roomId))).messages.map(({ text }) => text),
          ["before"],
        );
        await ok(remove(mina, roomId, offset)); // deleting is always possible
        await ok(update(mina, roomId, { archived: false }));
        await ok(joon.publish(roomId, "after"));
      });

      it(`deletes a room and what is in it; the name is free again (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        await ok(join(joon, "tea"));
        await ok(joon.publish(roomId, "leafage"));
        const deletion = (who: ChatTestClient) => who.request(PacketType.DELETE_ROOM_REQUEST, { roomId });
        assert.equal(await codeOf(deletion(joon)), "PERMISSION_DENIED");
        await ok(deletion(mina));
        const closed = await joon.take(PacketType.ROOM_CLOSED_NOTICE);
        assert.deepEqual([closed.roomId, closed.cause], [roomId, Cause.DELETED]);
        assert.equal(await codeOf(deletion(mina)), "ROOM_NOT_FOUND");
        assert.equal(await codeOf(joon.publish(roomId, "hi")), "ROOM_NOT_FOUND");
        assert.equal(await codeOf(join(joon, "tea")), "ROOM_NOT_FOUND");
        assert.deepEqual((await ok(joon.request(PacketType.SEARCH_REQUEST, { query: "leafage" }))).hits, []);
        const anew = await createRoom(joon, "tea", { kind: RoomKind[kind] });
        assert.notEqual(anew, roomId);
        assert.deepEqual((await ok(history(joon, anew))).messages, []);
      });
    }

    it("lets moderators set topic and slow mode, and owners everything", async (test) => {
      const server = await startTestServer(test, backend);
      const parts = { mina: "account", joon: "account", sora: "account", root: "admin" } as const;
      const { mina, joon, sora, root } = await cast(server, parts);
      const roomId = await createRoom(mina, "tea");
      await joinAll("tea", joon, sora, root);
      await ok(setRole(mina, roomId, "joon", RoomRole.MODERATOR));
      const own = await joon.take(
        PacketType.ROOM_UPDATED_NOTICE,
        ({ room }) => room?.role !== RoomRole.UNSPECIFIED,
      );
      assert.equal(own.room?.role, RoomRole.MODERATOR);
      const changes: readonly [Change, boolean][] = [
        [{ topic: "a" }, true],
        [{ slowModeMs: 1 }, true],
        [{ name: "other" }, false],
        [{ access: RoomAccess.PRIVATE }, false],
        [{ archived: true }, false],
        [{ slowReader: SlowReader.SKIP_TO_LATEST }, false],
        [{ retentionAgeMs: 1 }, false],
        [{ retentionCount: 1 }, false],
        [{ topic: "b", retentionCount: 1 }, false],
      ];
      for (const [change, mayModerator] of changes) {
        const what = JSON.stringify(change);
        assert.equal(await codeOf(update(sora, roomId, change)), "PERMISSION_DENIED", what);
        const expected = mayModerator ? "OK" : "PERMISSION_DENIED";
        assert.equal(await codeOf(update(joon, roomId, change)), expected, what);
      }
      assert.equal((await ok(update(root, roomId, { slowModeMs: 0, topic: "c" }))).room?.topic, "c");
      await ok(update(root, roomId, { archived: true }));
      assert.equal(await codeOf(setRole(joon, roomId, "sora", RoomRole.MODERATOR)), "PERMISSION_DENIED");
    });

    it("the lobby has no owner: administrators look after it", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, root } = await cast(server, { mina: "account", root: "admin" });
      assert.equal(await codeOf(update(mina, LOBBY, { topic: "mine" })), "PERMISSION_DENIED");
      assert.equal((await ok(update(root, LOBBY, { topic: "welcome" }))).room?.topic, "welcome");
      for (const change of [{ name: "hall" }, { access: RoomAccess.PRIVATE }, { archived: true }]) {
        assert.equal(await codeOf(update(root, LOBBY, change)), "PERMISSION_DENIED");
      }
      assert.equal(await codeOf(setRole(root, LOBBY, "mina", RoomRole.OWNER)), "PERMISSION_DENIED");
    });

    it("owners make others owners, and step down when there is another", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const roomId = await createRoom(mina, "tea");
      await joinAll("tea", joon, gina);
      assert.equal(await codeOf(setRole(mina, roomId, "mina", RoomRole.MEMBER)), "PERMISSION_DENIED");
      assert.equal(await codeOf(setRole(mina, roomId, "nobody", RoomRole.MEMBER)), "USER_NOT_FOUND");
      assert.equal(await codeOf(setRole(mina, roomId, "joon", 9 as RoomRole)), "INVALID_PACKET");
      assert.equal(await codeOf(setRole(mina, roomId, "joon", RoomRole.UNSPECIFIED)), "INVALID_PACKET");
      assert.equal(await codeOf(setRole(mina, roomId, "gina", RoomRole.OWNER)), "PERMISSION_DENIED");
      await ok(setRole(mina, roomId, "joon", RoomRole.OWNER));
      assert.equal(await codeOf(setRole(joon, roomId, "mina", RoomRole.MEMBER)), "PERMISSION_DENIED");
      await ok(setRole(mina, roomId, "mina", RoomRole.MEMBER));
      assert.equal(await codeOf(update(mina, roomId, { topic: "mine" })), "PERMISSION_DENIED");
      await ok(update(joon, roomId, { topic: "mine" }));
    });

    it("settings, roles and invitations outlive the room's last visitor", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea", { access: RoomAccess.PRIVATE, topic: "kept" });
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "joon" }));
      await ok(join(joon, "tea"));
      await ok(setRole(mina, roomId, "joon", RoomRole.MODERATOR));
      for (const who of [mina, joon]) await ok(who.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      await account(server, "sora");
      const back = await ok(join(joon, "tea"));
      assert.equal(back.room?.topic, "kept");
      assert.equal(back.room?.role, RoomRole.MODERATOR);
      assert.equal((await ok(join(mina, "tea"))).room?.role, RoomRole.OWNER);
    });
  });
}
