import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { dial, portOpener, until } from "../../../test/support/port-opener.ts";
import { openRawEcho } from "../../../test/support/raw-echo.ts";
import type { PortSocket } from "../completion-port.ts";
import { Errno } from "../port-error.ts";
import { type IocpPort, type IocpPortOptions, openIocpPort } from "./iocp-port.ts";
import { probeIocp } from "./probe.ts";

const probe = probeIocp();
const skip = probe.available ? false : probe.reason;
if (!probe.available) console.log(`skipped, iocp: ${probe.reason}`);

const open = portOpener<IocpPort, IocpPortOptions>(openIocpPort);

/** Runs a program in a process of its own until it ends by itself; gives its exit code. */
async function runProgram(body: string): Promise<number | null> {
  const door = JSON.stringify(new URL("iocp-port.ts", import.meta.url).href);
  const raw = JSON.stringify(new URL("../../../test/support/raw-echo.ts", import.meta.url).href);
  const program = `
    import { openIocpPort } from ${door};
    import { openRawEcho } from ${raw};
    ${body}`;
  // No pipes: this must work where they do not.
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    stdio: "ignore",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

describe("IocpPort", { skip }, () => {
  for (const alwaysPackets of [false, true]) {
    const what = alwaysPackets ? "with a packet for each" : "without packets where none are needed";
    it(`takes each completion once, ${what}`, async () => {
      const port = open({ alwaysPackets });
      const { listener, connections } = await openRawEcho(port);
      const before = port.counters.completions;
      const client = await dial(listener.address.port);
      let echoed = "";
      client.setEncoding("latin1").on("data", (text: string) => void (echoed += text));
      let sent = "";
      for (let index = 0; index < 200; index++) {
        const message = `${index};`;
        sent += message;
        client.write(message, "latin1");
        if (index % 10 === 0) await until(() => echoed.length === sent.length);
      }
      await until(() => echoed.length === sent.length);
      assert.equal(echoed, sent);
      assert.equal(port.counters.receivedBytes, sent.length);
      assert.equal(port.counters.sentBytes, sent.length);
      assert.ok(port.counters.completions > before);
      client.end();
      await until(() => connections.size === 0);
      assert.equal(port.counters.outstandingOperations, 1, "the listener alone");
    });
  }

  it("accepts more at once than it has accepts waiting", async () => {
    const port = open({ pendingAccepts: 2 });
    const { listener, connections } = await openRawEcho(port);
    const clients = await Promise.all(Array.from({ length: 20 }, () => dial(listener.address.port)));
    await until(() => connections.size === 20);
    const remotes = new Set([...connections].map(({ socket }) => socket.remote.port));
    assert.deepEqual(remotes, new Set(clients.map((client) => client.localPort)));
    for (const client of clients) client.destroy();
    await until(() => connections.size === 0);
  });

  it("says ENOBUFS when it may have no more operations outstanding, and goes on when it may", async () => {
    const port = open({ pendingAccepts: 1, operations: 3 });
    const failures: number[] = [];
    const sockets: PortSocket[] = [];
    const listener = await port.listen(
      { family: 4, host: "127.0.0.1", port: 0 },
      {},
      {
        onAccepted(socket) {
          sockets.push(socket);
          const ignore = (): void => undefined;
          socket.open({ onReceived: ignore, onReceiveEnded: ignore, onSent: ignore, onClosed: ignore });
          socket.startReceiving();
        },
        onAcceptFailed: (result) => void failures.push(result),
        onListenerClosed: () => {},
      },
    );
    const clients = await Promise.all(Array.from({ length: 4 }, () => dial(listener.address.port)));
    await until(() => failures.length > 0);
    assert.equal(failures[0], -Errno.ENOBUFS);
    assert.equal(sockets.length, 3, "three receives, and none is left for an accept");
    sockets[0]?.close();
    await until(() => sockets.length === 4);
    for (const socket of sockets) socket.close();
    for (const client of clients) client.destroy();
    await until(() => port.counters.openSockets === 0);
  });

  it("has an address for itself alone when asked to", async () => {
    const port = open();
    const events = { onAccepted: () => {}, onAcceptFailed: () => {}, onListenerClosed: () => {} };
    const address = { family: 4, host: "127.0.0.1", port: 0 } as const;
    const listener = await port.listen(address, { reuseAddress: false }, events);
    await assert.rejects(port.listen(listener.address, {}, events), (error: NodeJS.ErrnoException) =>
      ["EADDRINUSE", "EACCES"].includes(error.code ?? ""),
    );
  });

  it("keeps a process alive while something is open, and no longer", async () => {
    const code = await runProgram(`
      const port = openIocpPort();
      const { listener } = await openRawEcho(port);
      setTimeout(() => { listener.close(); process.exitCode = 7; }, 200);`);
    assert.equal(code, 7);
  });

  it("lets a process exit at any time", async () => {
    const code = await runProgram(`
      const port = openIocpPort();
      await openRawEcho(port);
      void port.run();
      setTimeout(() => process.exit(8), 200);`);
    assert.equal(code, 8);
  });
});
