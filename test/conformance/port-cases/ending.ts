import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { Errno } from "../../../src/engine/port-error.ts";
import { SendQueue } from "../../../src/engine/send-queue.ts";
import type { PortCase } from "../port-suite.ts";
import { expectPattern, pattern, type Witness } from "../port-witness.ts";

function descriptorCount(): number {
  return existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
}

/** More than any kernel's socket buffers take. */
const MUCH = new Uint8Array(16 * 1024 * 1024);

/** Connections end: in order, once, and with everything given back. */
export function endingCases(portCase: PortCase): void {
  portCase("a peer that has finished sending can still be sent to", async (world, env) => {
    const { client, server } = await world.pair();
    expectPattern(world, client);
    client.write(Buffer.from("the last words"));
    await env.until(() => client.queue.isEmpty, "they are sent");
    client.shutdown();
    await env.until(() => server.receiveEnds.length === 1, "the server hears of the end");
    assert.deepEqual(server.receiveEnds, [0]);
    assert.equal(
      server.received.toString(),
      "the last words",
      "what was sent before the end comes before it",
    );
    server.write(pattern(0, 1_000_000));
    await env.until(() => client.receivedBytes === 1_000_000, "the answer arrives");
    await env.until(() => server.queue.isEmpty, "the answer is sent");
    assert.ok(client.isReceiving, "the other half is still open");
    server.shutdown();
    await env.until(() => client.receiveEnds.length === 1, "the client hears of the end");
    assert.deepEqual(client.receiveEnds, [0]);
    await env.pause();
    await world.closeAll(client, server);
    assert.deepEqual(client.history, ["fin", "closed"]);
    assert.deepEqual(server.history, ["fin", "closed"]);
  });

  portCase("a close is a FIN for the peer, behind all bytes that were taken", async (world, env) => {
    const { client, server } = await world.pair();
    server.write(pattern(0, 5000));
    await env.until(() => server.queue.isEmpty, "the bytes are taken");
    server.close();
    await env.until(() => client.receiveEnds.length === 1, "the client hears of the end");
    assert.deepEqual(client.receiveEnds, [0]);
    assert.ok(client.received.equals(pattern(0, 5000)));
    await env.until(() => server.isClosed, "the server has closed");
    assert.deepEqual(server.history, ["receive ECANCELED", "closed"]);
    await world.closeAll(client);
  });

  portCase("an abort is a reset for the peer, which can only close then", async (world, env) => {
    const { client, server } = await world.pair();
    server.close(true);
    await env.until(() => client.receiveEnds.length === 1, "the client hears of the reset");
    assert.deepEqual(client.receiveEnds, [-Errno.ECONNRESET]);
    client.write(Buffer.from("anybody there?"));
    await env.until(() => !client.isSending, "the send ends");
    assert.equal(client.sendEnds.length, 1);
    assert.ok((client.sendEnds[0] as number) < 0, "nothing can be sent any more");
    client.startReceiving();
    await env.until(() => !client.isReceiving, "nothing can be received any more");
    assert.equal(client.receiveEnds.length, 2);
    await world.closeAll(client);
    await env.until(() => server.isClosed, "the server has closed");
    assert.deepEqual(server.history, ["receive ECANCELED", "closed"]);
  });

  portCase("lingerSeconds 0 makes every close a reset", async (world, env) => {
    const { client, server } = await world.pair({ listen: { socket: { lingerSeconds: 0 } } });
    server.close();
    await env.until(() => client.receiveEnds.length === 1, "the client hears of the reset");
    assert.deepEqual(client.receiveEnds, [-Errno.ECONNRESET]);
    await world.closeAll(client);
    await env.until(() => server.isClosed, "the server has closed");
  });

  portCase("a reset ends a send that waits for its reader", async (world, env) => {
    const { client, server } = await world.pair({ receiving: false });
    server.write(MUCH);
    await env.pause();
    assert.ok(server.isSending);
    client.close(true);
    await env.until(() => !server.isSending, "the send ends");
    await env.until(() => client.isClosed, "the client has closed");
    if ((server.sendEnds.at(-1) as number) > 0) {
      server.write(Buffer.from("x")); // It was taken just before; the next one is not.
      await env.until(() => !server.isSending, "the next send ends");
    }
    assert.ok((server.sendEnds.at(-1) as number) < 0);
    await world.closeAll(server);
  });

  for (const isAbort of [false, true]) {
    const how = isAbort ? "abort" : "close";
    portCase(`${how} ends what is outstanding before the socket`, async (world, env) => {
      const { client, server } = await world.pair({ receiving: false });
      server.startReceiving();
      server.write(MUCH);
      await env.pause();
      assert.ok(server.isSending && server.isReceiving);
      server.close(isAbort);
      server.close(isAbort);
      assert.ok(!server.isClosed && server.isSending, "nothing ends inside the call");
      await env.until(() => server.isClosed, "the server has closed");
      assert.equal(server.history.at(-1), "closed");
      assert.equal(server.receiveEnds.length, 1);
      assert.equal(server.receiveEnds[0], -Errno.ECANCELED);
      assert.ok(!server.isSending && !server.isReceiving);
      await world.closeAll(client);
    });

    portCase(`${how} right after a send and a shutdown`, async (world, env) => {
      const { client, server } = await world.pair();
      client.write(Buffer.from("x"));
      client.close(isAbort);
      server.shutdown();
      server.close(isAbort);
      await env.until(() => client.isClosed && server.isClosed, "both have closed");
    });

    portCase(`${how} inside each event`, async (world, env) => {
      const { listener, accepted } = await world.listen();
      const open = async (): Promise<{ client: Witness; server: Witness }> => {
        const before = accepted.length;
        const client = await world.connect(listener.address);
        await env.until(() => accepted.length > before, "the server accepts");
        const server = accepted[before] as Witness;
        client.startReceiving();
        server.startReceiving();
        return { client, server };
      };
      const received = await open();
      received.server.onBytes = () => received.server.close(isAbort);
      received.client.write(Buffer.from("x"));
      const sent = await open();
      sent.client.onSendEnd = () => sent.client.close(isAbort);
      sent.client.write(Buffer.from("x"));
      const ended = await open();
      ended.server.onEnd = () => ended.server.close(isAbort);
      ended.client.shutdown();
      const closing = [received.server, sent.client, ended.server];
      await env.until(() => closing.every(({ isClosed }) => isClosed), "those that close have closed");
      await world.closeAll(received.client, sent.server, ended.client);
    });
  }

  portCase("a socket that was closed refuses everything but close", async (world, env) => {
    const { client, server } = await world.pair();
    const { socket } = client;
    client.close();
    const refuses = (): void => {
      const queue = new SendQueue();
      const refused = { name: "PortError", code: "EBADF" };
      assert.throws(() => socket.send(queue), refused);
      assert.throws(() => socket.startReceiving(), refused);
      assert.throws(() => socket.stopReceiving(), refused);
      assert.throws(() => socket.shutdown(), refused);
      assert.throws(() => socket.open(client), refused);
      socket.close();
    };
    refuses();
    await env.until(() => client.isClosed, "the client has closed");
    refuses();
    await world.closeAll(server);
  });

  portCase("a socket can be closed without ever being opened", async (world, env) => {
    let accepted = 0;
    const listener = await env.settled(
      env.server.listen(
        env.listenAddress,
        {},
        {
          onAccepted: (socket) => {
            accepted++;
            socket.close(accepted === 2);
          },
          onAcceptFailed: () => {},
          onListenerClosed: () => {},
        },
      ),
    );
    for (const expected of [0, -Errno.ECONNRESET]) {
      let client: Witness;
      try {
        client = await world.connect(listener.address);
      } catch (error) {
        // The reset may be there before the client has heard that it is connected.
        assert.equal((error as Error).message, "ECONNRESET");
        assert.ok(expected < 0);
        continue;
      }
      client.startReceiving();
      await env.until(() => !client.isReceiving, "the client hears of it");
      assert.deepEqual(client.receiveEnds, [expected]);
      await world.closeAll(client);
    }
    await env.until(() => env.server.counters.openSockets === 0, "the server's ends are gone");
  });

  portCase("10,000 connections come and go and leave nothing behind", async (world, env) => {
    const { listener, accepted } = await world.listen();
    let opened = 0;
    let closed = 0;
    const cycle = (index: number): void => {
      opened++;
      env.client.connect(
        listener.address,
        {},
        {
          onConnected: (socket) => {
            let isSending = true;
            const queue = new SendQueue();
            socket.open({
              onReceived: () => {},
              onReceiveEnded: () => socket.close(),
              onSent: (result) => {
                isSending = false;
                if (result > 0) queue.consume(result);
                // Some leave at once, some with a reset, some when the peer does.
                if (index % 3 === 0) socket.close(index % 2 === 0);
                else socket.shutdown();
              },
              onClosed: () => {
                if (isSending) world.problems.push("onClosed came before the send's end");
                queue.clear();
                closed++;
              },
            });
            const chunk = world.clientPool.open(16);
            const start = chunk.writtenBytes;
            chunk.bytes.fill(index, start, start + 16);
            world.clientPool.close(16);
            queue.push(chunk, start, start + 16);
            socket.startReceiving();
            socket.send(queue);
          },
          onConnectFailed: (result) => world.problems.push(`connect ended with ${result}`),
        },
      );
    };
    const serve = (): void => {
      for (const witness of accepted.splice(0)) {
        witness.keepsBytes = false;
        witness.onBytes = (bytes, start, end) => witness.write(bytes.subarray(start, end));
        witness.onEnd = () => witness.close();
        witness.startReceiving();
      }
    };
    const run = async (cycles: number): Promise<void> => {
      const target = opened + cycles;
      await env.until(() => {
        serve();
        const room = Math.min(50 - (opened - closed), target - opened);
        for (let left = room; left > 0; left--) cycle(opened);
        return closed === target || world.problems.length > 0;
      }, `${target} connections have come and gone`);
      await env.until(() => {
        serve();
        return env.server.counters.openSockets === 0;
      }, "the server's ends are gone");
      for (const witness of world.witnesses.splice(0)) assert.ok(witness.isClosed);
    };
    await run(500);
    const before = descriptorCount();
    const atRest = env.client.counters.outstandingOperations;
    await run(9500);
    assert.ok(descriptorCount() <= before, "no descriptor is left behind");
    assert.equal(env.client.counters.outstandingOperations, atRest);
    assert.equal(env.server.counters.outstandingOperations, 1, "the listener's accept alone");
    assert.ok(world.clientPool.usedCount <= 1 && world.serverPool.usedCount <= 1, "no chunk is left behind");
  });

  portCase("closing the port ends everything that is open", async (world, env) => {
    const { client, server } = await world.pair();
    const pending = await world.pair({ receiving: false });
    pending.server.write(MUCH);
    const listening = await world.listen();
    const waiting = await world.connect(listening.listener.address);
    let connectEnds = 0;
    const ended = (): void => void connectEnds++;
    env.client.connect(
      listening.listener.address,
      {},
      {
        onConnected: (socket) => {
          ended();
          socket.close();
        },
        onConnectFailed: ended,
      },
    );
    env.server
      .startTimer(1, () => {
        if (world.isClosing) world.problems.push("a timer expired after the port was closed");
      })
      .cancel();
    const late = env.server.startTimer(3_600_000, () => world.problems.push("a timer of an hour expired"));
    const mailbox = env.server.openMailbox(() => {});
    mailbox.address();
    world.isClosing = true;
    const closing = env.settled(Promise.all([env.server.close(), env.client.close()]));
    assert.throws(
      () => env.server.connect(env.listenAddress, {}, { onConnected: () => {}, onConnectFailed: () => {} }),
      {
        code: "ESHUTDOWN",
      },
    );
    await assert.rejects(
      env.server.listen(
        env.listenAddress,
        {},
        { onAccepted: () => {}, onAcceptFailed: () => {}, onListenerClosed: () => {} },
      ),
      {
        code: "ESHUTDOWN",
      },
    );
    await closing;
    late.cancel();
    for (const witness of [client, server, pending.client, pending.server, waiting]) {
      assert.equal(witness.history.at(-1), "closed");
    }
    assert.equal(connectEnds, 1);
    assert.equal(listening.closedCount, 1);
    await env.settled(env.server.close());
    await env.settled(env.server.run());
  });
}
