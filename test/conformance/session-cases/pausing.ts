import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Session } from "../../../src/engine/index.ts";
import type { SessionCase } from "../session-suite.ts";
import { Peer, type World } from "../session-world.ts";

const KIND_COUNT = 3;

/** Echoes one message over a session of its own: turns of both ports have gone by when it is back. */
async function roundTrip(world: World): Promise<void> {
  const { client, clientSession, server } = await world.connect();
  server.echoes = true;
  clientSession.sendBytes(Buffer.from("there and back"));
  await world.env.until(() => client.receivedBytes === 14, "the echo");
  clientSession.disconnect();
  await world.env.until(() => client.ends.length === 1 && server.ends.length === 1, "both end");
}

/** Sessions that stop taking bytes for a while. */
export function pausingCases(sessionCase: SessionCase): void {
  sessionCase("a paused session takes nothing, and everything once it is resumed", async (world) => {
    const paused = new Peer();
    paused.onConnected = (session: Session): void => {
      Peer.prototype.onConnected.call(paused, session);
      session.pauseReceiving();
    };
    const listener = await world.env.settled(
      world.server.listen(world.env.listenAddress, { createHandler: () => paused }),
    );
    const client = await world.env.settled(world.client.connect(listener.address));
    await world.env.until(() => paused.session !== undefined, "the server accepts");
    const random = new SeededRandom(31);
    let expected = Buffer.alloc(0);
    for (let round = 0; round < 10; round++) {
      const part = Buffer.from(random.bytes(1 + random.below(3000)));
      expected = Buffer.concat([expected, part]);
      const before = paused.receivedBytes;
      client.sendBytes(part);
      await world.env.until(() => client.queuedBytes === 0, "the part leaves");
      await roundTrip(world);
      assert.equal(paused.receivedBytes, before, "nothing is taken while paused");
      paused.session?.resumeReceiving();
      await world.env.until(() => paused.receivedBytes === expected.length, "everything comes");
      paused.session?.pauseReceiving();
      await roundTrip(world);
    }
    assert.ok(paused.bytes.equals(expected));
    paused.session?.resumeReceiving();
    client.disconnect();
    await world.env.until(() => paused.ends.length === 1, "the end is heard after resuming");
    assert.deepEqual(paused.ends, [{ reason: "RECV_0", detail: 0 }]);
    await world.env.settled(listener.close());
  });

  sessionCase(
    "pausing under load loses nothing and keeps the order, in both directions",
    async (world) => {
      const random = new SeededRandom(37);
      const { client, server, clientSession, serverSession } = await world.connect();
      server.echoes = true;
      server.countsOnly = true;
      const parts: Uint8Array[] = [];
      let total = 0;
      for (let count = 0; count < 1500; count++) {
        const part = random.bytes(1 + random.below(random.chance(0.1) ? 5000 : 300));
        total += part.byteLength;
        parts.push(part);
        assert.ok(clientSession.sendBytes(part));
        for (const session of [clientSession, serverSession]) {
          const choice = random.below(6);
          if (choice === 0) session.pauseReceiving();
          else if (choice === 1) session.resumeReceiving();
        }
        if (clientSession.queuedBytes > 200_000 || random.chance(0.02)) {
          clientSession.resumeReceiving();
          serverSession.resumeReceiving();
          await world.env.until(() => clientSession.queuedBytes < 100_000, "room");
        }
      }
      clientSession.resumeReceiving();
      serverSession.resumeReceiving();
      await world.env.until(() => client.receivedBytes === total, "everything comes back");
      assert.ok(client.bytes.equals(Buffer.concat(parts)));
    },
    { server: { receivePauseBytes: 50_000, sendQueueBytes: 4 << 20 }, client: { sendQueueBytes: 4 << 20 } },
  );

  sessionCase(
    "a paused session ends cleanly, whoever ends it, and however far the pause has come",
    async (world) => {
      for (let round = 0; round < 8; round++) {
        const { client, server, clientSession, serverSession } = await world.connect();
        const kind = round % KIND_COUNT;
        serverSession.pauseReceiving();
        clientSession.sendBytes(Buffer.alloc(20_000, "unread"));
        if (round >= 4) await world.env.until(() => clientSession.queuedBytes < 20_000, "some of it leaves");
        const answer = Buffer.alloc(30_000, "answer");
        serverSession.sendBytes(answer);
        if (kind === 0) serverSession.disconnect("DISCONNECT", 9);
        else if (kind === 1) serverSession.abort("DISCONNECT", 9);
        else {
          clientSession.disconnect();
          serverSession.resumeReceiving();
        }
        await world.env.until(() => server.ends.length === 1 && client.ends.length === 1, "both end");
        if (kind === 0) {
          assert.deepEqual(server.ends, [{ reason: "DISCONNECT", detail: 9 }]);
          assert.deepEqual(client.ends, [{ reason: "RECV_0", detail: 0 }], "a FIN, no reset");
          assert.ok(client.bytes.equals(answer), "what was queued arrives");
        } else if (kind === 2) {
          assert.deepEqual(server.ends, [{ reason: "RECV_0", detail: 0 }]);
          assert.equal(server.receivedBytes, 20_000);
        }
        serverSession.resumeReceiving();
        serverSession.pauseReceiving();
        assert.equal(serverSession.state, "closed");
      }
      // One is left paused: the service's end finds it so.
      const last = await world.connect();
      last.serverSession.pauseReceiving();
      await world.env.settled(world.server.close());
      assert.deepEqual(last.server.ends, [{ reason: "SHUTDOWN", detail: 0 }]);
    },
    { server: { drainTimeoutMs: 20_000 }, client: { drainTimeoutMs: 20_000 } },
  );

  sessionCase("a port that closes ends paused sessions too", async (world) => {
    const pairs = [await world.connect(), await world.connect(), await world.connect()];
    pairs[0]?.serverSession.pauseReceiving();
    await roundTrip(world);
    pairs[1]?.serverSession.pauseReceiving();
    pairs[2]?.serverSession.pauseReceiving();
    pairs[2]?.serverSession.resumeReceiving();
    await world.env.close();
    for (const { server } of pairs) assert.equal(server.ends.length, 1);
    assert.equal(pairs[0]?.server.ends[0]?.reason, "SHUTDOWN");
  });
}
