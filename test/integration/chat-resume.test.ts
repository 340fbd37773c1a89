import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryDisk } from "../../src/chat/store/memory-disk.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { MessageKind, RoomKind, type RoomState } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  again,
  cast,
  createRoom,
  edit,
  eventually,
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

const PASSWORD_LOGIN = { case: "password", value: PASSWORD } as const;

/** Takes the notices of a room until the one with this offset, and says which offsets they had. */
async function takeUntil(client: ChatTestClient, roomId: number, offset: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.at(-1) !== offset) {
    const notice = await client.take(PacketType.MESSAGE_NOTICE, (body) => body.roomId === roomId);
    seen.push(Number(notice.offset));
  }
  return seen;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function position(state: RoomState | undefined, offset: number) {
  return { epoch: state?.epoch ?? "", offset };
}

for (const backend of testBackends) {
  describe(`resume on ${backend}`, () => {
    for (const kind of ["LOGGED", "MEMORY"] as const) {
      it(`replays what came after a position, then goes on (${kind})`, async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", { kind: RoomKind[kind] });
        const state = (await ok(join(joon, "tea"))).room;
        for (let count = 0; count < 5; count++) await ok(mina.publish(roomId, `early ${count}`));
        joon.destroy();
        await ok(edit(mina, roomId, 2, "edited"));
        await ok(react(mina, roomId, 2, "👍"));
        for (let count = 0; count < 100; count++) await ok(mina.publish(roomId, `late ${count}`));
        const back = await again(server, "joon");
        const joined = await ok(join(back, "tea", { position: position(state, 3) }));
        assert.equal(joined.recovered, true);
        assert.equal(joined.room?.lastOffset, 107n);
        await ok(mina.publish(roomId, "new"));
        assert.deepEqual(await takeUntil(back, roomId, 108), range(4, 108));
      });
    }

    it("replays the lobby at login, with what was said meanwhile by the user's other sessions", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      await ok(mina.publish(LOBBY, "one"));
      await ok(joon.publish(LOBBY, "own"));
      await ok(mina.publish(LOBBY, "three"));
      const epoch = (await ok(join(mina, "lobby"))).room?.epoch ?? "";
      const back = await ChatTestClient.connect(server.addresses.packets);
      const login = { name: "joon", credential: PASSWORD_LOGIN, lobby: { epoch, offset: 0 } };
      const answer = await ok(back.logIn(login));
      assert.equal(answer.lobbyRecovered, true);
      const senders = [];
      for (let count = 0; count < 3; count++) {
        senders.push((await back.take(PacketType.MESSAGE_NOTICE)).sender);
      }
      assert.deepEqual(senders, ["mina", "joon", "mina"], "one's own too");
    });

    it("shows what is replayed as it is now", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      await ok(mina.publish(roomId, "secret"));
      await ok(mina.publish(roomId, "draft"));
      await ok(edit(mina, roomId, 2, "final"));
      const deletion = { roomId, offset: 1, clientMessageId: "gone" };
      await ok(mina.request(PacketType.DELETE_MESSAGE_REQUEST, deletion));
      const { room } = await ok(join(joon, "tea"));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      await ok(join(joon, "tea", { position: position(room, 0) }));
      const heard = [];
      for (let count = 0; count < 4; count++) heard.push(await joon.take(PacketType.MESSAGE_NOTICE));
      assert.deepEqual(
        heard.map(({ kind, text, deleted }) => [kind, text, deleted]),
        [
          [MessageKind.TEXT, "", true],
          [MessageKind.TEXT, "final", false],
          [MessageKind.EDIT, "final", false],
          [MessageKind.DELETE, "", false],
        ],
      );
    });

    it("is not recovered when the position is of another time, or from the future", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      for (let count = 0; count < 3; count++) await ok(mina.publish(roomId, "x"));
      const { room } = await ok(join(joon, "tea"));
      const epochNow = room?.epoch ?? "";
      const cases: [string, number | bigint, boolean][] = [
        [epochNow, 3, true],
        [epochNow, 0, true],
        [epochNow, 6, false],
        [epochNow, 6, true],
        [epochNow, 2n ** 64n - 1n, false],
        ["another", 2, false],
        ["", 0, false],
      ];
      for (const [epoch, offset, recovered] of cases) {
        await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
        joon.inbox.length = 0;
        const joined = await ok(join(joon, "tea", { position: { epoch, offset } }));
        assert.equal(joined.recovered, recovered, `${epoch} ${offset}`);
        const { offset: next } = await ok(mina.publish(roomId, "next"));
        const first = recovered ? Number(offset) + 1 : Number(joined.room?.lastOffset) + 1;
        assert.deepEqual(await takeUntil(joon, roomId, Number(next)), range(first, Number(next)));
      }
    });

    it("is not recovered when retention removed what came next", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      for (let count = 0; count < 10; count++) await ok(mina.publish(roomId, "x"));
      await ok(mina.request(PacketType.UPDATE_ROOM_REQUEST, { roomId, retentionCount: 4 }));
      await eventually(
        async () => (await ok(history(mina, roomId))).messages.length,
        (length) => length === 4,
        "retention",
      );
      const { room } = await ok(join(joon, "tea"));
      for (const [offset, recovered] of [
        [5, false],
        [6, true],
      ] as const) {
        await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
        const joined = await ok(join(joon, "tea", { position: position(room, offset) }));
        assert.equal(joined.recovered, recovered, `from ${offset}`);
        assert.equal(joined.room?.firstOffset, 7n);
      }
      assert.deepEqual(await takeUntil(joon, roomId, 10), range(7, 10));
    });

    it("has no gap and nothing twice while others talk without a pause", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      const { room } = await ok(join(joon, "tea"));
      const talk = { isOver: false };
      const talking = (async () => {
        while (!talk.isOver) await ok(mina.publish(roomId, "bla ".repeat(50)));
      })();
      let seen = 0;
      for (let visit = 0; visit < 15; visit++) {
        await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
        joon.inbox.length = 0;
        const joined = await ok(join(joon, "tea", { position: position(room, seen) }));
        assert.equal(joined.recovered, true);
        const last = Number(joined.room?.lastOffset) + 20;
        assert.deepEqual(await takeUntil(joon, roomId, last), range(seen + 1, last));
        seen = visit % 3 === 0 ? 0 : last;
      }
      talk.isOver = true;
      await talking;
    });

    it("answers what the user publishes during a replay, and brings it in its place too", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
      const roomId = await createRoom(mina, "tea");
      const { room } = await ok(join(joon, "tea"));
      for (let count = 0; count < 300; count++) await ok(mina.publish(roomId, "y".repeat(500)));
      await ok(joon.request(PacketType.LEAVE_ROOM_REQUEST, { roomId }));
      joon.inbox.length = 0;
      const joined = join(joon, "tea", { position: position(room, 0) });
      const own = joon.publish(roomId, "meanwhile");
      assert.equal((await ok(joined)).recovered, true);
      const { offset } = await ok(own);
      await ok(mina.publish(roomId, "after"));
      const last = Number(offset) + 1;
      const seen = await takeUntil(joon, roomId, last);
      assert.deepEqual(
        seen.filter((seenOffset) => seenOffset !== Number(offset)),
        [...range(1, Number(offset) - 1), last],
      );
    });

    it("goes over a restart on the same disk: logged rooms go on, rooms in memory are new", async (test) => {
      const disk = new MemoryDisk();
      const firstStore = new MemoryStore({ disk });
      const first = await startTestServer(test, backend, { store: firstStore });
      const { mina, joon } = await cast(first, { mina: "account", joon: "account" });
      const login = await again(first, "joon");
      const roomId = await createRoom(mina, "tea");
      const memoryId = await createRoom(mina, "smoke", { kind: RoomKind.MEMORY });
      const tea = (await ok(join(joon, "tea"))).room;
      const smoke = (await ok(join(joon, "smoke"))).room;
      for (let count = 0; count < 4; count++) await ok(mina.publish(roomId, `kept ${count}`));
      await ok(mina.publish(memoryId, "lost"));
      const credentials = await ChatTestClient.connect(first.addresses.packets);
      const { resumeToken } = await ok(
        credentials.logIn({ name: "joon", credential: PASSWORD_LOGIN, label: "phone" }),
      );
      assert.equal(resumeToken.length, 32);
      await first.stop(1000);
      await firstStore.close();
      await login.ended;

      const second = await startTestServer(test, backend, { store: new MemoryStore({ disk }) });
      const back = await ChatTestClient.connect(second.addresses.packets);
      const answer = await ok(back.logIn({ credential: { case: "resumeToken", value: resumeToken } }));
      assert.equal(answer.user?.name, "joon");
      assert.equal(answer.resumeToken.length, 0, "the one it came with still lasts");
      const teaAgain = await ok(join(back, "tea", { position: position(tea, 1) }));
      assert.equal(teaAgain.recovered, true);
      assert.deepEqual(await takeUntil(back, roomId, 4), [2, 3, 4]);
      const smokeAgain = await ok(
        join(back, "smoke", { position: position(smoke, 0), create: RoomKind.MEMORY }),
      );
      assert.equal(smokeAgain.recovered, false);
      assert.notEqual(smokeAgain.room?.epoch, smoke?.epoch);
    });

    it("several sessions resume at once, each at its own place", async (test) => {
      const server = await startTestServer(test, backend);
      const { mina } = await cast(server, { mina: "account" });
      const roomId = await createRoom(mina, "tea");
      const { room } = await ok(join(mina, "tea"));
      for (let count = 0; count < 200; count++) await ok(mina.publish(roomId, "z".repeat(300)));
      const clients = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          ChatTestClient.guest(server.addresses.packets, `guest-${index}`),
        ),
      );
      const joins = clients.map((client, index) =>
        ok(join(client, "tea", { position: position(room, index * 10) })),
      );
      await ok(mina.publish(roomId, "new"));
      for (const joined of await Promise.all(joins)) assert.equal(joined.recovered, true);
      for (const [index, client] of clients.entries()) {
        assert.deepEqual(await takeUntil(client, roomId, 201), range(index * 10 + 1, 201));
      }
      await joinAll("tea", mina);
    });
  });
}
