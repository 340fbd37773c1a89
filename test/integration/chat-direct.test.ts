import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  MessageKind,
  RoomKind,
  RoomListRequest_Scope as Scope,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  account,
  again,
  cast,
  codeOf,
  edit,
  history,
  join,
  LOBBY,
  ok,
  react,
  remove,
} from "../support/chat-scenes.ts";
import { type ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

async function conversations(who: ChatTestClient) {
  return (await ok(who.request(PacketType.ROOM_LIST_REQUEST, { scope: Scope.DIRECT }))).rooms;
}

function block(who: ChatTestClient, name: string, blocked = true) {
  return who.request(PacketType.BLOCK_USER_REQUEST, { name, blocked });
}

for (const backend of testBackends) {
  describe(`conversations on ${backend}`, () => {
    it("are logs of two: offsets, history, edits, reactions, typing", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const minaToo = await again(server, "mina");
      const first = await ok(mina.whisper("joon", "hello"));
      const { roomId } = first;
      assert.equal(first.offset, 1n);
      for (const who of [joon, minaToo]) {
        const heard = await who.take(PacketType.WHISPER_NOTICE);
        assert.deepEqual(
          [heard.from, heard.to, heard.text, heard.roomId, heard.offset, heard.timeMs],
          ["mina", "joon", "hello", roomId, 1n, first.timeMs],
        );
      }
      const reply = { to: "mina", clientMessageId: "r", text: "hi", replyTo: 1 };
      const second = await ok(joon.request(PacketType.WHISPER_REQUEST, reply));
      assert.deepEqual([second.roomId, second.offset], [roomId, 2n], "one conversation, both ways");
      assert.equal((await mina.take(PacketType.WHISPER_NOTICE)).replyTo, 1n);
      await ok(edit(mina, roomId, 1, "hello!"));
      await ok(react(joon, roomId, 1, "👍"));
      await ok(remove(joon, roomId, 2));
      assert.equal(await codeOf(edit(joon, roomId, 1, "mine now")), "PERMISSION_DENIED");
      assert.equal(await codeOf(remove(joon, roomId, 1)), "PERMISSION_DENIED");
      const edited = await joon.take(PacketType.WHISPER_NOTICE);
      assert.deepEqual([edited.kind, edited.target, edited.text], [MessageKind.EDIT, 1n, "hello!"]);
      for (const kind of [MessageKind.REACTION, MessageKind.DELETE]) {
        assert.equal((await mina.take(PacketType.WHISPER_NOTICE)).kind, kind);
      }
      joon.send(PacketType.TYPING, { roomId });
      assert.equal((await mina.take(PacketType.TYPING_NOTICE)).name, "joon");
      const { messages } = await ok(history(joon, roomId));
      assert.deepEqual(
        messages.map(({ sender, text, kind }) => [sender, text, kind]),
        [
          ["mina", "hello!", MessageKind.TEXT],
          ["joon", "", MessageKind.TEXT],
          ["mina", "hello!", MessageKind.EDIT],
          ["joon", "👍", MessageKind.REACTION],
          ["joon", "", MessageKind.DELETE],
        ],
      );
    });

    it("keep whispers for who is not there, to be found after the next login", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "account" });
      joon.destroy();
      await ok(sora.whisper("joon", "from sora"));
      const { roomId } = await ok(mina.whisper("joon", "one"));
      await ok(mina.whisper("joon", "two, @joon"));
      const back = await again(server, "joon");
      const rooms = await conversations(back);
      assert.deepEqual(
        rooms.map(({ name, kind, unreadCount, lastOffset }) => [name, kind, unreadCount, lastOffset]),
        [
          ["mina", RoomKind.DIRECT, 2, 2n],
          ["sora", RoomKind.DIRECT, 1, 1n],
        ],
        "the latest first",
      );
      assert.equal(rooms[0]?.mentionCount, 1);
      await ok(back.request(PacketType.MARK_READ_REQUEST, { roomId, offset: 2 }));
      assert.equal((await conversations(back))[0]?.unreadCount, 0);
      assert.equal((await conversations(mina))[0]?.name, "joon");
      assert.deepEqual(
        (await ok(history(back, roomId))).messages.map(({ text }) => text),
        ["one", "two, @joon"],
      );
    });

    it("say which of an absent account, a guest who left and nobody it is", async (test) => {
      for (const offline of ["store", "reject"] as const) {
        const server = await startTestServer(test, backend, { whispers: { offline } });
        const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
        await ok(mina.whisper("gina", "to a guest"));
        await ok(gina.whisper("mina", "from a guest"));
        joon.destroy();
        gina.destroy();
        await until(() => server.counters().gate.signedIn === 1, "the others to be gone");
        const expected = offline === "store" ? "OK" : "USER_OFFLINE";
        assert.equal(await codeOf(mina.whisper("joon", "absent")), expected);
        const toGuest = await codeOf(mina.whisper("gina", "gone"));
        assert.ok(toGuest === "USER_OFFLINE" || toGuest === "USER_NOT_FOUND", toGuest);
        assert.equal(await codeOf(mina.whisper("nobody", "no one")), "USER_NOT_FOUND");
      }
    });

    it("are one message for one client message id", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const whisper = { to: "joon", clientMessageId: "same", text: "once" };
      const one = await ok(mina.request(PacketType.WHISPER_REQUEST, whisper));
      const two = await ok(mina.request(PacketType.WHISPER_REQUEST, { ...whisper, text: "again" }));
      assert.deepEqual([two.offset, two.timeMs, two.roomId], [one.offset, one.timeMs, one.roomId]);
      await joon.take(PacketType.WHISPER_NOTICE);
      await ok(mina.whisper("joon", "end"));
      assert.equal((await joon.take(PacketType.WHISPER_NOTICE)).text, "end");
    });

    it("are for the two only, and nobody's to join or change as a room", async (test) => {
      const server = await startTestServer(test, backend);
      const parts = { mina: "account", joon: "account", root: "admin" } as const;
      const { mina, joon, root } = await cast(server, parts);
      const { roomId } = await ok(mina.whisper("joon", "private words"));
      const asked = [
        history(root, roomId),
        edit(root, roomId, 1, "x"),
        remove(root, roomId, 1),
        react(root, roomId, 1, "👍"),
        root.publish(roomId, "hi"),
        root.request(PacketType.MARK_READ_REQUEST, { roomId, offset: 1 }),
        root.request(PacketType.SEARCH_REQUEST, { roomId, query: "private" }),
      ];
      for (const answer of asked)
        assert.equal(await codeOf(answer), "ROOM_NOT_FOUND", "an administrator too");
      assert.deepEqual((await ok(root.request(PacketType.SEARCH_REQUEST, { query: "private" }))).hits, []);
      const [hit] = (await ok(joon.request(PacketType.SEARCH_REQUEST, { query: "private" }))).hits;
      assert.deepEqual([hit?.room, hit?.message?.text], ["mina", "private words"]);
      for (const answer of [
        mina.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, topic: "t" }),
        mina.request(PacketType.DELETE_ROOM_REQUEST, { roomId }),
        mina.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }),
        mina.request(PacketType.INVITE_REQUEST, { roomId, name: "root" }),
        mina.publish(roomId, "published"),
      ]) {
        const code = await codeOf(answer);
        assert.ok(["ROOM_NOT_FOUND", "NOT_A_MEMBER", "PERMISSION_DENIED"].includes(code), code);
      }
      assert.equal((await ok(history(joon, roomId))).messages.length, 1);
      assert.equal(await codeOf(join(mina, `@${roomId}`)), "NAME_INVALID");
    });

    it("a user who is blocked cannot whisper, and is not told more", async (test) => {
      const server = await startTestServer(test, backend, { limits: { blocksPerUser: 2 } });
      const { mina, joon, gina } = await cast(server, { mina: "account", joon: "account", gina: "guest" });
      for (const name of ["sora", "bora"]) await account(server, name);
      const { roomId } = await ok(mina.whisper("joon", "before"));
      await joon.take(PacketType.WHISPER_NOTICE);
      await ok(block(joon, "MINA"));
      await ok(block(joon, "mina"));
      assert.equal(await codeOf(mina.whisper("joon", "after")), "BLOCKED");
      await ok(mina.publish(LOBBY, "rooms are open to all"));
      await joon.take(PacketType.MESSAGE_NOTICE);
      mina.send(PacketType.TYPING, { roomId });
      await mina.sync();
      await joon.sync();
      assert.deepEqual(joon.heard(PacketType.WHISPER_NOTICE), []);
      assert.deepEqual(joon.heard(PacketType.TYPING_NOTICE), []);
      assert.equal((await ok(history(mina, roomId))).messages.length, 1);
      await ok(block(joon, "sora"));
      assert.equal(await codeOf(block(joon, "bora")), "LIMIT_REACHED");
      const listed = await ok(joon.request(PacketType.BLOCK_LIST_REQUEST, {}));
      assert.deepEqual(listed.names, ["mina", "sora"]);
      assert.equal(await codeOf(block(joon, "nobody")), "USER_NOT_FOUND");
      assert.equal(await codeOf(block(joon, "joon")), "PERMISSION_DENIED");
      assert.equal(await codeOf(block(gina, "mina")), "PERMISSION_DENIED");
      assert.equal(await codeOf(gina.request(PacketType.BLOCK_LIST_REQUEST, {})), "PERMISSION_DENIED");
      await ok(block(joon, "mina", false));
      await ok(mina.whisper("joon", "again"));
      joon.destroy();
      await ok(block(mina, "joon"));
      const back = await again(server, "joon");
      assert.equal(await codeOf(back.whisper("mina", "hello?")), "BLOCKED", "it is kept");
    });
  });
}
