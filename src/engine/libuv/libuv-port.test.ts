import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { addressFrom } from "./libuv-core.ts";
import { openLibuvPort } from "./libuv-port.ts";

const door = pathToFileURL(join(import.meta.dirname, "libuv-port.ts")).href;

/** Runs a program that has `port` and `events` in a process of its own, to see how it ends. */
function runProgram(body: string): { status: number | null; output: string; errors: string } {
  const program = `
    import { openLibuvPort } from ${JSON.stringify(door)};
    const port = openLibuvPort();
    const address = { family: 4, host: "127.0.0.1", port: 0 };
    const events = { onAccepted: (socket) => socket.close(), onAcceptFailed() {}, onListenerClosed() {} };
    ${body}`;
  const options = { encoding: "utf8", timeout: 30_000 } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program],
    options,
  );
  return { status, output: stdout.trim(), errors: stderr };
}

describe("libuv port", () => {
  it("a listener keeps the process alive, and a closed port lets it end", () => {
    const { status, output } = runProgram(`
      await port.listen(address, {}, events);
      port.openMailbox(() => {}).address();
      port.startTimer(3_600_000, () => {});
      port.startTimer(20, () => console.log("timer"));
      // This holds nothing: were it not for the port, the process would have ended before it.
      setTimeout(() => port.close().then(() => console.log("closed")), 100).unref();`);
    assert.equal(status, 0);
    assert.equal(output, "timer\nclosed");
  });

  it("a port on which nothing is open does not keep the process alive", () => {
    assert.equal(runProgram(`port.post(() => console.log("job"));`).output, "job");
  });

  it("does not swallow what an events method throws", () => {
    const { status, errors } = runProgram(`
      const listener = await port.listen(address, {}, { ...events, onAccepted() { throw new Error("a bug") } });
      port.connect(listener.address, {}, { onConnected: (socket) => socket.close(), onConnectFailed() {} });`);
    assert.notEqual(status, 0);
    assert.match(errors, /a bug/);
  });

  it("goes on with the rest of a turn in which something threw, when the program lives on", () => {
    const { output } = runProgram(`
      process.on("uncaughtException", (error) => console.log(error.message));
      port.atTurnEnd(() => { throw new Error("a bug") });
      port.atTurnEnd(() => console.log("task"));
      port.requestFlush({ flush: () => console.log("flush") });`);
    assert.equal(output, "a bug\ntask\nflush");
  });

  it("says so when an accepted socket is neither opened nor closed in its turn", () => {
    const { status, errors } = runProgram(`
      const listener = await port.listen(address, {}, { ...events, onAccepted() {} });
      port.connect(listener.address, {}, { onConnected: (socket) => socket.close(), onConnectFailed() {} });`);
    assert.notEqual(status, 0);
    assert.match(errors, /opens or closes its socket before the turn ends/);
  });

  it("resets a connection whose FIN is on its way", async () => {
    const port = openLibuvPort();
    let ends = 0;
    const listener = await port.listen(
      { family: 4, host: "127.0.0.1", port: 0 },
      {},
      {
        onAccepted: (socket) => {
          socket.open({ onReceived() {}, onReceiveEnded() {}, onSent() {}, onClosed: () => void ends++ });
          socket.startReceiving();
          socket.shutdown();
          socket.close(true);
        },
        onAcceptFailed: () => assert.fail(),
        onListenerClosed: () => {},
      },
    );
    const closed = Promise.withResolvers<void>();
    port.connect(
      listener.address,
      {},
      {
        onConnected: (socket) => {
          socket.open({
            onReceived() {},
            onReceiveEnded: () => socket.close(),
            onSent() {},
            onClosed: closed.resolve,
          });
          socket.startReceiving();
        },
        onConnectFailed: () => closed.resolve(),
      },
    );
    await closed.promise;
    await port.close();
    assert.equal(ends, 1);
  });

  it("tells IPv4 peers of a dual-stack listener as IPv4", () => {
    assert.deepEqual(addressFrom("::ffff:10.1.2.3", 5), { family: 4, host: "10.1.2.3", port: 5 });
    assert.deepEqual(addressFrom("::1", 5), { family: 6, host: "::1", port: 5 });
    assert.deepEqual(addressFrom(undefined, undefined), { family: 4, host: "0.0.0.0", port: 0 });
  });
});
