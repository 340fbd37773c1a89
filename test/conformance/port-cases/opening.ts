import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { Errno } from "../../../src/engine/port-error.ts";
import type { SocketAddress } from "../../../src/engine/socket-address.ts";
import type { SocketOptions } from "../../../src/engine/socket-options.ts";
import type { PortCase } from "../port-suite.ts";
import type { PortWorld } from "../port-witness.ts";

const ipv6Loopback: SocketAddress = { family: 6, host: "::1", port: 0 };
const everywhere: SocketAddress = { family: 6, host: "::", port: 0 };

/** Whether this machine has IPv6 at all. */
async function hasIPv6(world: PortWorld): Promise<boolean> {
  try {
    const { listener } = await world.listen(ipv6Loopback);
    listener.close();
    return true;
  } catch {
    return false;
  }
}

/** One byte there and back. */
async function checkAlive(world: PortWorld, address: SocketAddress): Promise<void> {
  const client = await world.connect(address);
  client.startReceiving();
  const before = world.env.server.counters.receivedBytes;
  client.write(Buffer.from("?"));
  await world.env.until(() => {
    for (const witness of world.witnesses) {
      if (witness === client || witness.isReceiving || witness.isClosed || witness.receiveEnds.length > 0)
        continue;
      witness.startReceiving();
    }
    return world.env.server.counters.receivedBytes > before;
  }, "a byte goes through");
  await world.closeAll(client);
}

/** Takes every descriptor this process may have; undefined where the limit is too far off. */
function takeAllDescriptors(): number[] | undefined {
  const taken: number[] = [];
  for (let count = 0; count < 100_000; count++) {
    try {
      taken.push(openSync("/dev/null", "r"));
    } catch {
      return taken;
    }
  }
  for (const descriptor of taken) closeSync(descriptor);
  return undefined;
}

