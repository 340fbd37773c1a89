import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import { GATHER_PIECES } from "../../../src/engine/send-queue.ts";
import type { PortCase } from "../port-suite.ts";
import { expectPattern, pattern, type Pair, type Witness } from "../port-witness.ts";

/** Makes the server send back what it gets. */
function echo({ server }: Pair): void {
  server.onBytes = (bytes, start, end) => server.write(bytes.subarray(start, end));
}

/** Writes `totalBytes` of the pattern in parts of random size. */
function writePattern(witness: Witness, totalBytes: number, random: SeededRandom): void {
  let position = 0;
  while (position < totalBytes) {
    const byteCount = Math.min(1 + random.below(60_000), totalBytes - position);
    witness.write(pattern(position, byteCount), random.chance(0.3));
    position += byteCount;
  }
}

/** Bytes arrive: all of them, once, in order, however they are cut. */
export function transferCases(portCase: PortCase): void {
  portCase("echo is byte-exact for every size of write from 1 to 70", async (world, env) => {
    const pair = await world.pair();
    echo(pair);
    const message = pattern(0, 70);
    const expected: Uint8Array[] = [];
    let sentBytes = 0;
    for (let size = 1; size <= message.byteLength; size++) {
      for (let at = 0; at < message.byteLength; at += size) {
        const part = message.subarray(at, at + size);
        expected.push(part);
        sentBytes += part.byteLength;
        pair.client.write(part, at % 2 === 0);
      }
      await env.until(() => pair.client.receivedBytes === sentBytes, `the echo of writes of ${size}`);
    }
    assert.ok(pair.client.received.equals(Buffer.concat(expected)));
    await world.closeAll(pair.client, pair.server);
  });

  portCase("echo is byte-exact for random writes on several connections", async (world, env) => {
    const random = new SeededRandom(20_260_101);
    const { listener, accepted } = await world.listen();
    const clients: Witness[] = [];
    for (let index = 0; index < 8; index++) {
      const client = await world.connect(listener.address);
      await env.until(() => accepted.length > index, "the server accepts");
      const server = accepted[index] as Witness;
      echo({ client, server });
      server.keepsBytes = false;
      expectPattern(world, client);
      client.startReceiving();
      server.startReceiving();
      clients.push(client);
    }
    const positions = clients.map(() => 0);
    for (let round = 0; round < 60; round++) {
      for (const [index, client] of clients.entries()) {
        const byteCount = random.chance(0.2) ? random.below(20_000) : random.below(200);
        if (byteCount === 0) continue;
        const position = positions[index] as number;
        client.write(pattern(position, byteCount), random.chance(0.5));
        positions[index] = position + byteCount;
      }
      if (random.chance(0.3)) await env.pause();
    }
    await env.until(
      () => clients.every((client, index) => client.receivedBytes === positions[index]),
      "every echo has come back",
    );
    await world.closeAll(...clients, ...accepted);
  });

  portCase("several megabytes in both directions keep their order", async (world, env) => {
    const totalBytes = env.bulkBytes;
    const { client, server } = await world.pair();
    expectPattern(world, client);
    expectPattern(world, server);
    writePattern(client, totalBytes, new SeededRandom(1));
    writePattern(server, totalBytes, new SeededRandom(2));
    await env.until(
      () => client.receivedBytes === totalBytes && server.receivedBytes === totalBytes,
      "all arrives",
    );
    // The last bytes may be there before their sender is told that they were taken.
    await env.until(() => client.queue.isEmpty && server.queue.isEmpty, "all is sent");
    assert.ok(env.client.counters.sentBytes >= totalBytes);
    assert.ok(env.server.counters.receivedBytes >= totalBytes);
    await world.closeAll(client, server);
  });

  portCase("more than 64 pieces are gathered, 64 at most in one send", async (world, env) => {
    const { client, server } = await world.pair();
    const expected: Uint8Array[] = [];
    // The first one is on its way while the others queue up behind it.
    for (let index = 0; index < 200; index++) {
      const part = pattern(index * 97, 1 + (index % 300));
      expected.push(part);
      client.write(part, true);
    }
    assert.equal(client.queue.pieceCount, 200);
    const all = Buffer.concat(expected);
    await env.until(() => server.receivedBytes === all.byteLength, "all pieces arrive");
    assert.ok(server.received.equals(all));
    const mostPieces = Math.max(...client.queue.takenPieces);
    assert.ok(mostPieces > 1 && mostPieces <= GATHER_PIECES, `a send took ${mostPieces} pieces`);
    await world.closeAll(client, server);
  });

  portCase("bytes written behind a send that is outstanding follow it", async (world, env) => {
    const { client, server } = await world.pair();
    let position = 0;
    const writeNext = (): void => {
      if (position >= 40_000) return;
      // Adjacent in the chunk: they would merge into the piece that the kernel has, were it not frozen.
      client.write(pattern(position, 100));
      client.write(pattern(position + 100, 100));
      position += 200;
    };
    expectPattern(world, server);
    client.onSendEnd = writeNext;
    writeNext();
    await env.until(() => server.receivedBytes === 40_000, "all arrives");
    await world.closeAll(client, server);
  });

  portCase("sends to a reader that does not read wait, and go on when it does", async (world, env) => {
    const totalBytes = env.bulkBytes * 6;
    const small = { kernelSendBufferBytes: 65_536, kernelReceiveBufferBytes: 65_536 };
    const { client, server } = await world.pair({
      receiving: false,
      listen: { socket: small },
      connect: { socket: small },
    });
    expectPattern(world, client);
    for (let position = 0; position < totalBytes; position += 65_535) {
      server.write(pattern(position, Math.min(65_535, totalBytes - position)));
    }
    await env.pause();
    await env.pause();
    const takenBytes = totalBytes - server.queue.byteCount;
    assert.ok(server.isSending, "a send is outstanding while nobody reads");
    assert.ok(takenBytes < totalBytes, "the kernel does not take everything");
    await env.pause();
    assert.equal(totalBytes - server.queue.byteCount, takenBytes, "nothing moves while nobody reads");
    client.startReceiving();
    await env.until(() => client.receivedBytes === totalBytes, "everything arrives in the end");
    assert.ok(server.queue.isEmpty || server.isSending);
    await env.until(() => server.queue.isEmpty, "the queue is empty");
    await world.closeAll(client, server);
  });

  portCase("receiving can be stopped and started again; nothing is lost meanwhile", async (world, env) => {
    const { client, server } = await world.pair();
    expectPattern(world, client);
    let position = 0;
    const write = (byteCount: number): void => {
      server.write(pattern(position, byteCount));
      position += byteCount;
    };
    for (let round = 0; round < 20; round++) {
      write(1 + round * 50);
      client.stopReceiving();
      client.stopReceiving();
      await env.until(() => !client.isReceiving, "receiving has stopped");
      assert.equal(client.history.at(-1), "receive ECANCELED");
      const before = client.receivedBytes;
      write(500);
      await env.pause();
      assert.equal(client.receivedBytes, before, "nothing comes while nothing is receiving");
      client.startReceiving();
      await env.until(() => client.receivedBytes === position, "what came meanwhile is delivered");
    }
    await world.closeAll(client, server);
  });
}
