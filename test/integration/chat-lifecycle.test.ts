import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startChatServer, StartError } from "../../src/chat/chat-server.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { socketAddress } from "../../src/engine/index.ts";
import { ErrorCode, mayReconnect, PacketType } from "../../src/protocol/codes.ts";
import { DisconnectCode } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { ChatTestClient, until } from "../support/chat-test-client.ts";
import { FakeHasher, startTestServer, testBackends } from "../support/chat-test-server.ts";
import { autoBackend } from "../support/test-ports.ts";

const LOBBY = 1;

for (const backend of testBackends) {
  describe(`lifecycle on ${backend}`, () => {
    it("says Hello first, with the limits that hold", async (test) => {
      const server = await startTestServer(test, backend, { limits: { packetBytes: 9000, textBytes: 1234 } });
      const client = await ChatTestClient.connect(server.addresses.packets, { hello: false });
      const hello = await client.take(PacketType.HELLO);
      assert.equal(hello.protocolVersion, 1);
      assert.equal(hello.packetLimitBytes, 9000);
      assert.equal(hello.textLimitBytes, 1234);
      assert.equal(hello.pingIntervalMs, 25_000);
      assert.equal(hello.pongTimeoutMs, 8000);
      assert.equal(hello.guestsAllowed, true);
      assert.ok(hello.epoch.length >= 12);
      assert.equal(client.inbox.length, 0);
    });

    it("pings who is silent, keeps who answers, and ends who does not: HEARTBEAT_TIMEOUT", async (test) => {
      const timeouts = { pingMs: 200, pongMs: 400 };
      const server = await startTestServer(test, backend, { timeouts });
      const answers = await ChatTestClient.guest(server.addresses.packets, "answers");
      const silent = await ChatTestClient.guest(server.addresses.packets, "silent");
      silent.answersPings = false;
      assert.equal(await silent.disconnectCode(), "HEARTBEAT_TIMEOUT");
      for (let count = 0; count < 3; count++) await answers.take(PacketType.PING);
      assert.equal((await answers.publish(LOBBY, "alive")).code, ErrorCode.OK);
    });

    it("answers a client's ping with its nonce", async (test) => {
      const server = await startTestServer(test, backend);
      const client = await ChatTestClient.connect(server.addresses.packets);
      client.send(PacketType.PING, { nonce: 4_000_000_000 });
      assert.equal((await client.take(PacketType.PONG)).nonce, 4_000_000_000);
    });

    it("ends who does not log in: HANDSHAKE_TIMEOUT, and nobody else", async (test) => {
      const server = await startTestServer(test, backend, { timeouts: { handshakeMs: 300 } });
      const user = await ChatTestClient.guest(server.addresses.packets, "user");
      const nobody = await ChatTestClient.connect(server.addresses.packets);
      assert.equal(await nobody.disconnectCode(), "HANDSHAKE_TIMEOUT");
      await setTimeout(300);
      assert.equal((await user.publish(LOBBY, "hi")).code, ErrorCode.OK);
      assert.ok(!user.inbox.some(({ type }) => type === PacketType.USER_LEFT_NOTICE));
    });

    it("tells a connection that it refuses why", async (test) => {
      const full = await startTestServer(test, backend, { limits: { connections: 1 } });
      await ChatTestClient.guest(full.addresses.packets, "first");
      const second = await ChatTestClient.connect(full.addresses.packets, { hello: false });
      const { code, retryAfterMs } = await second.take(PacketType.DISCONNECT);
      assert.equal(code, DisconnectCode.SERVER_FULL);
      assert.ok(retryAfterMs >= 200);
      await second.ended;

      const narrow = await startTestServer(test, backend, { limits: { connectionsPerAddress: 1 } });
      const first = await ChatTestClient.guest(narrow.addresses.packets, "first");
      const other = await ChatTestClient.connect(narrow.addresses.packets, { hello: false });
      assert.equal(await other.disconnectCode(), "ADDRESS_LIMIT");
      first.destroy();
      await until(() => narrow.counters().connections === 0, "the place to be free");
      await ChatTestClient.guest(narrow.addresses.packets, "second");
    });

    it("a stop answers what was asked, tells every client when to come back, and closes", async (test) => {
      const server = await startTestServer(test, backend);
      const clients = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          ChatTestClient.guest(server.addresses.packets, `guest-${index}`),
        ),
      );
      const anonymous = await ChatTestClient.connect(server.addresses.packets);
      const answers = clients.map((client) => client.publish(LOBBY, "last words"));
      await until(() => server.counters().gate.packetsReceived >= 40, "the requests");
      const stopped = server.stop(5000);
      for (const answer of await Promise.all(answers)) assert.equal(answer.code, ErrorCode.OK);
      const waits = new Set<number>();
      for (const client of [...clients, anonymous]) {
        const { code, retryAfterMs } = await client.take(PacketType.DISCONNECT);
        assert.equal(code, DisconnectCode.SHUTDOWN);
        assert.ok(mayReconnect(code));
        assert.ok(retryAfterMs >= 200 && retryAfterMs <= 1500);
        waits.add(retryAfterMs);
        await client.ended;
      }
      assert.ok(waits.size > 5, "they do not all come back at once");
      await stopped;
      await assert.rejects(ChatTestClient.connect(server.addresses.packets));
    });

    it("a stop waits no longer than it is told for what never comes", async (test) => {
      const hasher = new FakeHasher();
      hasher.hash = () => new Promise(() => undefined);
      const server = await startTestServer(test, backend, { hasher });
      const client = await ChatTestClient.connect(server.addresses.packets);
      void client.register("mina", "correct horse battery").catch(() => undefined);
      await until(() => server.counters().gate.packetsReceived > 0, "the request");
      await server.stop(100);
      assert.equal((await client.take(PacketType.DISCONNECT)).code, DisconnectCode.SHUTDOWN);
    });

    it("keeps accounts and the lobby's messages over a restart", async (test) => {
      const directory = mkdtempSync(join(tmpdir(), "portico-restart-"));
      test.after(() => rmSync(directory, { recursive: true, force: true }));
      const start = () =>
        startChatServer({
          packets: { address: socketAddress("127.0.0.1", 0) },
          data: { directory },
          engine: { backend },
          hasher: new FakeHasher(),
        });
      const first = await start();
      const mina = await ChatTestClient.connect(first.addresses.packets);
      await mina.register("mina", "correct horse battery");
      const before = await mina.login("mina", "correct horse battery");
      await mina.publish(before.lobby?.roomId ?? 0, "do you remember", "my-id");
      await first.stop(1000);
      const second = await start();
      test.after(() => second.stop(1000));
      const again = await ChatTestClient.connect(second.addresses.packets);
      const after = await again.login("mina", "correct horse battery");
      assert.equal(after.lobby?.epoch, before.lobby?.epoch);
      assert.equal(after.lobby?.lastOffset, 1n);
      const roomId = after.lobby?.roomId ?? 0;
      assert.equal((await again.publish(roomId, "do you remember", "my-id")).offset, 1n, "the same message");
      const history = await again.ask(PacketType.HISTORY_REQUEST, { roomId }, PacketType.HISTORY_RESPONSE);
      assert.deepEqual(
        history.messages.map(({ text }) => text),
        ["do you remember"],
      );
    });
  });
}