/** Connections begin. */
export function openingCases(portCase: PortCase): void {
  portCase("addresses are those of the connection", async (world, env) => {
    const { listener, accepted } = await world.listen();
    assert.equal(listener.address.host, "127.0.0.1");
    assert.equal(listener.address.family, 4);
    assert.ok(listener.address.port > 0, "port 0 is told as what the kernel chose");
    const client = await world.connect(listener.address);
    await env.until(() => accepted.length === 1, "the server accepts");
    const server = accepted[0]?.socket;
    assert.deepEqual(client.socket.remote, listener.address);
    assert.deepEqual(server?.local, listener.address);
    assert.deepEqual(server?.remote, client.socket.local);
    assert.equal(env.server.counters.accepted, 1);
    assert.equal(env.client.counters.connected, 1);
  });

  portCase("IPv6", async (world, env, context) => {
    if (!(await hasIPv6(world))) return context.skip("this machine has no IPv6");
    const { listener, accepted } = await world.listen(ipv6Loopback);
    const client = await world.connect(listener.address);
    await env.until(() => accepted.length === 1, "the server accepts");
    assert.equal(accepted[0]?.socket.remote.host, "::1");
    assert.equal(accepted[0]?.socket.remote.family, 6);
    await checkAlive(world, listener.address);
    await world.closeAll(client);
  });

  portCase(
    'dual stack: "::" takes both families, and tells IPv4 peers as IPv4',
    async (world, env, context) => {
      if (!(await hasIPv6(world))) return context.skip("this machine has no IPv6");
      const { listener, accepted } = await world.listen(everywhere);
      const { port } = listener.address;
      await world.connect({ family: 4, host: "127.0.0.1", port });
      await env.until(() => accepted.length === 1, "IPv4 is accepted");
      await world.connect({ family: 6, host: "::1", port });
      await env.until(() => accepted.length === 2, "IPv6 is accepted");
      const remotes = accepted.map(({ socket }) => [socket.remote.family, socket.remote.host]);
      assert.deepEqual(remotes, [
        [4, "127.0.0.1"],
        [6, "::1"],
      ]);
    },
  );

  portCase("an address that is in use is refused", async (world, env) => {
    const { listener } = await world.listen();
    await assert.rejects(world.listen(listener.address), {
      name: "PortError",
      code: "EADDRINUSE",
      operation: "listen",
    });
    await checkAlive(world, listener.address);
    assert.equal(env.server.counters.outstandingOperations > 0, true);
  });

  portCase("socket options are accepted on both sides", async (world) => {
    const socket: SocketOptions = {
      noDelay: false,
      kernelSendBufferBytes: 32_768,
      kernelReceiveBufferBytes: 32_768,
      keepAlive: { idleSeconds: 30, intervalSeconds: 5 },
      lingerSeconds: 1,
    };
    const { listener } = await world.listen(undefined, { backlog: 16, reuseAddress: true, socket });
    await checkAlive(world, listener.address);
    const client = await world.connect(listener.address, { socket });
    await world.closeAll(client);
  });

  portCase("a connect that nobody waits for is refused", async (world, env) => {
    const listening = await world.listen();
    listening.listener.close();
    await env.until(() => listening.closedCount === 1, "the listener is closed");
    await assert.rejects(world.connect(listening.listener.address), { message: "ECONNREFUSED" });
  });

  portCase("a connect that is cancelled fails with ECANCELED", async (world, env) => {
    const { listener } = await world.listen();
    const results: string[] = [];
    for (let index = 0; index < 20; index++) {
      const connect = env.client.connect(
        listener.address,
        {},
        {
          onConnected: (socket) => {
            results.push("connected");
            socket.close();
          },
          onConnectFailed: (result) => void results.push(`failed ${result}`),
        },
      );
      connect.cancel();
      connect.cancel();
    }
    assert.deepEqual(results, [], "nothing is told inside the call");
    await env.until(() => results.length === 20, "each ends");
    await env.pause();
    assert.deepEqual(new Set(results), new Set([`failed ${-Errno.ECANCELED}`]));
    assert.equal(results.length, 20, "each ends once");
  });

  portCase("cancelling a connect that has completed does nothing", async (world, env) => {
    const { listener } = await world.listen();
    let connected = 0;
    let failed = 0;
    const connect = env.client.connect(
      listener.address,
      {},
      {
        onConnected: (socket) => {
          connected++;
          socket.open({
            onReceived: () => {},
            onReceiveEnded: () => {},
            onSent: () => {},
            onClosed: () => {},
          });
          connect.cancel();
        },
        onConnectFailed: () => void failed++,
      },
    );
    await env.until(() => connected === 1, "it connects");
    connect.cancel();
    await env.pause();
    assert.deepEqual([connected, failed], [1, 0]);
    assert.equal(env.client.counters.openSockets, 1);
  });

  portCase("a closed listener accepts nobody, and what it accepted lives on", async (world, env) => {
    const listening = await world.listen();
    const client = await world.connect(listening.listener.address);
    await env.until(() => listening.accepted.length === 1, "the server accepts");
    listening.listener.close();
    listening.listener.close();
    assert.equal(listening.closedCount, 0, "nothing is told inside the call");
    await env.until(() => listening.closedCount === 1, "the listener is closed");
    await assert.rejects(world.connect(listening.listener.address), { message: "ECONNREFUSED" });
    const server = listening.accepted[0];
    client.write(Buffer.from("still here"));
    server?.startReceiving();
    await env.until(() => server?.receivedBytes === 10, "the connection lives");
    assert.equal(listening.closedCount, 1);
    const again = await world.listen(listening.listener.address);
    await checkAlive(world, again.listener.address);
  });

  portCase("accepting goes on after it has failed", async (world, env, context) => {
    const { network } = env;
    const { listener, accepted, failures } = await world.listen();
    await checkAlive(world, listener.address);
    const before = accepted.length;
    if (network !== undefined) {
      for (const errno of [Errno.EMFILE, Errno.ECONNABORTED, Errno.ENOBUFS])
        network.failNext("accept", errno);
      for (let index = 0; index < 4; index++) await world.connect(listener.address);
      await env.until(() => accepted.length === before + 3, "those that were not aborted are accepted");
      assert.deepEqual(failures, [-Errno.EMFILE, -Errno.ECONNABORTED, -Errno.ENOBUFS]);
    } else {
      const taken = process.platform === "win32" ? undefined : takeAllDescriptors();
      if (taken === undefined) return context.skip("descriptors cannot be made to run out here");
      try {
        for (const descriptor of taken.splice(0, 3)) closeSync(descriptor);
        // Three descriptors for six ends: some of these are not accepted now.
        const ends: string[] = [];
        for (let index = 0; index < 3; index++) {
          env.client.connect(
            listener.address,
            {},
            {
              onConnected: (socket) => {
                ends.push("connected");
                socket.close();
              },
              onConnectFailed: (result) => void ends.push(`failed ${result}`),
            },
          );
        }
        await env.until(() => ends.length === 3, "the connects end");
        await env.pause();
      } finally {
        for (const descriptor of taken) closeSync(descriptor);
      }
      await env.pause();
    }
    await checkAlive(world, listener.address);
  });
}
