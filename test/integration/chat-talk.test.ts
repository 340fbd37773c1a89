import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SocketAddress } from "../../src/engine/index.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { RoomKind, type UserListResponse } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const LOBBY = 1;

async function guests(address: SocketAddress, ...names: string[]): Promise<ChatTestClient[]> {
  const clients: ChatTestClient[] = [];
  for (const name of names) clients.push(await ChatTestClient.guest(address, name));
  return clients;
}

for (const backend of testBackends) {
  describe(`talk on ${backend}`, () => {
    it("brings a message in the lobby to everybody but the one who sent it", async (test) => {
      const server = await startTestServer(test, backend);
      const [mina, joon, sora] = await guests(server.addresses.packets, "mina", "joon", "sora");
      assert.ok(mina && joon && sora);
      const answer = await mina.publish(LOBBY, "안녕하세요 👋");
      assert.equal(answer.code, ErrorCode.OK);
      for (const client of [joon, sora]) {
        const heard = await client.take(PacketType.MESSAGE_NOTICE);
        assert.equal(heard.text, "안녕하세요 👋");
        assert.equal(heard.sender, "mina");
        assert.equal(heard.offset, answer.offset);
        assert.equal(heard.timeMs, answer.timeMs);
      }
      await joon.publish(LOBBY, "hello");
      assert.equal((await mina.take(PacketType.MESSAGE_NOTICE)).sender, "joon", "not its own");
    });

    it("gives the same message the same offset and delivers it once", async (test) => {
      const server = await startTestServer(test, backend);
      const [mina, joon] = await guests(server.addresses.packets, "mina", "joon");
      assert.ok(mina && joon);
      const first = await mina.publish(LOBBY, "once", "my-id");
      const second = await mina.publish(LOBBY, "once", "my-id");
      assert.equal(second.offset, first.offset);
      await mina.publish(LOBBY, "after");
      const texts = [await joon.take(PacketType.MESSAGE_NOTICE), await joon.take(PacketType.MESSAGE_NOTICE)];
      assert.deepEqual(
        texts.map(({ text }) => text),
        ["once", "after"],
      );
    });

    it("whispers to a user, and tells apart who is offline and who is nobody", async (test) => {
      const server = await startTestServer(test, backend, { whispers: { offline: "reject" } });
      const [mina, joon, sora] = await guests(server.addresses.packets, "mina", "joon", "sora");
      assert.ok(mina && joon && sora);
      const registrar = await ChatTestClient.connect(server.addresses.packets);
      await registrar.register("absent", "correct horse battery");
      const answer = await mina.whisper("JOON", "just for you");
      assert.equal(answer.code, ErrorCode.OK);
      const heard = await joon.take(PacketType.WHISPER_NOTICE);
      assert.equal(heard.text, "just for you");
      assert.equal(heard.from, "mina");
      assert.equal(heard.to, "joon");
      assert.equal((await mina.whisper("absent", "are you there")).code, ErrorCode.USER_OFFLINE);
      assert.equal((await mina.whisper("nobody", "are you there")).code, ErrorCode.USER_NOT_FOUND);
      assert.equal((await mina.whisper("no name!", "are you there")).code, ErrorCode.USER_NOT_FOUND);
      await mina.publish(LOBBY, "all hear this");
      await sora.take(PacketType.MESSAGE_NOTICE);
      assert.ok(
        !sora.inbox.some((packet) => packet.type === PacketType.WHISPER_NOTICE),
        "nobody else heard it",
      );
    });

    it("tells who comes and who goes", async (test) => {
      const server = await startTestServer(test, backend);
      const [mina] = await guests(server.addresses.packets, "mina");
      assert.ok(mina);
      const joon = await ChatTestClient.guest(server.addresses.packets, "joon");
      assert.deepEqual(
        (await mina.take(PacketType.USER_JOINED_NOTICE, ({ names }) => !names.includes("mina"))).names,
        ["joon"],
      );
      joon.destroy();
      assert.deepEqual((await mina.take(PacketType.USER_LEFT_NOTICE)).names, ["joon"]);
    });

    it("lists users in pages", async (test) => {
      const server = await startTestServer(test, backend);
      const names = Array.from({ length: 30 }, (_, index) => `user-${String(index).padStart(2, "0")}`);
      const [first] = await guests(server.addresses.packets, ...names);
      assert.ok(first);
      const list = (after: string, limit: number): Promise<UserListResponse> =>
        first.ask(
          PacketType.USER_LIST_REQUEST,
          { roomId: LOBBY, after, limit },
          PacketType.USER_LIST_RESPONSE,
        );
      const all = await list("", 0);
      assert.deepEqual(all.names, names);
      assert.equal(all.total, 30);
      assert.equal(all.more, false);
      const page = await list("user-09", 5);
      assert.deepEqual(page.names, names.slice(10, 15));
      assert.equal(page.more, true);
    });

    it("cuts a list that does not fit in a packet, and says that there is more", async (test) => {
      const limits = { packetBytes: 1024, textBytes: 80 };
      const server = await startTestServer(test, backend, { limits });
      const names = Array.from({ length: 80 }, (_, index) => `user-with-a-long-name-${index + 10}`);
      const [first] = await guests(server.addresses.packets, ...names);
      assert.ok(first);
      const seen: string[] = [];
      for (let more = true; more;) {
        const request = { roomId: LOBBY, after: seen.at(-1) ?? "", limit: 200 };
        const page: UserListResponse = await first.ask(
          PacketType.USER_LIST_REQUEST,
          request,
          PacketType.USER_LIST_RESPONSE,
        );
        assert.ok(page.names.length > 0 && page.names.length < 80);
        seen.push(...page.names);
        more = page.more;
      }
      assert.deepEqual(seen, names);
    });

    it("reads history by offset, forwards and backwards, in packets that fit", async (test) => {
      const limits = { packetBytes: 1100, textBytes: 500 };
      const server = await startTestServer(test, backend, { limits });
      const [mina, joon] = await guests(server.addresses.packets, "mina", "joon");
      assert.ok(mina && joon);
      for (let offset = 1; offset <= 25; offset++) await mina.publish(LOBBY, `${offset}:${"x".repeat(200)}`);
      const read = (request: { after?: number; before?: number; limit?: number }) =>
        joon.ask(PacketType.HISTORY_REQUEST, { roomId: LOBBY, ...request }, PacketType.HISTORY_RESPONSE);
      const forwards: number[] = [];
      for (let more = true; more;) {
        const page = await read({ after: forwards.at(-1) ?? 0, limit: 100 });
        assert.ok(page.messages.length > 0 && page.messages.length < 25);
        for (const message of page.messages) {
          assert.ok(message.text.startsWith(`${message.offset}:`));
          assert.equal(message.sender, "mina");
          forwards.push(Number(message.offset));
        }
        more = page.more;
      }
      const expected = Array.from({ length: 25 }, (_, index) => index + 1);
      assert.deepEqual(forwards, expected);
      let backwards: number[] = [];
      for (let more = true; more;) {
        const page = await read({ before: backwards[0] ?? 26, limit: 100 });
        assert.ok(page.messages.length > 0);
        backwards = [...page.messages.map(({ offset }) => Number(offset)), ...backwards];
        more = page.more;
      }
      assert.deepEqual(backwards, expected);
      assert.deepEqual(
        (await read({ before: 26, limit: 2 })).messages.map(({ offset }) => Number(offset)),
        [24, 25],
      );
    });

    it("has rooms to make, join and leave; what is said there stays there", async (test) => {
      const server = await startTestServer(test, backend);
      const [mina, joon, sora] = await guests(server.addresses.packets, "mina", "joon", "sora");
      assert.ok(mina && joon && sora);
      const join = (client: ChatTestClient, name: string, create = RoomKind.UNSPECIFIED) =>
        client.ask(PacketType.JOIN_ROOM_REQUEST, { name, create }, PacketType.JOIN_ROOM_RESPONSE);
      assert.equal((await join(mina, "tea")).code, ErrorCode.ROOM_NOT_FOUND);
      assert.equal((await join(mina, "no room!")).code, ErrorCode.NAME_INVALID);
      assert.equal((await join(mina, "tea", RoomKind.DIRECT)).code, ErrorCode.INVALID_PACKET);
      const made = await join(mina, "tea", RoomKind.MEMORY);
      assert.equal(made.room?.kind, RoomKind.MEMORY);
      const roomId = made.room?.roomId ?? 0;
      assert.equal((await join(joon, "TEA")).room?.roomId, roomId);
      await mina.publish(roomId, "green or black");
      assert.equal((await joon.take(PacketType.MESSAGE_NOTICE)).text, "green or black");
      assert.equal((await sora.publish(roomId, "me too")).code, ErrorCode.NOT_A_MEMBER);
      const left = await joon.ask(PacketType.LEAVE_ROOM_REQUEST, { roomId }, PacketType.LEAVE_ROOM_RESPONSE);
      assert.equal(left.code, ErrorCode.OK);
      await mina.publish(roomId, "green then");
      await mina.publish(LOBBY, "back");
      assert.equal((await joon.take(PacketType.MESSAGE_NOTICE)).text, "back");
      assert.equal((await sora.take(PacketType.MESSAGE_NOTICE)).text, "back");
    });
  });
}
