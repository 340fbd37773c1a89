import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  RoomKind,
  RoomListRequest_Scope as Scope,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  account,
  again,
  cast,
  codeOf,
  createRoom,
  history,
  join,
  joinAll,
  LOBBY,
  ok,
  PASSWORD,
  react,
} from "../support/chat-scenes.ts";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const NEW_PASSWORD = "staple battery horse";

function changePassword(who: ChatTestClient, oldPassword: string, newPassword: string) {
  return who.request(PacketType.CHANGE_PASSWORD_REQUEST, { oldPassword, newPassword });
}

function deleteAccount(who: ChatTestClient, password: string) {
  return who.request(PacketType.DELETE_ACCOUNT_REQUEST, { password });
}

for (const backend of testBackends) {
  describe(`accounts on ${backend}`, () => {
    it("change their password, knowing the old one", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina } = await cast(server, { mina: "account", gina: "guest" });
      for (const wrong of ["wrong password", "", "x"]) {
        assert.equal(await codeOf(changePassword(mina, wrong, NEW_PASSWORD)), "AUTH_FAILED");
      }
      for (const invalid of ["short", "", "x".repeat(257), "control \u0007 characters"]) {
        assert.equal(await codeOf(changePassword(mina, PASSWORD, invalid)), "PASSWORD_INVALID");
      }
      assert.equal(await codeOf(changePassword(gina, PASSWORD, NEW_PASSWORD)), "PERMISSION_DENIED");
      await ok(changePassword(mina, PASSWORD, NEW_PASSWORD));
      const other = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await codeOf(other.login("mina", PASSWORD)), "AUTH_FAILED");
      await ok(other.login("mina", NEW_PASSWORD));
      await ok(mina.publish(LOBBY, "the session goes on"));
    });

    it("have a display name of any script, which members see", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const set = (who: ChatTestClient, displayName: string) =>
        who.request(PacketType.SET_DISPLAY_NAME_REQUEST, { displayName });
      for (const displayName of ["x".repeat(49), "a\u0000b", "\u202eevil", "two\nlines", " around "]) {
        assert.equal(await codeOf(set(mina, displayName)), "NAME_INVALID", JSON.stringify(displayName));
      }
      assert.equal(await codeOf(set(gina, "Gina")), "PERMISSION_DENIED");
      const shown = async () => {
        const { members } = await ok(joon.request(PacketType.MEMBER_LIST_REQUEST, { roomId: LOBBY }));
        return members.find(({ name }) => name === "mina")?.displayName;
      };
      await ok(set(mina, "미나 🌸 Ünal-O'Brien"));
      assert.equal(await shown(), "미나 🌸 Ünal-O'Brien");
      const back = await ChatTestClient.connect(server.addresses.packets);
      assert.equal((await ok(back.login("mina", PASSWORD))).user?.displayName, "미나 🌸 Ünal-O'Brien");
      await ok(set(mina, ""));
      assert.equal(await shown(), "");
    });

    it("end for ever: their sessions go, what they said stays without their name", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      const minaToo = await again(server, "mina");
      const roomId = await createRoom(joon, "tea");
      const memoryId = await createRoom(joon, "smoke", { kind: RoomKind.MEMORY });
      for (const name of ["tea", "smoke"]) await joinAll(name, mina);
      for (const room of [LOBBY, roomId, memoryId]) await ok(mina.publish(room, "remember me"));
      await ok(joon.publish(LOBBY, "yours"));
      await ok(react(mina, LOBBY, 2, "👍"));
      const { roomId: directId } = await ok(mina.whisper("joon", "between us"));
      assert.equal(await codeOf(deleteAccount(gina, PASSWORD)), "PERMISSION_DENIED");
      assert.equal(await codeOf(deleteAccount(mina, "wrong password")), "AUTH_FAILED");
      await ok(deleteAccount(mina, PASSWORD));
      assert.equal(await mina.disconnectCode(), "ACCOUNT_DELETED");
      assert.equal(await minaToo.disconnectCode(), "ACCOUNT_DELETED");
      const other = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await codeOf(other.login("mina", PASSWORD)), "AUTH_FAILED");
      assert.equal(await codeOf(joon.whisper("mina", "hello?")), "USER_NOT_FOUND");
      for (const room of [LOBBY, roomId, memoryId, directId]) {
        const [first] = (await ok(history(joon, room))).messages;
        assert.equal(first?.sender, "(deleted)", `room ${room}`);
        assert.ok(["remember me", "between us"].includes(first?.text ?? ""));
      }
      const { members } = await ok(joon.request(PacketType.MEMBER_LIST_REQUEST, { roomId }));
      assert.deepEqual(
        members.map(({ name }) => name),
        ["joon"],
      );
      const { hits } = await ok(joon.request(PacketType.SEARCH_REQUEST, { query: "remember", roomId }));
      assert.deepEqual(
        hits.map(({ message }) => message?.sender),
        ["(deleted)"],
      );
      const direct = await ok(joon.request(PacketType.ROOM_LIST_REQUEST, { scope: Scope.DIRECT }));
      assert.deepEqual(
        direct.rooms.map(({ name }) => name),
        ["(deleted)"],
      );
    });

    it("leave their name free for another, who is somebody else", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(joon, "tea", { access: 2 });
      await ok(joon.request(PacketType.INVITE_REQUEST, { roomId, name: "mina" }));
      await ok(join(mina, "tea"));
      const { offset } = await ok(mina.publish(LOBBY, "first mina"));
      await ok(mina.whisper("joon", "secret"));
      await ok(joon.request(PacketType.BLOCK_USER_REQUEST, { name: "mina", blocked: true }));
      await ok(deleteAccount(mina, PASSWORD));
      const anew = await account(server, "mina");
      assert.equal(await codeOf(join(anew, "tea")), "ROOM_NOT_FOUND");
      assert.equal(
        await codeOf(
          anew.request(PacketType.EDIT_MESSAGE_REQUEST, {
            roomId: LOBBY,
            offset,
            clientMessageId: "e",
            text: "mine",
          }),
        ),
        "PERMISSION_DENIED",
      );
      const direct = await ok(anew.request(PacketType.ROOM_LIST_REQUEST, { scope: Scope.DIRECT }));
      assert.deepEqual(direct.rooms, []);
      await ok(anew.whisper("joon", "we have not met"));
      const [own] = (await ok(history(joon, LOBBY))).messages;
      assert.equal(own?.sender, "(deleted)");
    });

    it("hand a room that they alone owned to its moderator", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "account" });
      const roomId = await createRoom(mina, "tea");
      await joinAll("tea", sora, joon);
      const role = { roomId, name: "joon", role: RoomRole.MODERATOR };
      await ok(mina.request(PacketType.SET_ROLE_REQUEST, role));
      await ok(deleteAccount(mina, PASSWORD));
      await mina.disconnectCode();
      const told = await joon.take(
        PacketType.ROOM_UPDATED_NOTICE,
        ({ room }) => room?.role === RoomRole.OWNER,
      );
      assert.equal(told.room?.roomId, roomId);
      await ok(joon.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, topic: "mine now" }));
    });
  });
}
