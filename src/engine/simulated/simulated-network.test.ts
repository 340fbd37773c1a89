import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PortSocket, SocketEvents } from "../completion-port.ts";
import { openMailboxSender } from "../mailbox-sender.ts";
import { type SendChunk, SendBufferPool } from "../memory/send-buffer-pool.ts";
import { Errno } from "../port-error.ts";
import { SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";
import { type NetworkFaults, roughFaults } from "./network-faults.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedPort } from "./simulated-port.ts";

const address: SocketAddress = { family: 4, host: "127.0.0.1", port: 9000 };

/** One end of a connection, with a record of what it was told. */
class End implements SocketEvents {
  readonly socket: PortSocket;
  readonly queue = new SendQueue();
  readonly happened: string[] = [];
  readonly bytes: number[] = [];
  readonly #pool: SendBufferPool;

  constructor(port: SimulatedPort, socket: PortSocket) {
    this.socket = socket;
    this.#pool = new SendBufferPool(port.arena);
    socket.open(this);
    socket.startReceiving();
  }

  /** Returns the chunk that the bytes are in. */
  send(text: string): SendChunk {
    const bytes = Buffer.from(text);
    const chunk = this.#pool.open(bytes.byteLength);
    const start = chunk.writtenBytes;
    chunk.bytes.set(bytes, start);
    this.#pool.close(bytes.byteLength);
    this.queue.push(chunk, start, start + bytes.byteLength);
    this.socket.send(this.queue);
    return chunk;
  }

  get text(): string {
    return Buffer.from(this.bytes).toString();
  }

  onReceived(bytes: Uint8Array, start: number, end: number): void {
    this.bytes.push(...bytes.subarray(start, end));
    this.happened.push(`received ${end - start}`);
  }

  onReceiveEnded(result: number): void {
    this.happened.push(`end ${result}`);
  }

  onSent(result: number): void {
    this.happened.push(`sent ${result}`);
    if (result < 0) return;
    this.queue.consume(result);
    if (!this.queue.isEmpty) this.socket.send(this.queue);
  }

  onClosed(): void {
    this.happened.push("closed");
    this.queue.clear();
  }
}

interface Connected {
  readonly network: SimulatedNetwork;
  readonly server: SimulatedPort;
  readonly client: SimulatedPort;
  readonly near: End;
  readonly far: End;
}

async function connect(seed: number, faults: Partial<NetworkFaults> = {}): Promise<Connected> {
  const network = new SimulatedNetwork({ seed, faults });
  const server = network.createPort("server");
  const client = network.createPort("client");
  let far: End | undefined;
  let near: End | undefined;
  await server.listen(
    address,
    {},
    {
      onAccepted: (socket) => void (far = new End(server, socket)),
      onAcceptFailed: () => {},
      onListenerClosed: () => {},
    },
  );
  client.connect(
    address,
    {},
    {
      onConnected: (socket) => void (near = new End(client, socket)),
      onConnectFailed: (result) => assert.fail(`connect: ${result}`),
    },
  );
  assert.ok(network.runUntil(() => near !== undefined && far !== undefined));
  return { network, server, client, near: near as unknown as End, far: far as unknown as End };
}

/** The errno with which a connect ends; 0 when it succeeds. */
function connectResult(network: SimulatedNetwork, port: SimulatedPort): number {
  let result = 1;
  port.connect(
    address,
    {},
    {
      onConnected: (socket) => {
        result = 0;
        socket.close();
      },
      onConnectFailed: (failure) => void (result = failure),
    },
  );
  assert.ok(network.runUntil(() => result <= 0));
  return result;
}

describe("simulated network", () => {
  it("runs the same from the same seed, and otherwise from another", async () => {
    const run = async (seed: number): Promise<{ fingerprint: number; happened: string[] }> => {
      const { network, near, far } = await connect(seed, roughFaults);
      near.send("a".repeat(20_000));
      far.send("b".repeat(20_000));
      network.runUntil(() => near.bytes.length === 20_000 && far.bytes.length === 20_000);
      near.socket.close();
      network.runUntilIdle();
      return { fingerprint: network.fingerprint, happened: [...near.happened, ...far.happened] };
    };
    const first = await run(42);
    assert.deepEqual(await run(42), first);
    assert.notEqual((await run(43)).fingerprint, first.fingerprint);
  });

  it("cuts what arrives anywhere, down to one byte, and shortens sends", async () => {
    const { network, near, far } = await connect(5, {
      splitReceiveChance: 1,
      splitReceiveBytes: 3,
      shortSendChance: 0.9,
    });
    const text = "the quick brown fox jumps over the lazy dog".repeat(10);
    near.send(text);
    assert.ok(network.runUntil(() => far.bytes.length === text.length));
    assert.equal(far.text, text);
    const sizes = new Set(far.happened);
    for (const size of [1, 2, 3]) assert.ok(sizes.has(`received ${size}`));
    assert.ok(near.happened.filter((entry) => entry.startsWith("sent")).length > 2, "some sends were short");
  });

  it("catches bytes that change before their send has completed", async () => {
    const { network, near } = await connect(1);
    const chunk = near.send("precious");
    chunk.bytes[0] = 0;
    assert.throws(() => network.runFor(10), /stay as they are until it has completed/);
  });

  it("catches a chunk that is given back before its send has completed", async () => {
    const { network, near } = await connect(1);
    const chunk = near.send("precious");
    while (chunk.references > 0) chunk.release();
    assert.throws(() => network.runFor(10), /stays referenced until its send has completed/);
  });

  it("scribbles over what was lent", async () => {
    const { network, near, far } = await connect(1);
    let kept: Uint8Array | undefined;
    far.onReceived = (bytes, start, end) => void (kept = bytes.subarray(start, end));
    near.send("lent");
    network.runFor(10);
    assert.deepEqual(kept, Uint8Array.of(0xdd, 0xdd, 0xdd, 0xdd));
  });

  it("makes sends wait for a reader that does not read", async () => {
    const { network, near, far } = await connect(9, { windowBytes: 1000 });
    far.socket.stopReceiving();
    network.runUntilIdle();
    near.send("x".repeat(5000));
    network.runUntilIdle();
    assert.equal(near.queue.byteCount, 4000, "one window is on its way, the rest waits");
    far.socket.startReceiving();
    network.runUntilIdle();
    assert.equal(far.bytes.length, 5000);
    assert.ok(near.queue.isEmpty);
  });

  it("holds everything up between hosts that are parted, until they are healed", async () => {
    const { network, server, client, near, far } = await connect(3, roughFaults);
    network.partition(server, client);
    near.send("through the wall");
    network.runFor(10_000);
    assert.equal(far.text, "");
    assert.equal(connectResult(network, client), -Errno.ETIMEDOUT);
    network.heal(server, client);
    network.runUntilIdle();
    assert.equal(far.text, "through the wall");
  });

  it("lets a host crash: its peers see resets, and it is never told of anything again", async () => {
    const { network, server, client, near, far } = await connect(11);
    far.send("never arrives, or just so");
    server.startTimer(5, () => assert.fail("a timer of a crashed host"));
    server.post(() => assert.fail("a job of a crashed host"));
    server.atTurnEnd(() => assert.fail("a task of a crashed host"));
    const told = far.happened.length;
    server.crash();
    near.send("anybody there?");
    far.socket.close();
    server.post(() => assert.fail("a job of a crashed host"));
    network.runUntilIdle();
    assert.equal(far.happened.length, told);
    assert.ok(near.happened.includes(`end ${-Errno.ECONNRESET}`));
    assert.equal(connectResult(network, client), -Errno.ECONNREFUSED);
    const again = network.createPort("server again");
    await again.listen(
      address,
      {},
      {
        onAccepted: (socket) => socket.close(),
        onAcceptFailed: () => {},
        onListenerClosed: () => {},
      },
    );
    assert.equal(connectResult(network, client), 0);
  });

  it("a crash in the middle of a turn ends the turn", async () => {
    const { network, server } = await connect(12);
    server.post(() => {
      server.atTurnEnd(() => assert.fail("a task of a crashed host"));
      server.requestFlush({ flush: () => assert.fail("a flush of a crashed host") });
      server.crash();
    });
    network.runUntilIdle();
    assert.equal(server.counters.outstandingOperations, 0);
  });

  it("fails the operations it is told to fail", async () => {
    const { network, client, server, near, far } = await connect(13);
    network.failNext("connect", Errno.EHOSTUNREACH);
    assert.equal(connectResult(network, client), -Errno.EHOSTUNREACH);
    network.failNext("send", Errno.ENOBUFS);
    near.send("x");
    network.runUntilIdle();
    assert.ok(near.happened.includes(`sent ${-Errno.ENOBUFS}`));
    assert.ok(far.happened.includes(`end ${-Errno.ECONNRESET}`));
    network.failNext("listen", Errno.EACCES);
    const events = { onAccepted: () => {}, onAcceptFailed: () => {}, onListenerClosed: () => {} };
    await assert.rejects(server.listen({ ...address, port: 1 }, {}, events), { code: "EACCES" });
    network.faults.refuseChance = 1;
    assert.equal(connectResult(network, client), -Errno.ECONNREFUSED);
  });

  it("breaks connections at random, and each end is told once", async () => {
    let resets = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const { network, server, client, near, far } = await connect(seed, {
        ...roughFaults,
        resetChance: 0.05,
      });
      near.send("x".repeat(50_000));
      network.runUntilIdle();
      for (const end of [near, far]) {
        const ends = end.happened.filter((entry) => entry.startsWith("end"));
        assert.ok(ends.length <= 1, `seed ${seed}`);
        if (ends.length > 0) resets++;
        end.socket.close();
      }
      network.runUntilIdle();
      for (const port of [client, server]) assert.equal(port.counters.openSockets, 0, `seed ${seed}`);
      assert.equal(client.counters.outstandingOperations, 0, `seed ${seed}`);
    }
    assert.ok(resets > 20, `${resets} ends saw a reset`);
  });

  it("tells completions of different sockets in any order, those of one in theirs", async () => {
    const network = new SimulatedNetwork({ seed: 4, faults: { reorderChance: 1, maxTurnDelayMs: 50 } });
    const port = network.createPort("one");
    const boxes = [0, 1, 2].map((box) => {
      const mailbox = port.openMailbox((message) => order.push([box, message as number]));
      return openMailboxSender(mailbox.address());
    });
    const order: [number, number][] = [];
    for (let index = 0; index < 20; index++) for (const box of boxes) box.post(index);
    network.runUntilIdle();
    assert.equal(order.length, 60);
    for (const box of [0, 1, 2]) {
      const own = order.filter(([from]) => from === box).map(([, message]) => message);
      assert.deepEqual(
        own,
        Array.from({ length: 20 }, (_, index) => index),
      );
    }
    const asPosted = Array.from({ length: 60 }, (_, index) => [index % 3, Math.floor(index / 3)]);
    assert.notDeepEqual(order, asPosted);
  });

  it("moves time only as far as it is told", async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const port = network.createPort("one");
    const expired: number[] = [];
    for (const delayMs of [10, 20, 30]) port.startTimer(delayMs, () => expired.push(delayMs));
    network.runFor(25);
    assert.deepEqual(expired, [10, 20]);
    assert.equal(port.clock.monotonicMs(), 25);
    assert.equal(await network.settle(), true);
    assert.deepEqual(expired, [10, 20, 30]);
  });
});
