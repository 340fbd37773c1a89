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
import { cast, codeOf, createRoom, again, history, join, LOBBY, ok } from "../support/chat-scenes.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const ROOM_PASSWORD = "open sesame now";

for (const backend of testBackends) {
  describe(`rooms on ${backend}`, () => {
    it("makes a room with its settings, its maker the owner and in it", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const made = await ok(
        mina.request(PacketType.CREATE_ROOM_REQUEST, {
          name: "Tea-Room",
          kind: RoomKind.LOGGED,
          access: RoomAccess.PUBLIC,
          topic: "green or black",
          slowReader: SlowReader.CATCH_UP,
        }),
      );
      const { room } = made;
      assert.ok(room);
      assert.equal(room.name, "tea-room");
      assert.equal(room.kind, RoomKind.LOGGED);
      assert.equal(room.topic, "green or black");
      assert.equal(room.slowReader, SlowReader.CATCH_UP);
      assert.equal(room.role, RoomRole.OWNER);
      assert.equal(room.memberCount, 1);
      assert.equal(room.firstOffset, 0n);
      assert.equal(room.lastOffset, 0n);
      assert.ok(room.roomId < 1_000_000_000 && room.roomId !== LOBBY);
      await ok(mina.publish(room.roomId, "first"));
      const joined = await ok(join(joon, "TEA-ROOM"));
      assert.equal(joined.room?.roomId, room.roomId);
      assert.equal(joined.room?.role, RoomRole.MEMBER);
      assert.equal(joined.room?.memberCount, 2);
      assert.equal(joined.room?.lastOffset, 1n);
      assert.equal(joined.room?.epoch, room.epoch);
    });

    it("refuses what cannot be a room, each in its own way", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina } = await cast(server, { mina: "account", gina: "guest" });
      const make = (fields: object, who = mina) =>
        codeOf(
          who.request(PacketType.CREATE_ROOM_REQUEST, {
            name: "tea",
            kind: RoomKind.LOGGED,
            access: RoomAccess.PUBLIC,
            ...fields,
          }),
        );
      for (const name of ["", "no room!", "x".repeat(33), "@1:2", "tea\u200b", "tеa", ".tea"]) {
        assert.equal(await make({ name }), "NAME_INVALID", JSON.stringify(name));
      }
      assert.equal(await make({ kind: RoomKind.UNSPECIFIED }), "INVALID_PACKET");
      assert.equal(await make({ kind: RoomKind.DIRECT }), "INVALID_PACKET");
      assert.equal(await make({ kind: 99 }), "INVALID_PACKET");
      assert.equal(await make({ access: 99 }), "INVALID_PACKET");
      assert.equal(await make({ slowReader: 99 }), "INVALID_PACKET");
      assert.equal(await make({ topic: "x".repeat(257) }), "TEXT_INVALID");
      assert.equal(await make({ topic: "two\nlines" }), "TEXT_INVALID");
      assert.equal(await make({ access: RoomAccess.PASSWORD, password: "short" }), "PASSWORD_INVALID");
      assert.equal(await make({}, gina), "PERMISSION_DENIED");
      assert.equal(await make({}), "OK");
      assert.equal(await make({ name: "ＴＥＡ" }), "ROOM_EXISTS");
      assert.equal(await make({ name: "tea", kind: RoomKind.MEMORY }), "ROOM_EXISTS");
      assert.equal(await make({ name: "Lobby" }), "ROOM_EXISTS");
    });

    it("lets into a password room who knows it, and members without it", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, sora, root } = await cast(server, {
        mina: "account",
        joon: "account",
        sora: "account",
        root: "admin",
      });
      const roomId = await createRoom(mina, "vault", {
        access: RoomAccess.PASSWORD,
        password: ROOM_PASSWORD,
      });
      assert.equal(await codeOf(join(joon, "vault")), "ROOM_PASSWORD_WRONG");
      assert.equal(await codeOf(join(joon, "vault", { password: "something else" })), "ROOM_PASSWORD_WRONG");
      assert.equal(await codeOf(join(joon, "vault", { password: "x" })), "ROOM_PASSWORD_WRONG");
      assert.equal(await codeOf(joon.publish(roomId, "hi")), "NOT_A_MEMBER");
      await ok(join(joon, "vault", { password: ROOM_PASSWORD }));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      await ok(join(joon, "vault"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }));
      assert.equal(await codeOf(join(joon, "vault")), "ROOM_PASSWORD_WRONG");
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "sora" }));
      await ok(join(sora, "vault"));
      await ok(join(root, "vault"));
      const password = "another password";
      await ok(mina.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, password }));
      assert.equal(await codeOf(join(joon, "vault", { password: ROOM_PASSWORD })), "ROOM_PASSWORD_WRONG");
      await ok(join(joon, "vault", { password }));
    });

    it("lets into a private room who was invited, once a member for good", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, root } = await cast(server, { mina: "account", joon: "account", root: "admin" });
      const roomId = await createRoom(mina, "cellar", { access: RoomAccess.PRIVATE });
      assert.equal(await codeOf(join(joon, "cellar")), "ROOM_NOT_FOUND");
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "JOON" }));
      const invited = await joon.take(PacketType.INVITED_NOTICE);
      assert.deepEqual([invited.room, invited.by, invited.roomId], ["cellar", "mina", roomId]);
      await ok(join(joon, "cellar"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      await ok(join(joon, "cellar"));
      assert.equal(
        await codeOf(joon.request(PacketType.INVITE_REQUEST, { roomId, name: "root" })),
        "PERMISSION_DENIED",
        "members invite into public rooms only",
      );
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }));
      assert.equal(await codeOf(join(joon, "cellar")), "ROOM_NOT_FOUND", "another invitation is needed");
      await ok(join(root, "cellar"));
    });

    it("an invitation waits for a user who is not signed in, guests too", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const roomId = await createRoom(mina, "cellar", { access: RoomAccess.PRIVATE });
      joon.destroy();
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "joon" }));
      await ok(mina.request(PacketType.INVITE_REQUEST, { roomId, name: "gina" }));
      await ok(join(await again(server, "joon"), "cellar"));
      await ok(join(gina, "cellar"));
      for (const name of ["nobody", "no name!", ""]) {
        assert.equal(
          await codeOf(mina.request(PacketType.INVITE_REQUEST, { roomId, name })),
          "USER_NOT_FOUND",
        );
      }
    });

    it("giving a membership up takes out all sessions of the user", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      const other = await again(server, "joon");
      await ok(join(joon, "tea"));
      await ok(join(other, "tea"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true }));
      const closed = await other.take(PacketType.ROOM_CLOSED_NOTICE);
      assert.deepEqual([closed.roomId, closed.cause], [roomId, Cause.LEFT]);
      assert.equal(await codeOf(other.publish(roomId, "hi")), "NOT_A_MEMBER");
      assert.deepEqual((await mina.take(PacketType.USER_LEFT_NOTICE)).names, ["joon"]);
      assert.deepEqual(joon.heard(PacketType.ROOM_CLOSED_NOTICE), []);
      assert.equal(
        await codeOf(mina.request(PacketType.LEAVE_ROOM_REQUEST, { roomId, giveUp: true })),
        "PERMISSION_DENIED",
        "the only owner stays",
      );
    });

    it("the lobby cannot be left, given up or deleted, by nobody", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, root } = await cast(server, { mina: "account", root: "admin" });
      for (const who of [mina, root]) {
        for (const giveUp of [false, true]) {
          const answer = who.request(PacketType.LEAVE_ROOM_REQUEST, { roomId: LOBBY, giveUp });
          assert.equal(await codeOf(answer), "PERMISSION_DENIED");
        }
        const deletion = who.request(PacketType.DELETE_ROOM_REQUEST, { roomId: LOBBY });
        assert.equal(await codeOf(deletion), "PERMISSION_DENIED");
        await ok(who.publish(LOBBY, "still here"));
      }
    });

    it("a room in memory lives from its first member to its last, settings and all", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "guest" });
      const memory = { kind: RoomKind.MEMORY, access: RoomAccess.PASSWORD, password: ROOM_PASSWORD };
      const roomId = await createRoom(mina, "smoke", memory);
      assert.ok(roomId >= 1_000_000_000);
      assert.equal(await codeOf(join(joon, "smoke")), "ROOM_PASSWORD_WRONG");
      const before = await ok(join(joon, "smoke", { password: ROOM_PASSWORD }));
      await ok(mina.publish(roomId, "puff"));
      await ok(mina.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      assert.deepEqual(
        (await history(joon, roomId)).messages.map(({ text }) => text),
        ["puff"],
      );
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      assert.equal(await codeOf(join(mina, "smoke")), "ROOM_NOT_FOUND");
      const after = await ok(join(joon, "smoke", { create: RoomKind.MEMORY }));
      assert.notEqual(after.room?.epoch, before.room?.epoch);
      assert.equal(after.room?.access, RoomAccess.PUBLIC);
      assert.equal(after.room?.lastOffset, 0n);
      assert.equal(await codeOf(join(mina, "smoke", { create: RoomKind.LOGGED })), "ROOM_EXISTS");
    });

    it("limits rooms of a session, rooms owned and users in a room", async (test) => {
      const limits = { roomsPerSession: 4, roomsOwnedPerUser: 2, roomMembers: 2 };
      const server = await startTestServer(test, backend, { limits });
      const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "account" });
      await createRoom(mina, "one");
      await createRoom(mina, "two");
      const third = { name: "three", kind: RoomKind.LOGGED, access: RoomAccess.PUBLIC };
      assert.equal(await codeOf(mina.request(PacketType.CREATE_ROOM_REQUEST, third)), "LIMIT_REACHED");
      assert.equal(await codeOf(join(mina, "three", { create: RoomKind.LOGGED })), "LIMIT_REACHED");
      await ok(join(joon, "one"));
      assert.equal(await codeOf(join(sora, "one")), "USER_FULL");
      await ok(join(joon, "two"));
      await ok(join(joon, "three", { create: RoomKind.MEMORY }));
      assert.equal(await codeOf(join(joon, "four", { create: RoomKind.MEMORY })), "TOO_MANY_ROOMS");
      assert.equal(
        await codeOf(joon.request(PacketType.CREATE_ROOM_REQUEST, { ...third, name: "four" })),
        "TOO_MANY_ROOMS",
      );
      await ok(join(joon, "one"));
    });
  });
}
