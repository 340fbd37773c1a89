import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { RoomKind, SlowReader } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { account, admin, createRoom, join, LOBBY, ok, PASSWORD } from "../support/chat-scenes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { connectWeb, startWebChatServer, upgradeStatus, webGuest } from "../support/web-chat-server.ts";

/** The offsets of a room's messages that a client heard, its own by their answers left out. */
function offsetsOf({ inbox }: ChatTestClient, roomId: number): number[] {
  return inbox.flatMap((packet) =>
    packet.type === PacketType.MESSAGE_NOTICE && packet.body.roomId === roomId
      ? [Number(packet.body.offset)]
      : [],
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

for (const backend of testBackends) {
  describe(`chat over WebSocket on ${backend}`, () => {
    it("registers, logs in, and talks with clients over TCP, both ways and in one order", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend);
      const { client: mina, closing } = await connectWeb(url);
      await ok(mina.register("mina", PASSWORD));
      await ok(mina.login("mina", PASSWORD));
      const joon = await account(chat, "joon");
      const { client: sora } = await webGuest(url, "sora");
      for (const speaker of [mina, joon, mina, sora, joon]) await ok(speaker.publish(LOBBY, "hello 안녕"));
      await until(() => offsetsOf(sora, LOBBY).length === 4, "the others' messages");
      for (const each of [mina, joon, sora]) await each.sync();
      assert.deepEqual(offsetsOf(mina, LOBBY), [2, 4, 5]);
      assert.deepEqual(offsetsOf(joon, LOBBY), [1, 3, 4]);
      assert.deepEqual(offsetsOf(sora, LOBBY), [1, 2, 3, 5]);
      await ok(joon.whisper("mina", "a word"));
      assert.equal((await mina.take(PacketType.WHISPER_NOTICE)).text, "a word");

      assert.equal(chat.counters().connections, 3);
      assert.equal(chat.inspect.totals().websocket, 2);
      mina.send(PacketType.LOGOUT_REQUEST, { requestId: mina.nextId() });
      assert.equal((await mina.take(PacketType.DISCONNECT)).code, DisconnectCode.LOGGED_OUT);
      assert.deepEqual(await closing, { code: DisconnectCode.LOGGED_OUT, reason: "LOGGED_OUT" });
      for (const each of [joon, sora]) each.destroy();
      await expectRest();
    });

    it("carries many messages of many, in order, with and without compression", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend, {
        websocket: { deflate: true },
      });
      const clients = [
        await ChatTestClient.guest(chat.addresses.packets, "tcp-one"),
        await ChatTestClient.guest(chat.addresses.packets, "tcp-two"),
        (await webGuest(url, "web-one")).client,
        (await webGuest(url, "web-two")).client,
        (await webGuest(url, "deflate-one", { deflate: true })).client,
        (await webGuest(url, "deflate-two", { deflate: true })).client,
      ];
      const count = 100;
      const said = await Promise.all(
        clients.map((client, index) =>
          Promise.all(
            Array.from({ length: count }, (_, nth) =>
              client.publish(LOBBY, `${index}/${nth} `.repeat(1 + (nth % 40))),
            ),
          ),
        ),
      );
      for (const [index, client] of clients.entries()) {
        const own = new Set(
          said[index]?.map(({ code, offset }) => (assert.equal(code, ErrorCode.OK), Number(offset))),
        );
        await until(() => offsetsOf(client, LOBBY).length === count * (clients.length - 1), "all of them");
        const expected = range(1, count * clients.length).filter((offset) => !own.has(offset));
        assert.deepEqual(offsetsOf(client, LOBBY), expected);
      }
      for (const client of clients) client.destroy();
      await expectRest();
    });

    it("resumes where another kind of connection left", async (test) => {
      const { chat, url } = await startWebChatServer(test, backend);
      const joon = await account(chat, "joon");
      const { client: mina } = await connectWeb(url);
      await ok(mina.register("mina", PASSWORD));
      const first = await ok(mina.login("mina", PASSWORD));
      await ok(joon.publish(LOBBY, "heard"));
      await until(() => offsetsOf(mina, LOBBY).length === 1, "the first");
      mina.destroy();
      for (let count = 0; count < 300; count++) await ok(joon.publish(LOBBY, `missed ${count}`));
      const { client: back } = await connectWeb(url);
      const again = await ok(
        back.logIn({
          credential: { case: "resumeToken", value: first.resumeToken },
          lobby: { epoch: first.lobby?.epoch ?? "", offset: 1 },
        }),
      );
      assert.equal(again.lobbyRecovered, true);
      await ok(joon.publish(LOBBY, "and on"));
      await until(() => offsetsOf(back, LOBBY).at(-1) === 302, "the newest");
      assert.deepEqual(offsetsOf(back, LOBBY), range(2, 302));
    });

    for (const policy of ["SKIP_TO_LATEST", "CATCH_UP"] as const) {
      for (const deflate of [false, true]) {
        const title = `a slow reader ${policy === "CATCH_UP" ? "gets everything as it reads" : "is told what it missed"}`;
        it(`${title}${deflate ? ", compressed" : ""}`, async (test) => {
          const { chat, url, expectRest } = await startWebChatServer(test, backend, {
            limits: { sendQueueBytes: 131_072 },
            websocket: { deflate },
          });
          const mina = await account(chat, "mina");
          const roomId = await createRoom(mina, "tea", {
            kind: RoomKind.LOGGED,
            slowReader: SlowReader[policy],
          });
          const { client: joon } = await webGuest(url, "joon", { deflate });
          await ok(join(joon, "tea"));
          await mina.sync();
          joon.pause();
          // More than the kernel takes, of texts that hardly compress, and a little at a time: what comes in
          // one turn and is more than the queue may hold is skipped by whoever reads, too.
          let last = 0;
          let slow = "";
          const counters = () => chat.counters().gate;
          const query = { search: "joon", slowOnly: true, sort: "queue", limit: 1 } as const;
          while (slow === "") {
            const said = await Promise.all(
              Array.from({ length: 10 }, (_, index) => mina.publish(roomId, noise(last + index))),
            );
            for (const { code } of said) assert.equal(ErrorCode[code], "OK");
            last += 10;
            slow = chat.inspect.sessions(query).sessions[0]?.slow ?? "";
            assert.ok(last < 40_000, "its queue fills up");
          }
          assert.match(slow, policy === "CATCH_UP" ? /is replayed to in 1 room/ : /skips messages in 1 room/);
          joon.resume();
          if (policy === "SKIP_TO_LATEST") {
            await until(() => joon.heard(PacketType.ROOM_GAP_NOTICE).length > 0, "the gap");
          } else {
            await until(() => offsetsOf(joon, roomId).at(-1) === last, "all of it");
          }
          const next = Number((await ok(mina.publish(roomId, "new"))).offset);
          await until(() => offsetsOf(joon, roomId).at(-1) === next, "what is new");
          const told = joon.inbox.flatMap((packet) => {
            if (packet.type === PacketType.MESSAGE_NOTICE && packet.body.roomId === roomId) {
              return [Number(packet.body.offset)];
            }
            if (packet.type !== PacketType.ROOM_GAP_NOTICE) return [];
            return range(Number(packet.body.fromOffset), Number(packet.body.toOffset));
          });
          assert.deepEqual(told, range(1, next), "heard, or told to be left out");
          assert.equal(joon.heard(PacketType.ROOM_GAP_NOTICE).length > 0, policy === "SKIP_TO_LATEST");
          assert.equal(counters().disconnects.SLOW_READER ?? 0, 0);
          for (const each of [mina, joon]) each.destroy();
          await expectRest();
        });
      }
    }

    it("cuts a slow reader off where the room says so, and nobody else", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend, {
        limits: { sendQueueBytes: 131_072 },
      });
      const mina = await account(chat, "mina");
      const { client: joon } = await webGuest(url, "joon");
      const { client: sora } = await webGuest(url, "sora");
      joon.pause();
      let said = 0;
      while ((chat.counters().gate.disconnects.SLOW_READER ?? 0) === 0) {
        await Promise.all(Array.from({ length: 10 }, () => mina.publish(LOBBY, noise(said++))));
        // The other reads, however slow this machine is.
        await until(() => sora.inbox.length >= said, "the other has all");
        assert.ok(said < 40_000, "it is cut off");
      }
      const [ending] = chat.inspect.disconnects();
      assert.deepEqual([ending?.user, ending?.transport, ending?.code], ["joon", "websocket", "SLOW_READER"]);
      assert.deepEqual(offsetsOf(sora, LOBBY), range(1, said));
      for (const each of [mina, joon, sora]) each.destroy();
      await expectRest();
    });

    it("refuses upgrades that it should not take, each with its status", async (test) => {
      const { chat, url, expectRest } = await startWebChatServer(test, backend, {
        limits: { connections: 2 },
      });
      assert.equal(await upgradeStatus(url, { origin: "https://evil.example" }), 403);
      assert.equal(await upgradeStatus(url, { protocols: ["chat"] }), 400);
      assert.equal(await upgradeStatus(url, { protocols: [] }), 400);
      assert.equal(await upgradeStatus(url), 101);
      await expectRest();
      const guest = await ChatTestClient.guest(chat.addresses.packets, "mina");
      const { client: web } = await webGuest(url, "joon");
      assert.equal(await upgradeStatus(url), 503, "two connections are the limit");
      const refused = await ChatTestClient.connect(chat.addresses.packets, { hello: false });
      assert.equal(await refused.disconnectCode(), "SERVER_FULL", "over TCP too");
      for (const each of [guest, web]) each.destroy();
      await expectRest();
    });

    it("is ended with everybody else's connections: kicked, banned, replaced", async (test) => {
      const { chat, url } = await startWebChatServer(test, backend);
      const root = await admin(chat, "root");
      const { client: mina, closing } = await webGuest(url, "mina");
      await ok(root.request(PacketType.ADMIN_USER_REQUEST, { name: "mina", action: 1, reason: "enough" }));
      assert.equal((await mina.take(PacketType.DISCONNECT)).code, DisconnectCode.KICKED);
      assert.equal((await closing).code, DisconnectCode.KICKED);
      const joon = await webGuest(url, "joon");
      const found = chat.inspect.sessions({ search: "joon", slowOnly: false, sort: "user", limit: 1 });
      const [snapshot] = found.sessions;
      assert.equal(snapshot?.transport, "websocket");
      assert.equal(chat.inspect.endSession(snapshot.session), true);
      assert.equal((await joon.closing).code, DisconnectCode.KICKED);
      assert.equal(chat.inspect.endSession(snapshot.session), false);
    });

    it("stops with SHUTDOWN as its close code, and waits for the answer to it", async (test) => {
      const { chat, url, http } = await startWebChatServer(test, backend);
      const web = await Promise.all(Array.from({ length: 8 }, (_, index) => webGuest(url, `user${index}`)));
      const answers = web.map(({ client }) => client.publish(LOBBY, "the last thing I say"));
      await until(() => chat.counters().gate.packetsReceived >= 16, "they were asked");
      await chat.stop(5000);
      for (const [index, { client, closing }] of web.entries()) {
        assert.equal(ErrorCode[(await answers[index])?.code ?? -1], "OK", "what was asked is answered");
        assert.deepEqual(await closing, { code: DisconnectCode.SHUTDOWN, reason: "SHUTDOWN" });
        const last = client.inbox.at(-1);
        assert.ok(last?.type === PacketType.DISCONNECT && last.body.retryAfterMs > 0);
      }
      assert.deepEqual([chat.counters().connections, http.service.sessionCount], [0, 0]);
      assert.equal(await upgradeStatus(url), 503, "while it drains, HTTP is still there");
      assert.equal(chat.counters().sendBuffers.usedBytes <= 65_536, true);
    });

    it("tells what it costs: commits and fan-out", async (test) => {
      const { chat, url } = await startWebChatServer(test, backend);
      const { client } = await webGuest(url, "mina");
      for (let count = 0; count < 10; count++) await ok(client.publish(LOBBY, "hello"));
      const { commitSeconds, fanOutSeconds } = chat.histograms;
      assert.ok(commitSeconds.count >= 10 && commitSeconds.sumSeconds > 0);
      assert.ok(fanOutSeconds.count >= 10 && fanOutSeconds.sumSeconds > 0);
      const { rooms } = chat.inspect.rooms({ search: "lob", sort: "messages", limit: 5 });
      assert.deepEqual(
        rooms.map(({ name, members, lastOffset, messages }) => [name, members, lastOffset, messages]),
        [["lobby", 1, 10, 10]],
      );
    });

    it("measures round trips", async (test) => {
      const { chat, url } = await startWebChatServer(test, backend);
      await webGuest(url, "mina");
      const look = () =>
        chat.inspect.sessions({ search: "mina", slowOnly: false, sort: "roundTrip", limit: 1 }).sessions[0];
      const before = look();
      assert.equal(before?.roundTripMs, -1);
      chat.inspect.measureRoundTrips([before.session]);
      await until(() => (look()?.roundTripMs ?? -1) >= 0, "the answer to the ping");
    });

    it("takes packets as one message or several, whatever the client makes of them", async (test) => {
      const { url } = await startWebChatServer(test, backend);
      const { client, socket } = await webGuest(url, "mina");
      const packets = Array.from({ length: 5 }, (_, index) =>
        encodePacketBytes(PacketType.PING, { nonce: index + 1 }),
      );
      socket.send(Buffer.concat(packets));
      const fragments = Buffer.concat(packets);
      for (let at = 0; at < fragments.length; at++) {
        socket.send(fragments.subarray(at, at + 1), { binary: true, fin: at === fragments.length - 1 });
      }
      await until(() => client.heard(PacketType.PONG).length === 10, "ten pongs");
      assert.equal(socket.readyState, WebSocket.OPEN);
    });
  });
}

/** 4,000 bytes that look random, and are the same for the same number. */
function noise(seed: number): string {
  let state = (seed + 1) * 2_654_435_761;
  let text = "";
  while (text.length < 4000) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, 4000);
}
