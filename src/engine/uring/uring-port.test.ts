import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { dial, portOpener, until } from "../../../test/support/port-opener.ts";
import { openRawEcho, RawConnection } from "../../../test/support/raw-echo.ts";
import { SendBufferPool } from "../memory/send-buffer-pool.ts";
import { Errno, PortError } from "../port-error.ts";
import { probeUring } from "./probe.ts";
import { openUringPort, type UringPort, type UringPortOptions } from "./uring-port.ts";

const probe = probeUring();
const skip = probe.available ? false : probe.reason;

const open = portOpener<UringPort, UringPortOptions>(openUringPort);

/** Sends `bytes`, finishes, and gives back everything the other side sent. */
async function exchange(socket: Socket, bytes: Uint8Array): Promise<Buffer> {
  const got = buffer(socket);
  socket.end(bytes);
  return await got;
}

function pattern(byteCount: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: byteCount }, (_, index) => (index * 31 + seed) & 0xff));
}

// The kernel's newest way of running, and the older ones it stands in for when told to.
const ways: readonly (readonly [name: string, options: UringPortOptions])[] = [
  ["as the kernel allows", {}],
  ["with a submission array (Linux 6.1)", { without: { setups: 1 } }],
  ["without deferred task work (Linux 5.19)", { without: { setups: 2 } }],
  ["without multishot requests", { without: { multishot: false } }],
  [
    "with rings of 8 entries and 2 receive buffers",
    { submissionEntries: 8, completionEntries: 8, receiveBufferCount: 2, receiveBufferBytes: 512 },
  ],
  ["with 4 completions per turn and one gather block", { completionsPerTurn: 4, gatherBlocks: 1 }],
  ["spinning", { spinTurns: 20 }],
];

for (const [name, options] of ways) {
  describe(`UringPort ${name}`, { skip }, () => {
    it("echoes 300 connections of node:net at once", async () => {
      const port = open(options);
      const { listener, connections } = await openRawEcho(port);
      const sockets = await Promise.all(Array.from({ length: 300 }, () => dial(listener.address.port)));
      const answers = await Promise.all(
        sockets.map((socket, index) => exchange(socket, pattern(3000, index))),
      );
      for (const [index, answer] of answers.entries()) {
        assert.equal(Buffer.compare(answer, pattern(3000, index)), 0, `connection ${index}`);
      }
      await until(() => connections.size === 0);
      assert.equal(port.counters.accepted, 300);
      assert.equal(port.counters.openSockets, 0);
      assert.equal(port.counters.outstandingOperations, 1, "the accept alone is left");
      assert.equal(port.counters.receivedBytes, 900_000);
      assert.equal(port.counters.sentBytes, 900_000);
    });

    it("carries megabytes through short sends, whole and in order", async () => {
      const port = open(options);
      const { listener } = await openRawEcho(port);
      const bytes = pattern(4_000_000, 5);
      const answers = await Promise.all(
        Array.from({ length: 3 }, async () => await exchange(await dial(listener.address.port), bytes)),
      );
      for (const answer of answers) assert.equal(Buffer.compare(answer, bytes), 0);
    });

    it("stops receiving, loses nothing, and goes on", async () => {
      const port = open(options);
      const arrived: RawConnection[] = [];
      const pool = new SendBufferPool(port.arena);
      const listener = await port.listen(
        { family: 4, host: "127.0.0.1", port: 0 },
        {},
        {
          onAccepted: (socket) => void arrived.push(new RawConnection(port, pool, socket)),
          onAcceptFailed: () => {},
          onListenerClosed: () => {},
        },
      );
      const client = await dial(listener.address.port);
      await until(() => arrived.length === 1);
      const server = arrived[0]!;
      let ends = 0;
      server.onReceiveEnded = (result) => {
        ends++;
        assert.equal(result, -Errno.ECANCELED);
      };
      server.onBytes = (bytes) => {
        server.received += Buffer.from(bytes).toString("latin1");
        server.socket.stopReceiving();
        server.socket.stopReceiving();
      };
      let written = "";
      for (let round = 1; round <= 20; round++) {
        const text = pattern(1500, round).toString("latin1");
        written += text;
        client.write(text, "latin1");
        while (server.received.length < written.length) {
          const before = ends;
          server.socket.startReceiving();
          await until(() => ends > before);
        }
        assert.equal(server.received, written);
      }
      client.destroy();
    });
  });
}

