import assert from "node:assert/strict";
import { execFile, type ExecFileException } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { dial, portOpener, until } from "../../../test/support/port-opener.ts";
import { openRawEcho, RawConnection } from "../../../test/support/raw-echo.ts";
import { SendBufferPool } from "../memory/send-buffer-pool.ts";
import { Errno, PortError } from "../port-error.ts";
import * as k from "./constants.ts";
import { probeUring } from "./probe.ts";
import { SocketCalls } from "./socket-calls.ts";
import { loadSystemCalls } from "./system-calls.ts";
import { openUringPort, type UringPort, type UringPortOptions } from "./uring-port.ts";

const probe = probeUring();
const skip = probe.available ? false : probe.reason;

const open = portOpener<UringPort, UringPortOptions>(openUringPort);

function descriptorCount(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Runs a program in a process of its own; `module` is what the uring door exports. */
async function runProgram(body: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const door = JSON.stringify(new URL("uring-port.ts", import.meta.url).href);
  const raw = JSON.stringify(new URL("../../../test/support/raw-echo.ts", import.meta.url).href);
  const program = `
    import { openUringPort } from ${door};
    import { openRawEcho } from ${raw};
    import { connect } from "node:net";
    ${body}`;
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module-typescript", "--eval", program],
      (error: ExecFileException | null, stdout, stderr) => {
        resolve({
          code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
          stdout,
          stderr,
        });
      },
    );
  });
}