describe(`a start that fails, on ${autoBackend}`, () => {
  const packets = { address: socketAddress("127.0.0.1", 0) };

  async function failure(options: Parameters<typeof startChatServer>[0]): Promise<StartError> {
    let failed: unknown;
    await startChatServer(options).catch((error: unknown) => {
      failed = error;
    });
    assert.ok(failed instanceof StartError, String(failed));
    assert.ok(!failed.message.includes("\n"), "one line");
    return failed;
  }

  for (const backend of testBackends) {
    it(`says that the port is in use, on ${backend}`, async (test) => {
      const other = createServer().listen(0, "127.0.0.1");
      test.after(() => other.close());
      await until(() => other.listening, "the other server");
      const { port } = other.address() as { port: number };
      const address = socketAddress("127.0.0.1", port);
      const error = await failure({ packets: { address }, store: new MemoryStore(), engine: { backend } });
      assert.equal(error.code, "ADDRESS_IN_USE");
      assert.ok(error.message.includes(`127.0.0.1:${port}`));
    });

    it(`says that the machine does not have the address, on ${backend}`, async () => {
      const address = socketAddress("192.0.2.1", 9000);
      const error = await failure({ packets: { address }, store: new MemoryStore(), engine: { backend } });
      assert.equal(error.code, "ADDRESS_UNAVAILABLE");
    });
  }

  it("says that the data directory cannot be used", async (test) => {
    const directory = mkdtempSync(join(tmpdir(), "portico-data-"));
    test.after(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "a-file");
    writeFileSync(file, "");
    const error = await failure({ packets, data: { directory: join(file, "data") } });
    assert.equal(error.code, "DATA_UNUSABLE");
    assert.ok(error.message.includes("a-file"));
  });

  it(
    "says that the data directory cannot be written",
    { skip: process.getuid?.() === 0 && "root may write anywhere" },
    async (test) => {
      const directory = mkdtempSync(join(tmpdir(), "portico-data-"));
      test.after(() => rmSync(directory, { recursive: true, force: true }));
      chmodSync(directory, 0o500);
      assert.equal((await failure({ packets, data: { directory } })).code, "DATA_UNUSABLE");
    },
  );

  it("says that another server has the data", async (test) => {
    const directory = mkdtempSync(join(tmpdir(), "portico-data-"));
    test.after(() => rmSync(directory, { recursive: true, force: true }));
    const first = await startChatServer({ packets, data: { directory } });
    test.after(() => first.stop(1000));
    assert.equal((await failure({ packets, data: { directory } })).code, "DATA_LOCKED");
  });

  it("says which settings contradict each other", async () => {
    const limits = { packetBytes: 2000, textBytes: 4000 };
    const error = await failure({ packets, store: new MemoryStore(), limits });
    assert.equal(error.code, "BAD_SETTING");
    assert.ok(error.message.includes("textBytes"));
  });
});