describe("UringPort", { skip }, () => {
  it("sends up to 64 pieces with one request, and more of them with more", async () => {
    const port = open();
    const { listener } = await openRawEcho(port, {
      onConnection(connection) {
        for (let index = 0; index < 150; index++) connection.write(pattern(10, index), true);
        connection.onBytes = () => {};
      },
    });
    const answer = await exchange(await dial(listener.address.port), Buffer.from("x"));
    const expected = Buffer.concat(Array.from({ length: 150 }, (_, index) => pattern(10, index)));
    assert.equal(Buffer.compare(answer, expected), 0);
  });

  it("has 2,000 sockets send in one turn through rings of 16 entries", async () => {
    const port = open({ submissionEntries: 16, completionEntries: 16 });
    const { listener, connections } = await openRawEcho(port);
    const sockets = await Promise.all(Array.from({ length: 2000 }, () => dial(listener.address.port)));
    const answers = sockets.map((socket) => buffer(socket));
    await until(() => connections.size === 2000);
    for (const connection of connections) connection.write(Buffer.from("to everybody"));
    await until(() => port.counters.sentBytes === 2000 * 12);
    for (const socket of sockets) socket.end();
    for (const answer of await Promise.all(answers)) assert.equal(answer.toString(), "to everybody");
  });

  it("tells both ends' addresses, on IPv4, on IPv6 and on a dual-stack listener", async () => {
    const port = open();
    for (const [host, dialled, family] of [
      ["127.0.0.1", "127.0.0.1", 4],
      ["::1", "::1", 6],
      ["::", "127.0.0.1", 4],
      ["::", "::1", 6],
    ] as const) {
      const accepted = Promise.withResolvers<RawConnection>();
      const { listener } = await openRawEcho(port, { host, onConnection: accepted.resolve });
      const client = await dial(listener.address.port, dialled);
      const { socket } = await accepted.promise;
      assert.deepEqual(socket.remote, { family, host: dialled, port: client.localPort });
      assert.deepEqual(socket.local, { family, host: dialled, port: listener.address.port });
      client.destroy();
    }
  });

  it("connects, and tells why it could not", async () => {
    const port = open();
    const { listener } = await openRawEcho(port);
    const pool = new SendBufferPool(port.arena);
    const connected = Promise.withResolvers<RawConnection>();
    port.connect(
      listener.address,
      {},
      {
        onConnected: (socket) => connected.resolve(new RawConnection(port, pool, socket)),
        onConnectFailed: (result) => connected.reject(new PortError("connect", -result)),
      },
    );
    const connection = await connected.promise;
    assert.deepEqual(connection.socket.remote, listener.address);
    const echoed = Promise.withResolvers<string>();
    connection.onBytes = (bytes) => echoed.resolve(Buffer.from(bytes).toString());
    connection.socket.startReceiving();
    connection.write(Buffer.from("hello"));
    assert.equal(await echoed.promise, "hello");

    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const address = unused.address();
    assert.ok(address !== null && typeof address === "object");
    unused.close();
    await once(unused, "close");
    const failed = Promise.withResolvers<number>();
    port.connect(
      { family: 4, host: "127.0.0.1", port: address.port },
      {},
      {
        onConnected: () => failed.resolve(0),
        onConnectFailed: failed.resolve,
      },
    );
    assert.equal(await failed.promise, -Errno.ECONNREFUSED);
  });

  it("cancels a connect", async () => {
    const port = open();
    const failed = Promise.withResolvers<number>();
    // TEST-NET-1 (RFC 5737): nobody answers there.
    const connecting = port.connect(
      { family: 4, host: "192.0.2.1", port: 9 },
      {},
      {
        onConnected: () => failed.resolve(0),
        onConnectFailed: failed.resolve,
      },
    );
    connecting.cancel();
    connecting.cancel();
    assert.equal(await failed.promise, -Errno.ECANCELED);
  });

  it("rejects what cannot be bound", async () => {
    const port = open();
    const { listener } = await openRawEcho(port);
    await assert.rejects(
      openRawEcho(port, { host: "192.0.2.1" }),
      (error) => error instanceof PortError && error.code === "EADDRNOTAVAIL",
    );
    const events = { onAccepted: () => {}, onAcceptFailed: () => {}, onListenerClosed: () => {} };
    await assert.rejects(
      port.listen(listener.address, {}, events),
      (error) => error instanceof PortError && error.code === "EADDRINUSE" && error.operation === "listen",
    );
  });

  it("counts receives that found no buffer, and loses none of their bytes", async () => {
    const port = open({ receiveBufferCount: 1, receiveBufferBytes: 64 });
    const { listener } = await openRawEcho(port);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(listener.address.port)));
    const answers = await Promise.all(sockets.map((socket, index) => exchange(socket, pattern(5000, index))));
    for (const [index, answer] of answers.entries()) assert.deepEqual(answer, pattern(5000, index));
    assert.ok(port.counters.receiveBufferShortages > 0);
  });

  it("starts a turn for what is asked outside one, and never calls back inside a call", async () => {
    const port = open();
    const order: string[] = [];
    const done = Promise.withResolvers<void>();
    port.post(() => {
      order.push("job");
      port.atTurnEnd(() => {
        order.push("end");
        port.atTurnEnd(() => order.push("added end"));
      });
      port.requestFlush({ flush: () => order.push("flush") });
      port.post(() => done.resolve());
    });
    order.push("posted");
    await done.promise;
    assert.deepEqual(order, ["posted", "job", "end", "added end", "flush"]);
  });

  it("runs timers in the order of their deadlines, and not those that were cancelled", async () => {
    const port = open();
    const fired: string[] = [];
    const done = Promise.withResolvers<void>();
    const startMs = port.clock.monotonicMs();
    const far = port.startTimer(600_000, () => fired.push("far"));
    port.startTimer(30, () => {
      fired.push("30");
      assert.ok(port.clock.monotonicMs() - startMs >= 30, "a timer is never early");
      // Sooner than the one the kernel was told of.
      port.startTimer(1, () => {
        fired.push("31");
        done.resolve();
      });
    });
    port.startTimer(20, () => fired.push("20")).cancel();
    port.startTimer(10, () => fired.push("10"));
    port.startTimer(0, () => fired.push("0"));
    await done.promise;
    far.cancel();
    assert.deepEqual(fired, ["0", "10", "30", "31"]);
  });
});
