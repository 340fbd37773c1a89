import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import { again, cast, createRoom, join, LOBBY, ok } from "../support/chat-scenes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

function names(client: ChatTestClient, type: PacketType.USER_JOINED_NOTICE | PacketType.USER_LEFT_NOTICE) {
  return client.heard(type).flatMap((notice) => notice.names);
}

for (const backend of testBackends) {
  describe(`presence on ${backend}`, () => {
    it("names everybody who comes and goes once, those of a turn together", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      await mina.sync();
      mina.inbox.length = 0;
      const expected = Array.from({ length: 60 }, (_, index) => `guest-${index}`);
      const guests = await Promise.all(
        expected.map((name) => ChatTestClient.guest(server.addresses.packets, name)),
      );
      await mina.sync();
      assert.deepEqual(names(mina, PacketType.USER_JOINED_NOTICE).toSorted(), expected.toSorted());
      for (const guest of guests) guest.destroy();
      await until(() => names(mina, PacketType.USER_LEFT_NOTICE).length >= 60, "all to be told of");
      await mina.sync();
      assert.deepEqual(names(mina, PacketType.USER_LEFT_NOTICE).toSorted(), expected.toSorted());
    });

    it("names all who leave in one turn in one notice", async (test) => {
      const server = await startTestServer(test, backend);
      const { root } = await cast(server, { root: "admin" });
      const from = "127.0.0.77";
      for (let index = 0; index < 20; index++) {
        const guest = await ChatTestClient.connect(server.addresses.packets, { from });
        await ok(guest.loginGuest(`guest-${index}`));
      }
      await ok(root.request(PacketType.ADMIN_ADDRESS_REQUEST, { cidr: from }));
      await until(() => names(root, PacketType.USER_LEFT_NOTICE).length >= 20, "all to be told of");
      assert.equal(root.heard(PacketType.USER_LEFT_NOTICE).length, 1);
    });

    it("is a user's: the first session to come, the last to go", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      await mina.sync();
      mina.inbox.length = 0;
      const roomId = await createRoom(mina, "tea");
      const other = await again(server, "joon");
      await ok(join(joon, "tea"));
      await ok(join(other, "tea"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      joon.destroy();
      await until(() => server.counters().connections === 2, "the end of the session");
      await mina.sync();
      assert.deepEqual(
        names(mina, PacketType.USER_JOINED_NOTICE).filter((name) => name === "joon"),
        ["joon"],
      );
      assert.deepEqual(names(mina, PacketType.USER_LEFT_NOTICE), []);
      const { names: present } = await ok(mina.request(PacketType.USER_LIST_REQUEST, { roomId }));
      assert.deepEqual(present, ["joon", "mina"]);
      other.destroy();
      await until(() => names(mina, PacketType.USER_LEFT_NOTICE).length >= 2, "joon to have left both");
      const rooms = mina.heard(PacketType.USER_LEFT_NOTICE).map((notice) => notice.roomId);
      assert.deepEqual(
        rooms.toSorted((a, b) => a - b),
        [LOBBY, roomId],
      );
    });

    it("is a count in large rooms, at most once a second", async (test) => {
      const server = await startTestServer(test, backend, { notices: { maxMembers: 5 } });
      const { mina } = await cast(server, { mina: "account" });
      const guests = [];
      for (let index = 0; index < 20; index++) {
        guests.push(await ChatTestClient.guest(server.addresses.packets, `guest-${index}`));
      }
      const count = await mina.take(PacketType.MEMBER_COUNT_NOTICE, ({ memberCount }) => memberCount === 21);
      assert.equal(count.roomId, LOBBY);
      assert.ok(names(mina, PacketType.USER_JOINED_NOTICE).length <= 6, "no names above the limit");
      const before = mina.heard(PacketType.MEMBER_COUNT_NOTICE).length;
      for (const guest of guests.splice(10)) guest.destroy();
      await mina.take(PacketType.MEMBER_COUNT_NOTICE, ({ memberCount }) => memberCount === 11);
      const notices = mina.heard(PacketType.MEMBER_COUNT_NOTICE).length - before;
      assert.ok(notices < 10, `${notices} notices more for ten who left at once`);
      assert.deepEqual(names(mina, PacketType.USER_LEFT_NOTICE), []);
    });
  });
}