describe("UringSocket, its end", { skip }, () => {
  it("leaks no descriptor and no slot in 10,000 connections that come and go", async () => {
    const port = open();
    const { listener, connections } = await openRawEcho(port);
    (await dial(listener.address.port)).destroy();
    await until(() => port.counters.accepted === 1 && connections.size === 0);
    const before = descriptorCount();
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const socket = await dial(listener.address.port);
          if (index % 4 === 0) socket.resetAndDestroy();
          else if (index % 4 === 1) socket.end("bye").resume();
          else socket.destroy();
          await once(socket, "close");
        }),
      );
    }
    await until(() => port.counters.accepted === 10_001 && connections.size === 0);
    await until(() => descriptorCount() <= before);
    assert.equal(port.counters.openSockets, 0);
    assert.equal(port.counters.outstandingOperations, 1);
  });

  it("has its terminal completions in order when it is closed with a send outstanding", async () => {
    const port = open();
    const { listener, connections, pool } = await openRawEcho(port, {
      onConnection(connection) {
        connection.onBytes = () => {};
        // More than the two kernels' buffers hold, and nobody reads.
        for (let index = 0; index < 200; index++) connection.write(Buffer.alloc(60_000, index));
      },
    });
    const client = await dial(listener.address.port);
    client.pause();
    await until(() => connections.size === 1);
    const [connection] = connections;
    assert.ok(connection !== undefined);
    await until(() => connection.isSending && port.counters.sentBytes > 100_000);
    connection.close();
    connection.close();
    await connection.closed.promise;
    assert.deepEqual(connection.happened.toSorted(), [
      "closed",
      `receiveEnded ${-Errno.ECANCELED}`,
      `sent ${-Errno.ECANCELED}`,
    ]);
    assert.equal(connection.happened.at(-1), "closed");
    assert.throws(
      () => connection.socket.send(connection.queue),
      (error) => error instanceof PortError && error.code === "EBADF",
    );
    assert.throws(() => connection.socket.startReceiving(), PortError);
    assert.throws(() => connection.socket.shutdown(), PortError);
    connection.socket.close();
    pool.trim();
    assert.equal(pool.usedCount, 0, "every chunk is back");
    client.destroy();
  });

  it("resets the connection on abort, and finishes it otherwise", async () => {
    const port = open();
    const { listener, connections } = await openRawEcho(port);
    for (const isAbort of [true, false]) {
      const client = connect({ port: listener.address.port, host: "127.0.0.1" });
      const failed = Promise.withResolvers<string>();
      client.on("error", (error: NodeJS.ErrnoException) => failed.resolve(error.code ?? ""));
      client.on("end", () => failed.resolve("FIN"));
      client.resume();
      await once(client, "connect");
      await until(() => connections.size === 1);
      for (const connection of connections) connection.close(isAbort);
      assert.equal(await failed.promise, isAbort ? "ECONNRESET" : "FIN");
      await until(() => connections.size === 0);
    }
  });

  it("tells of a peer's reset", async () => {
    const port = open();
    const { listener, connections } = await openRawEcho(port);
    const client = await dial(listener.address.port);
    await until(() => connections.size === 1);
    const [connection] = connections;
    client.resetAndDestroy();
    assert.equal(await connection?.ended.promise, -Errno.ECONNRESET);
    await connection?.closed.promise;
  });

  it("finishes its half with shutdown and still receives", async () => {
    const port = open();
    const { listener, connections } = await openRawEcho(port);
    const client = connect({ port: listener.address.port, host: "127.0.0.1", allowHalfOpen: true });
    client.resume();
    await once(client, "connect");
    await until(() => connections.size === 1);
    const [connection] = connections;
    assert.ok(connection !== undefined);
    connection.onBytes = (bytes) => (connection.received += Buffer.from(bytes).toString());
    connection.socket.shutdown();
    await once(client, "end");
    client.end("after your end");
    assert.equal(await connection.ended.promise, 0);
    assert.equal(connection.received, "after your end");
  });

  it("inherits the listener's socket options (what saves system calls per connection)", async () => {
    const port = open();
    const pool = new SendBufferPool(port.arena);
    const accepted = Promise.withResolvers<RawConnection>();
    const before = new Set(readdirSync("/proc/self/fd"));
    const listener = await port.listen(
      { family: 4, host: "127.0.0.1", port: 0 },
      { socket: { keepAlive: { idleSeconds: 77, intervalSeconds: 7 }, kernelSendBufferBytes: 40_000 } },
      {
        onAccepted: (socket) => accepted.resolve(new RawConnection(port, pool, socket)),
        onAcceptFailed: () => {},
        onListenerClosed: () => {},
      },
    );
    const client = await dial(listener.address.port);
    const connection = await accepted.promise;
    const calls = new SocketCalls(loadSystemCalls());
    const fd = readdirSync("/proc/self/fd")
      .filter((name) => !before.has(name))
      .map(Number)
      .find((candidate) => {
        const local = calls.localAddress(candidate);
        return local?.port === listener.address.port && calls.remoteAddress(candidate) !== undefined;
      });
    assert.ok(fd !== undefined, "the accepted socket's descriptor is found");
    assert.equal(calls.get(fd, k.IPPROTO_TCP, k.TCP_NODELAY), 1);
    assert.equal(calls.get(fd, k.SOL_SOCKET, k.SO_KEEPALIVE), 1);
    assert.equal(calls.get(fd, k.IPPROTO_TCP, k.TCP_KEEPIDLE), 77);
    assert.equal(calls.get(fd, k.IPPROTO_TCP, k.TCP_KEEPINTVL), 7);
    assert.equal(calls.get(fd, k.SOL_SOCKET, k.SO_SNDBUF), 80_000, "the kernel doubles it (socket(7))");
    calls.release();
    connection.close();
    client.destroy();
  });
});

