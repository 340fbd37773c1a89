import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const LOBBY = 1;

/** Logs `count` guests in, some at a time. */
async function manyGuests(
  address: Parameters<typeof ChatTestClient.guest>[0],
  count: number,
): Promise<ChatTestClient[]> {
  const clients: ChatTestClient[] = [];
  for (let from = 0; from < count; from += 50) {
    const names = Array.from({ length: Math.min(50, count - from) }, (_, index) => `guest-${from + index}`);
    clients.push(...(await Promise.all(names.map((name) => ChatTestClient.guest(address, name)))));
  }
  return clients;
}

/** The offsets a client saw in a room, in order: of others' messages, and of its own by their answers. */
function offsetsSeen(client: ChatTestClient): { offset: number; isOwn: boolean }[] {
  return client.inbox.flatMap((packet): { offset: number; isOwn: boolean }[] => {
    if (packet.type === PacketType.MESSAGE_NOTICE)
      return [{ offset: Number(packet.body.offset), isOwn: false }];
    if (packet.type === PacketType.PUBLISH_RESPONSE)
      return [{ offset: Number(packet.body.offset), isOwn: true }];
    return [];
  });
}

for (const backend of testBackends) {
  describe(`many on ${backend}`, () => {
    for (const kind of ["logged", "memory"] as const) {
      it(`each message of 300 clients reaches all the others, once, in one order (${kind} lobby)`, async (test) => {
        const count = 300;
        const notices = { maxMembers: 0 };
        const server = await startTestServer(test, backend, { notices, lobby: { kind } });
        const clients = await manyGuests(server.addresses.packets, count);
        const roomId = (clients[0] as ChatTestClient).lobbyId;
        for (const [index, client] of clients.entries()) {
          for (const part of [0, 1]) {
            client.send(PacketType.PUBLISH_REQUEST, {
              requestId: client.nextId(),
              roomId,
              clientMessageId: `m${part}`,
              text: `${index}/${part}`,
            });
          }
        }
        await until(
          () => clients.every((client) => offsetsSeen(client).length >= count * 2),
          "all messages to all",
        );
        const expected = Array.from({ length: count * 2 }, (_, index) => index + 1);
        for (const client of clients) {
          const seen = offsetsSeen(client);
          assert.deepEqual(
            seen.map(({ offset }) => offset),
            expected,
            "offsets rise, the answers to its own messages in their places",
          );
          assert.equal(seen.filter(({ isOwn }) => isOwn).length, 2);
        }
        const { gate } = server.counters();
        // The lobby's member counts are deliveries as well.
        assert.ok(gate.deliveries >= count * 2 * (count - 1));
        assert.equal(gate.requestsOutstanding, 0);
      });
    }

    it("one session's packets keep their order", async (test) => {
      const server = await startTestServer(test, backend);
      const [speaker, listener] = (await manyGuests(server.addresses.packets, 2)) as [
        ChatTestClient,
        ChatTestClient,
      ];
      const count = 2000;
      for (let index = 0; index < count; index++) {
        speaker.send(PacketType.PUBLISH_REQUEST, {
          requestId: 10_000 + index,
          roomId: LOBBY,
          clientMessageId: `m${index}`,
          text: String(index),
        });
        // The hub lets a session have so many requests under way, and refuses more with BUSY.
        if (index % 200 === 199) {
          await speaker.take(PacketType.PUBLISH_RESPONSE, ({ requestId }) => requestId === 10_000 + index);
        }
      }
      const texts: string[] = [];
      while (texts.length < count) texts.push((await listener.take(PacketType.MESSAGE_NOTICE)).text);
      assert.deepEqual(
        texts,
        Array.from({ length: count }, (_, index) => String(index)),
      );
      const answers = offsetsSeen(speaker).map(({ offset }) => offset);
      assert.deepEqual(
        answers,
        answers.toSorted((a, b) => a - b),
      );
    });

    it("a broadcast does not wait for a slow reader", async (test) => {
      const limits = { sendQueueBytes: 65_536 };
      const server = await startTestServer(test, backend, { limits, lobby: { kind: "memory" } });
      const [speaker, listener, slow] = (await manyGuests(server.addresses.packets, 3)) as [
        ChatTestClient,
        ChatTestClient,
        ChatTestClient,
      ];
      const roomId = speaker.lobbyId;
      slow.pause();
      const text = "x".repeat(4000);
      let sentCount = 0;
      while (server.counters().gate.disconnects.SLOW_READER === undefined) {
        assert.equal((await speaker.publish(roomId, text)).code, ErrorCode.OK);
        await listener.take(PacketType.MESSAGE_NOTICE);
        sentCount++;
        assert.ok(sentCount < 20_000, "the slow reader is cut off");
      }
      assert.equal(server.counters().service.sendQueueOverflows, 1);
      await listener.take(PacketType.USER_LEFT_NOTICE, ({ names }) => names.includes("guest-2"));
      assert.equal((await speaker.publish(roomId, "on we go")).code, ErrorCode.OK);
      assert.equal((await listener.take(PacketType.MESSAGE_NOTICE)).text, "on we go");
      slow.destroy();
    });

    it("slow readers do not use up the memory of the others", async (test) => {
      const server = await startTestServer(test, backend, {
        limits: { sendQueueBytes: 16_777_216 },
        lobby: { kind: "memory" },
        engine: { backend, arenaLimitBytes: 4_194_304 },
      });
      const [speaker, listener, ...slow] = (await manyGuests(server.addresses.packets, 5)) as [
        ChatTestClient,
        ChatTestClient,
        ...ChatTestClient[],
      ];
      for (const client of slow) client.pause();
      const text = "x".repeat(4000);
      for (let sentCount = 0; server.counters().connections > 2; sentCount++) {
        assert.equal((await speaker.publish(speaker.lobbyId, text)).code, ErrorCode.OK);
        await listener.take(PacketType.MESSAGE_NOTICE);
        assert.ok(sentCount < 20_000, "the slow readers are cut off");
      }
      assert.equal(server.counters().gate.relieved, 3);
      assert.equal(server.counters().gate.disconnects.SLOW_READER, 3);
      for (const client of slow) client.destroy();
    });

    it("nothing of the gate is kept after thousands of connections came and went", async (test) => {
      const limits = { connections: 32 };
      const server = await startTestServer(test, backend, { limits });
      const stays = await ChatTestClient.guest(server.addresses.packets, "stays");
      for (let round = 0; round < 100; round++) {
        const visitors = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            ChatTestClient.guest(server.addresses.packets, `visitor-${index}`),
          ),
        );
        for (const [index, visitor] of visitors.entries()) {
          visitor.send(PacketType.PUBLISH_REQUEST, {
            requestId: visitor.nextId(),
            roomId: LOBBY,
            clientMessageId: `r${round}`,
            text: `round ${round}`,
          });
          if (index % 2 === 0) await visitor.take(PacketType.PUBLISH_RESPONSE);
          visitor.destroy();
        }
        await until(() => server.counters().connections === 1, "everybody to be gone");
        stays.inbox.length = 0;
      }
      assert.equal((await stays.publish(LOBBY, "still here")).code, ErrorCode.OK);
      const { gate, hub, service, sendBuffers, port } = server.counters();
      assert.equal(gate.signedIn, 1);
      assert.equal(gate.requestsOutstanding, 0);
      assert.equal(hub.sessions, 1);
      assert.equal(service.sessionsOpened - service.sessionsClosed, 1);
      assert.equal(port.openSockets, 1);
      assert.ok(sendBuffers.usedBytes <= 65_536, "at most the chunk that is written into");
    });

    it("who joins and leaves while others talk sees each room without holes", async (test) => {
      const server = await startTestServer(test, backend);
      const [speaker, ...others] = (await manyGuests(server.addresses.packets, 10)) as [
        ChatTestClient,
        ...ChatTestClient[],
      ];
      const request = { name: "busy", create: RoomKind.MEMORY };
      const made = await speaker.ask(PacketType.JOIN_ROOM_REQUEST, request, PacketType.JOIN_ROOM_RESPONSE);
      const roomId = made.room?.roomId ?? 0;
      const talk = { isOver: false };
      const talking = (async () => {
        while (!talk.isOver) assert.equal((await speaker.publish(roomId, "bla")).code, ErrorCode.OK);
      })();
      await Promise.all(
        others.map(async (client) => {
          for (let visit = 0; visit < 20; visit++) {
            client.inbox.length = 0;
            const joined = await client.ask(
              PacketType.JOIN_ROOM_REQUEST,
              request,
              PacketType.JOIN_ROOM_RESPONSE,
            );
            await client.take(PacketType.MESSAGE_NOTICE, ({ offset }) => {
              assert.equal(
                offset,
                (joined.room?.lastOffset ?? 0n) + 1n,
                "the first after joining is the next",
              );
              return true;
            });
            await client.ask(PacketType.LEAVE_ROOM_REQUEST, { roomId }, PacketType.LEAVE_ROOM_RESPONSE);
            const offsets = offsetsSeen(client).map(({ offset }) => offset);
            const first = offsets[0] ?? 0;
            assert.deepEqual(
              offsets,
              offsets.map((_, index) => first + index),
            );
          }
        }),
      );
      talk.isOver = true;
      await talking;
    });
  });
}
