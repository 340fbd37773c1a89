import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../../src/base/random.ts";
import {
  type Framer,
  type PortSocket,
  Service,
  type ServiceLimits,
  type Session,
} from "../../src/engine/index.ts";
import { pausingCases } from "./session-cases/pausing.ts";
import { peerEndedCases } from "./session-cases/peer-ended.ts";
import { switchingCases } from "./session-cases/switching.ts";
import { frame, Peer, type SessionEnvironment, sizeFramer, World } from "./session-world.ts";

/** The kind of port that the suite runs on. */
export interface SessionSubject {
  readonly name: string;
  /** Why the suite cannot run here. */
  readonly skipReason?: string | undefined;
  create(): Promise<SessionEnvironment>;
}

export interface SessionSuiteOptions {
  /** Connect/close cycles of the churn test. Default 10,000. */
  readonly churnCycles?: number;
}

/** Settings of a case's services. */
export interface SessionCaseSettings {
  readonly server?: Partial<ServiceLimits>;
  readonly client?: Partial<ServiceLimits>;
  readonly framer?: Framer;
  readonly echoes?: boolean;
}

/** Registers one case of the suite. What it leaves open is closed and counted afterwards. */
export type SessionCase = (
  title: string,
  run: (world: World) => Promise<void>,
  settings?: SessionCaseSettings,
) => void;