describe("UringPort, its end", { skip }, () => {
  it("closes what is open, delivers every terminal completion, and gives everything back", async () => {
    const before = descriptorCount();
    const port = openUringPort({ arenaLimitBytes: 16 * 1024 * 1024 });
    const { listener, connections, listenerClosed, pool } = await openRawEcho(port);
    const clients = await Promise.all(Array.from({ length: 50 }, () => dial(listener.address.port)));
    await until(() => connections.size === 50);
    const ended = [...connections];
    ended[0]?.write(Buffer.from("unsent"));
    let expired = 0;
    port.startTimer(5, () => expired++);
    const refused = Promise.withResolvers<number>();
    port.connect(
      { family: 4, host: "192.0.2.1", port: 9 },
      {},
      {
        onConnected: () => refused.resolve(0),
        onConnectFailed: refused.resolve,
      },
    );
    const mailbox = port.openMailbox(() => {});
    mailbox.address();
    const bytes = pool.open(10).bytes;
    pool.close(0);
    const closing = port.close();
    await assert.rejects(
      openRawEcho(port),
      (error) => error instanceof PortError && error.code === "ESHUTDOWN",
    );
    await closing;
    await port.close();
    await port.run();
    await listenerClosed;
    for (const connection of ended) assert.equal(connection.happened.at(-1), "closed");
    assert.equal(await refused.promise, -Errno.ECANCELED);
    assert.equal(expired, 0);
    assert.equal(port.counters.openSockets, 0);
    assert.equal(port.counters.outstandingOperations, 0);
    assert.equal(bytes.length, 0, "memory that was given back cannot be touched");
    for (const client of clients) client.destroy();
    await until(() => clients.every((client) => client.closed));
    await until(() => descriptorCount() <= before);
  });

  it("can be opened and closed again and again", async () => {
    const before = descriptorCount();
    for (let round = 0; round < 40; round++) {
      const port = openUringPort();
      const { listener } = await openRawEcho(port);
      const client = await dial(listener.address.port);
      client.end("x").resume();
      await once(client, "close");
      await port.close();
    }
    await until(() => descriptorCount() <= before);
  });

  it("lets the process end when nothing is open, and after close", async () => {
    const idle = await runProgram(`openUringPort(); process.on("exit", () => console.log("ended"));`);
    assert.deepEqual(idle, { code: 0, stdout: "ended\n", stderr: "" });
    const closed = await runProgram(`
      const port = openUringPort();
      const { listener } = await openRawEcho(port);
      connect(listener.address.port).on("error", () => {}).on("connect", async () => {
        await port.close();
        console.log("closed");
      });`);
    assert.deepEqual(closed, { code: 0, stdout: "closed\n", stderr: "" });
    const timed = await runProgram(`openUringPort().startTimer(20, () => console.log("expired"));`);
    assert.deepEqual(timed, { code: 0, stdout: "expired\n", stderr: "" });
  });

  it("survives process.exit with everything open", async () => {
    const result = await runProgram(`
      const port = openUringPort();
      const { listener } = await openRawEcho(port);
      port.startTimer(60_000, () => {});
      connect(listener.address.port).on("error", () => {}).on("data", () => process.exit(7)).write("x");`);
    assert.deepEqual(result, { code: 7, stdout: "", stderr: "" });
  });

  it("does not swallow what an events method throws, and goes on if the program does", async () => {
    const fatal = await runProgram(`openUringPort().post(() => { throw new Error("a bug"); });`);
    assert.equal(fatal.code, 1);
    assert.match(fatal.stderr, /a bug/);
    const caught = await runProgram(`
      // Not before the first has been thrown at: on a busy machine both could come in one piece.
      process.on("uncaughtException", (error) => { console.log(error.message); client.write("2"); });
      const port = openUringPort();
      let count = 0;
      const { listener } = await openRawEcho(port, {
        onConnection(connection) {
          connection.onBytes = (bytes) => {
            if (++count === 1) throw new Error("a bug");
            connection.write(bytes);
          };
        },
      });
      const client = connect(listener.address.port);
      client.write("1");
      client.on("data", async (bytes) => { console.log(String(bytes)); client.destroy(); await port.close(); });`);
    assert.deepEqual(caught, { code: 0, stdout: "a bug\n2\n", stderr: "" });
  });

  it("tells of accepts that failed for want of descriptors, and accepts again later", async () => {
    const result = await runProgram(`
      import { openSync, closeSync } from "node:fs";
      const port = openUringPort();
      let failed = 0;
      const { listener, failures } = await openRawEcho(port);
      const held = [];
      try { for (;;) held.push(openSync("/dev/null")); } catch (error) { console.log(error.code); }
      for (const fd of held.splice(0, 1)) closeSync(fd);
      const client = connect(listener.address.port, "127.0.0.1");
      client.write("x");
      client.on("data", async (bytes) => {
        console.log(String(bytes));
        console.log(failures.includes(-24) && failures.every((result) => result === -24 || result === -23));
        client.destroy();
        await port.close();
      });
      const wait = setInterval(() => {
        if (failures.length < 2) return;
        clearInterval(wait);
        for (const fd of held.splice(0, 10)) closeSync(fd);
      }, 5);`);
    assert.deepEqual(result, { code: 0, stdout: "EMFILE\nx\ntrue\n", stderr: "" });
  });
});
