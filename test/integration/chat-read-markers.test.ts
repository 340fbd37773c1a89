import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  RoomKind,
  type RoomListEntry,
  RoomListRequest_Scope as Scope,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  again,
  cast,
  codeOf,
  createRoom,
  edit,
  join,
  joinAll,
  ok,
  react,
  remove,
} from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

function markRead(who: ChatTestClient, roomId: number, offset: number | bigint) {
  return who.request(PacketType.MARK_READ_REQUEST, { roomId, offset });
}

async function entryOf(who: ChatTestClient, roomId: number, scope = Scope.MINE): Promise<RoomListEntry> {
  const { rooms } = await ok(who.request(PacketType.ROOM_LIST_REQUEST, { scope }));
  const entry = rooms.find((room) => room.roomId === roomId);
  assert.ok(entry);
  return entry;
}

for (const backend of testBackends) {
  describe(`read markers on ${backend}`, () => {
    it("count what others said after them, and what of it mentions the user", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      await ok(mina.publish(roomId, "before joon came"));
      await ok(join(joon, "tea"));
      assert.equal((await entryOf(joon, roomId)).unreadCount, 0, "who joins has read what is there");
      const { offset } = await ok(mina.publish(roomId, "one"));
      await ok(mina.publish(roomId, "two for @JOON and @joon"));
      await ok(joon.publish(roomId, "@joon talks to himself"));
      await ok(edit(mina, roomId, offset, "one, edited"));
      await ok(react(mina, roomId, offset, "👍"));
      await ok(mina.publish(roomId, "not you, @joonie, nor e@joon.example"));
      let entry = await entryOf(joon, roomId);
      assert.deepEqual([entry.unreadCount, entry.mentionCount], [3, 1]);
      await ok(markRead(joon, roomId, offset));
      entry = await entryOf(joon, roomId);
      assert.deepEqual([entry.readOffset, entry.unreadCount, entry.mentionCount], [offset, 2, 1]);
      await ok(remove(mina, roomId, offset + 1n));
      entry = await entryOf(joon, roomId);
      assert.deepEqual([entry.unreadCount, entry.mentionCount], [1, 0], "a deleted message is not unread");
      await ok(markRead(joon, roomId, 1));
      assert.equal((await entryOf(joon, roomId)).readOffset, offset, "it never goes back");
      await ok(markRead(joon, roomId, 2n ** 64n - 1n));
      entry = await entryOf(joon, roomId);
      assert.equal(entry.unreadCount, 0);
      await ok(mina.publish(roomId, "new"));
      assert.equal((await entryOf(joon, roomId)).unreadCount, 1, "no further than what there is");
    });

    it("reach the user's other sessions, and nobody else", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const other = await again(server, "joon");
      const roomId = await createRoom(mina, "tea");
      await joinAll("tea", joon);
      const { offset } = await ok(mina.publish(roomId, "one"));
      await ok(markRead(joon, roomId, offset));
      const notice = await other.take(PacketType.READ_NOTICE);
      assert.deepEqual([notice.roomId, notice.offset], [roomId, offset]);
      await mina.sync();
      await joon.sync();
      for (const who of [mina, joon]) assert.deepEqual(who.heard(PacketType.READ_NOTICE), []);
    });

    it("are for accounts, in rooms whose messages are kept", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, gina, sora } = await cast(server, { mina: "account", gina: "guest", sora: "account" });
      const roomId = await createRoom(mina, "tea");
      const memoryId = await createRoom(mina, "smoke", { kind: RoomKind.MEMORY });
      await joinAll("tea", gina);
      await ok(mina.publish(roomId, "one"));
      assert.equal(await codeOf(markRead(gina, roomId, 1)), "PERMISSION_DENIED");
      const minaToo = await again(server, "mina");
      await ok(mina.publish(memoryId, "puff"));
      await ok(markRead(mina, memoryId, 1));
      assert.equal((await minaToo.take(PacketType.READ_NOTICE)).roomId, memoryId, "told, not kept");
      assert.equal(await codeOf(markRead(sora, roomId, 1)), "NOT_A_MEMBER");
      assert.equal(await codeOf(markRead(mina, 4000, 1)), "ROOM_NOT_FOUND");
      await ok(markRead(mina, roomId, 0));
    });
  });
}