/** Sessions and services over one port. */
export function describeSessions(subject: SessionSubject, options: SessionSuiteOptions = {}): void {
  const { name } = subject;
  const skip = subject.skipReason ?? false;

  const withWorld: SessionCase = (title, run, settings = {}) => {
    it(`${title} [${name}]`, { skip }, async () => {
      const world = new World(await subject.create(), settings, settings.framer);
      world.echoes = settings.echoes ?? false;
      await world.listen();
      try {
        await run(world);
      } catch (error) {
        await world.env.close();
        throw error;
      }
      await world.end();
    });
  };

  describe(`sessions on ${name}`, { skip }, () => {
    switchingCases(withWorld);
    pausingCases(withWorld);
    peerEndedCases(withWorld);

    withWorld(
      "echo is byte-exact in every split",
      async (world) => {
        const { client, clientSession } = await world.connect();
        const random = new SeededRandom(7);
        const message = Buffer.from(random.bytes(97));
        let sent = Buffer.alloc(0);
        for (let split = 1; split <= message.length; split++) {
          for (let at = 0; at < message.length; at += split) {
            const part = message.subarray(at, Math.min(at + split, message.length));
            assert.ok(clientSession.sendBytes(part));
            sent = Buffer.concat([sent, part]);
          }
          await world.env.until(() => client.receivedBytes === sent.length, `the echo of split ${split}`);
        }
        assert.ok(client.bytes.equals(sent));
      },
      { echoes: true },
    );

    withWorld(
      "frames are the same in every split of the stream",
      async (world) => {
        const raw = new Service({ port: world.env.client, kind: "client", createHandler: () => new Peer() });
        const random = new SeededRandom(11);
        const bodies = Array.from({ length: 60 }, (_, index) => random.bytes(index % 7 === 0 ? 3000 : index));
        const stream = Buffer.concat(bodies.map(frame));
        const session = await world.env.settled(raw.connect(world.address));
        await world.env.until(() => world.serverPeers[0]?.session !== undefined, "the server accepts");
        const server = world.serverPeers[0] as Peer;
        let at = 0;
        while (at < stream.length) {
          const count = Math.min(1 + random.below(random.chance(0.5) ? 4 : 700), stream.length - at);
          session.sendBytes(stream.subarray(at, at + count));
          at += count;
          if (random.chance(0.5)) await world.env.until(() => session.queuedBytes === 0, "the part leaves");
        }
        await world.env.until(() => server.received.length === bodies.length, "all frames");
        for (const [index, body] of bodies.entries()) assert.ok(server.received[index]?.equals(frame(body)));
        await world.env.settled(raw.close());
      },
      { framer: sizeFramer },
    );

    withWorld(
      "half close: a peer that has finished sending is answered in full",
      async (world) => {
        const { client, server, clientSession } = await world.connect();
        const question = Buffer.alloc(300_000, "q");
        clientSession.sendBytes(question);
        clientSession.disconnect("DISCONNECT", 5); // sends what is queued, then FIN, and still hears
        await world.env.until(() => server.ends.length === 1 && client.ends.length === 1, "both end");
        assert.equal(server.receivedBytes, question.length);
        assert.deepEqual(server.ends, [{ reason: "RECV_0", detail: 0 }]);
        assert.deepEqual(client.ends, [{ reason: "DISCONNECT", detail: 5 }]);
      },
      { echoes: true, server: { drainTimeoutMs: 20_000 }, client: { drainTimeoutMs: 20_000 } },
    );

    withWorld("a peer's reset ends the session with RECV_ERROR or SEND_ERROR", async (world) => {
      const { client, server, clientSession, serverSession } = await world.connect();
      clientSession.abort();
      await world.env.until(() => server.ends.length === 1 && client.ends.length === 1, "both end");
      assert.match(server.ends[0]?.reason ?? "", /^(RECV_ERROR|SEND_ERROR)$/);
      assert.equal(client.ends[0]?.reason, "DISCONNECT");
      assert.equal(serverSession.state, "closed");
    });

    it(`a refused connection rejects with ECONNREFUSED [${name}]`, { skip }, async () => {
      const world = new World(await subject.create(), {});
      await world.listen();
      for (const service of [world.server]) await world.env.settled(service.close());
      await assert.rejects(world.env.settled(world.client.connect(world.address)), { code: "ECONNREFUSED" });
      assert.equal(world.client.counters.connectErrors, 1);
      await world.end();
    });

    withWorld(
      "closing with sends pending leaks nothing",
      async (world) => {
        for (let round = 0; round < 20; round++) {
          const { client, server, clientSession, serverSession } = await world.connect();
          for (let count = 0; count < 50; count++) serverSession.sendBytes(Buffer.alloc(40_000, "x"));
          if (round % 3 === 0) serverSession.abort();
          else if (round % 3 === 1) clientSession.abort();
          else {
            await world.env.until(() => client.receivedBytes > 0, "something arrives");
            serverSession.abort();
          }
          await world.env.until(() => server.ends.length === 1 && client.ends.length === 1, "both end");
        }
      },
      { server: { sendQueueBytes: 8 << 20 } },
    );

    withWorld(
      "pooled send objects are returned on close: many connect/close cycles with a small pool leak nothing",
      async (world) => {
        const cycles = options.churnCycles ?? 10_000;
        const lanes = 8;
        let done = 0;
        const lane = async (): Promise<void> => {
          while (done < cycles) {
            const cycle = done++;
            const session = await world.client.connect(world.address);
            const peer = session.handler as Peer;
            peer.countsOnly = true;
            if (cycle % 4 !== 3) session.sendBytes(Buffer.from(`cycle ${cycle}`));
            if (cycle % 4 === 0) session.abort();
            else session.disconnect();
            await world.env.until(() => peer.ends.length === 1, "the session ends");
          }
        };
        await world.env.settled(Promise.all(Array.from({ length: lanes }, lane)));
        await world.env.until(
          () => world.client.sessionCount === 0 && world.server.sessionCount === 0,
          "every session ends",
        );
        assert.equal(world.client.counters.sessionsOpened, cycles);
        assert.equal(world.server.counters.refused.SERVER_FULL, 0, "nobody was refused");
        assert.ok(
          world.server.sendBuffers.chunkCount <= 64,
          `few chunks serve all: ${world.server.sendBuffers.chunkCount}`,
        );
        const { client } = await world.connect();
        await world.env.until(() => client.session !== undefined, "and one more is served");
      },
      { echoes: true, server: { sessions: 512 }, client: { sessions: 512 } },
    );

    withWorld(
      "stale session ids are refused",
      async (world) => {
        const first = await world.connect();
        const oldId = first.serverSession.id;
        first.clientSession.disconnect();
        await world.env.until(() => world.server.sessionCount === 0, "the first ends");
        const second = await world.connect();
        assert.notEqual(second.serverSession.id, oldId);
        assert.throws(() => world.server.get(oldId), { code: "STALE_SESSION" });
        assert.equal(first.serverSession.sendBytes(Buffer.from("ghost")), false);
        assert.equal(world.server.get(second.serverSession.id), second.serverSession);
      },
      { server: { sessions: 1 } },
    );

    withWorld(
      "a slow reader's queue stays within its limit, and only the slow reader is cut off",
      async (world) => {
        const limitBytes = 300_000;
        const fast = await world.connect();
        // A socket of the port itself, which never asks to receive.
        let slowSocket: PortSocket | undefined;
        let isSlowClosed = false;
        world.env.client.connect(
          world.address,
          {},
          {
            onConnectFailed: () => assert.fail("the slow reader connects"),
            onConnected(socket) {
              slowSocket = socket;
              socket.open({
                onReceived: () => assert.fail("the slow reader reads nothing"),
                onReceiveEnded: () => undefined,
                onSent: () => undefined,
                onClosed: () => {
                  isSlowClosed = true;
                },
              });
            },
          },
        );
        await world.env.until(
          () => slowSocket !== undefined && world.serverPeers.length === 2,
          "the slow reader connects",
        );
        const slow = world.serverPeers[1] as Peer;
        await world.env.until(() => slow.session !== undefined, "the server's session opens");
        const session = slow.session as Session;
        let highest = 0;
        let sent = 0;
        while (session.isOpen) {
          const before = sent;
          session.sendBytes(Buffer.alloc(10_000, "s"));
          fast.serverSession.sendBytes(Buffer.alloc(100, "f"));
          sent++;
          highest = Math.max(highest, session.queuedBytes);
          assert.ok(sent < 10_000, "the kernel's buffers are full by now");
          await world.env.until(
            () => fast.client.receivedBytes >= (before + 1) * 100 || !session.isOpen,
            "the fast one is served",
          );
        }
        assert.ok(highest <= limitBytes, `${highest} bytes were queued`);
        await world.env.until(() => slow.ends.length === 1, "the slow one ends");
        assert.deepEqual(slow.ends, [{ reason: "SEND_QUEUE_FULL", detail: 0 }]);
        fast.serverSession.sendBytes(Buffer.from("still here"));
        await world.env.until(() => fast.client.receivedBytes === sent * 100 + 10, "the other is served");
        slowSocket?.close();
        await world.env.until(() => isSlowClosed, "the slow reader closes");
      },
      { server: { sendQueueBytes: 300_000 } },
    );

    withWorld(
      "order is kept over many sends of many sizes",
      async (world) => {
        const { client, serverSession } = await world.connect();
        const random = new SeededRandom(3);
        const parts: Uint8Array[] = [];
        let total = 0;
        for (let count = 0; count < 3000; count++) {
          const part = random.bytes(1 + random.below(random.chance(0.1) ? 5000 : 60));
          total += part.byteLength;
          parts.push(part);
          while (!(serverSession.queuedBytes < 400_000))
            await world.env.until(() => serverSession.queuedBytes < 100_000, "room");
          assert.ok(serverSession.sendBytes(part));
        }
        await world.env.until(() => client.receivedBytes === total, "everything arrives");
        assert.ok(client.bytes.equals(Buffer.concat(parts)));
      },
      {},
    );

    withWorld(
      "bytes that can never be a frame end the session with the framer's code, and nobody else notices",
      async (world) => {
        const raw = new Service({ port: world.env.client, kind: "client", createHandler: () => new Peer() });
        const good = await world.connect();
        const bad = await world.env.settled(raw.connect(world.address));
        await world.env.until(() => world.serverPeers[1]?.session !== undefined, "the server accepts");
        bad.sendBytes(Buffer.from([0, 0, 9, 9]));
        const badPeer = world.serverPeers[1] as Peer;
        await world.env.until(() => badPeer.ends.length === 1, "the bad one ends");
        assert.deepEqual(badPeer.ends, [{ reason: "PACKET_ERROR", detail: 3500 }]);
        good.clientSession.sendBytes(frame(Buffer.from("fine")));
        await world.env.until(() => good.server.received.length === 1, "the good one is served");
        await world.env.settled(raw.close());
      },
      { framer: sizeFramer },
    );

    withWorld(
      "limits refuse connections before they become sessions",
      async (world) => {
        const kept = [await world.connect(), await world.connect()];
        // A reset may come before the client knows that it was connected.
        const third = await world.env.settled(world.client.connect(world.address).catch(() => undefined));
        await world.env.until(() => third === undefined || third.state === "closed", "the third is refused");
        assert.equal(world.server.counters.refused.ADDRESS_LIMIT, 1);
        kept[0]?.clientSession.disconnect();
        await world.env.until(() => world.server.sessionCount === 1, "one place is free");
        await world.connect();
      },
      { server: { sessionsPerAddress: 2 } },
    );

    withWorld(
      "idle and handshake timeouts end sessions with their reasons",
      async (world) => {
        const silent = await world.connect();
        const shaken = await world.connect();
        shaken.serverSession.completeHandshake();
        await world.env.until(() => silent.server.ends.length === 1, "the handshake timeout");
        assert.equal(silent.server.ends[0]?.reason, "HANDSHAKE_TIMEOUT");
        await world.env.until(() => shaken.server.ends.length === 1, "the idle timeout");
        assert.equal(shaken.server.ends[0]?.reason, "IDLE_TIMEOUT");
      },
      { server: { handshakeTimeoutMs: 300, idleTimeoutMs: 900 } },
    );

    it(`an auto-reconnecting client comes back when the server does [${name}]`, { skip }, async () => {
      const world = new World(await subject.create(), {});
      await world.listen();
      const handler = new Peer();
      const keeper = new Service({
        port: world.env.client,
        kind: "client-auto-reconnect",
        random: new SeededRandom(5),
        createHandler: () => handler,
      });
      const failures: number[] = [];
      const connector = keeper.keepConnected(world.address, {
        backoff: { firstMs: 20, capMs: 100 },
        onConnectFailed: (_error, retryInMs) => failures.push(retryInMs),
      });
      await world.env.until(() => connector.session !== undefined, "the first connection");
      await world.env.settled(world.server.close());
      await world.env.until(() => failures.length >= 3, "some attempts fail");
      assert.ok(failures.every((delayMs) => delayMs <= 100));
      const again = new World(world.env, {});
      again.address = world.address;
      await again.listen();
      await world.env.until(() => connector.session !== undefined, "it comes back");
      assert.equal(handler.connectedCount, 2);
      await world.env.settled(keeper.close());
      await world.env.settled(again.server.close());
      await world.end();
    });

    it(`a service does only what its kind allows [${name}]`, { skip }, async () => {
      const world = new World(await subject.create(), {});
      await world.listen();
      await assert.rejects(world.client.listen(world.address), { code: "WRONG_SERVICE_KIND" });
      await assert.rejects(world.server.connect(world.address), { code: "WRONG_SERVICE_KIND" });
      const offline = new Service({
        port: world.env.client,
        kind: "offline",
        role: "WORLD",
        createHandler: () => new Peer(),
      });
      await assert.rejects(offline.connect(world.address), { code: "WRONG_SERVICE_KIND" });
      assert.equal(offline.role, "WORLD");
      await offline.close();
      await world.end();
    });
  });
}
