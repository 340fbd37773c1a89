import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { DisconnectCode } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { account, LOBBY } from "../support/chat-scenes.ts";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

interface Said {
  readonly text: string;
  readonly requestId: number;
}

for (const backend of testBackends) {
  describe(`draining on ${backend}`, () => {
    it("loses nothing that it acknowledged, refuses with BUSY, and says when to come back", async (test) => {
      const store = new MemoryStore();
      const server = await startTestServer(test, backend, { store });
      const clients = await Promise.all(
        Array.from({ length: 20 }, (_, index) => account(server, `user-${index}`)),
      );
      const said = new Map<ChatTestClient, Said[]>(clients.map((client) => [client, []]));
      const talk = { isOver: false };
      const talking = clients.map(async (client, index) => {
        while (!talk.isOver && !client.isEnded) {
          for (let count = 0; count < 10; count++) {
            const requestId = client.nextId();
            const text = `${index}/${requestId}`;
            said.get(client)?.push({ text, requestId });
            const message = { requestId, roomId: LOBBY, clientMessageId: text, text };
            client.send(PacketType.PUBLISH_REQUEST, message);
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      await until(() => server.counters().gate.packetsReceived > 1000, "lively talk");
      await server.stop(5000);
      talk.isOver = true;
      await Promise.all(talking);
      await Promise.all(clients.map((client) => client.ended));

      const kept = new Map(store.disk.log(LOBBY).map(({ offset, text }) => [offset, text]));
      let acknowledgedCount = 0;
      const waits = new Set<number>();
      for (const client of clients) {
        const requests = new Map(said.get(client)?.map(({ requestId, text }) => [requestId, text]));
        for (const { requestId, code, offset, retryAfterMs } of client.heard(PacketType.PUBLISH_RESPONSE)) {
          assert.ok(code === ErrorCode.OK || code === ErrorCode.BUSY, ErrorCode[code]);
          const text = requests.get(requestId);
          assert.ok(text !== undefined, "one answer for a request");
          requests.delete(requestId);
          if (code === ErrorCode.BUSY) assert.ok(retryAfterMs > 0);
          else {
            acknowledgedCount++;
            assert.equal(kept.get(Number(offset)), text, "what was acknowledged is kept");
          }
        }
        const last = client.inbox.at(-1);
        assert.equal(last?.type, PacketType.DISCONNECT, "the last packet");
        const [disconnect] = client.heard(PacketType.DISCONNECT);
        assert.equal(disconnect?.code, DisconnectCode.SHUTDOWN);
        assert.ok((disconnect?.retryAfterMs ?? 0) > 0);
        waits.add(disconnect?.retryAfterMs ?? 0);
      }
      assert.ok(acknowledgedCount > 100, `${acknowledgedCount} acknowledged`);
      assert.ok(waits.size > 5, "they do not all come back at once");
      const { hub, gate, service, sendBuffers, connections } = server.counters();
      assert.deepEqual([hub.sessions, hub.users, gate.requestsOutstanding, connections], [0, 0, 0, 0]);
      assert.equal(hub.pendingAppends, 0);
      assert.equal(service.sessionsOpened, service.sessionsClosed);
      assert.equal(sendBuffers.usedBytes, 0);
    });

    it("lets nobody in any more, and ends with those who do not read", async (test) => {
      const server = await startTestServer(test, backend);
      const mina = await account(server, "mina");
      mina.pause();
      for (let count = 0; count < 200; count++) {
        const requestId = mina.nextId();
        mina.send(PacketType.HISTORY_REQUEST, { requestId, roomId: LOBBY });
      }
      await server.stop(1000);
      await assert.rejects(ChatTestClient.connect(server.addresses.packets));
      mina.resume();
      await mina.ended;
    });
  });
}
