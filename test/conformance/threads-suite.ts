import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import type { CompletionPort, MailboxAddress } from "../../src/engine/completion-port.ts";
import { openMailboxSender } from "../../src/engine/mailbox-sender.ts";
import { WakeGate } from "../../src/engine/kernel/wake-gate.ts";

/** One kind of port whose `run()` blocks a worker thread in the kernel. */
export interface ThreadSubject {
  readonly name: string;
  /** Why the suite cannot run here; false: it can. */
  readonly skip: string | false;
  /** Opens a port; exported under the function's own name by `door`, which worker threads import. */
  readonly open: (options: { arenaLimitBytes: number }) => CompletionPort;
  readonly door: URL;
  wakeByDescriptor(descriptor: number, gate: SharedArrayBuffer): void;
}

const echoWorker = `
  const port = openPort({ arenaLimitBytes: 16 * 1024 * 1024, workerBlockMs: 60_000 });
  const { listener } = await openRawEcho(port);
  let got = [];
  const mailbox = port.openMailbox((message) => {
    if (message.ask === "listener") parentPort.postMessage({ port: listener.address.port });
    else if (message.ask === "messages") parentPort.postMessage(got);
    else if (message.ask === "close") void port.close();
    else got.push(message);
  });
  const address = mailbox.address();
  parentPort.postMessage(address, address.transfer);
  let timerFired = false;
  port.startTimer(1, () => { timerFired = true; });
  port.post(async () => { await null; await new Promise((resolve) => setImmediate(resolve)); got.push("promises go on"); });
  await port.run();
  parentPort.postMessage({ closed: true, timerFired });
  parentPort.close();
`;

/** What is checked of ports that a worker thread can block on in `run()`. */
export function describeThreads(subject: ThreadSubject): void {
  const { door, name, open, skip } = subject;

  /** A worker thread that runs `body` as a module, with the doors imported. */
  function startWorker(
    body: string,
    options: { workerData?: unknown; transferList?: readonly MessagePort[] } = {},
  ): Worker {
    const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const program = `
      import { parentPort, workerData } from "node:worker_threads";
      import { ${open.name} as openPort } from ${JSON.stringify(door.href)};
      import { openMailboxSender } from ${here("../../src/engine/mailbox-sender.ts")};
      import { openRawEcho } from ${here("../support/raw-echo.ts")};
      ${body}`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    return new Worker(url, options as ConstructorParameters<typeof Worker>[1]);
  }

  describe(`threads on ${name}`, { skip }, () => {
    it("serves a worker thread that blocks in run(), woken by sockets and by its mailbox", async () => {
      const worker = startWorker(echoWorker);
      const [address] = (await once(worker, "message")) as [MailboxAddress];
      assert.ok(address.wakeDescriptor >= 0);
      const sender = openMailboxSender(address);
      for (let number = 0; number < 1000; number++) sender.post(number);
      sender.post({ ask: "messages" });
      const [got] = (await once(worker, "message")) as [unknown[]];
      const numbers = Array.from({ length: 1000 }, (_, number) => number);
      assert.deepEqual(
        got.filter((message) => typeof message === "number"),
        numbers,
      );

      sender.post({ ask: "listener" });
      const [{ port }] = (await once(worker, "message")) as [{ port: number }];
      const answers = Array.from({ length: 100 }, async (_, index) => {
        const socket = connect({ port, host: "127.0.0.1" });
        socket.end(`connection ${index}`);
        return await text(socket);
      });
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 100 }, (_, index) => `connection ${index}`),
      );

      // One at a time, so that the thread sleeps before each.
      for (let round = 0; round < 50; round++) {
        sender.post({ ask: "listener" });
        await once(worker, "message");
      }
      sender.post({ ask: "messages" });
      const [later] = (await once(worker, "message")) as [unknown[]];
      assert.ok(later.includes("promises go on"));
      // Node tells of the last message and of the exit in one go when the thread has ended before this one
      // came to look: both are waited for from before.
      const exited = once(worker, "exit");
      sender.post({ ask: "close" });
      const [last] = (await once(worker, "message")) as [unknown];
      assert.deepEqual(last, { closed: true, timerFired: true });
      await exited;
      sender.post("to nobody");
      sender.close();
      sender.close();
    });

    it("takes messages of worker threads on the main thread, each sender's in order", async () => {
      const port = open({ arenaLimitBytes: 16 * 1024 * 1024 });
      const got: number[][] = [[], [], []];
      const done = Promise.withResolvers<void>();
      let count = 0;
      const mailbox = port.openMailbox((message) => {
        const [sender, number] = message as [number, number];
        got[sender]?.push(number);
        if (++count === 1500) done.resolve();
      });
      const exits = got.map(async (_, index) => {
        const address = mailbox.address();
        const worker = startWorker(
          `const sender = openMailboxSender(workerData.address);
         for (let number = 0; number < 500; number++) sender.post([workerData.index, number]);
         sender.close();`,
          { workerData: { address, index }, transferList: address.transfer },
        );
        await once(worker, "exit");
      });
      await done.promise;
      for (const numbers of got)
        assert.deepEqual(
          numbers,
          Array.from({ length: 500 }, (_, number) => number),
        );
      await Promise.all(exits);
      mailbox.close();
      await port.close();
    });

    it("serves a worker thread by its event loop when run() is not called", async () => {
      const worker = startWorker(
        `const port = openPort({ arenaLimitBytes: 16 * 1024 * 1024 });
       const { listener } = await openRawEcho(port);
       parentPort.postMessage(listener.address.port);
       parentPort.once("message", async () => { await port.close(); });`,
      );
      const [port] = (await once(worker, "message")) as [number];
      const socket = connect({ port, host: "127.0.0.1" });
      socket.end("hello");
      assert.equal(await text(socket), "hello");
      worker.postMessage("close");
      await once(worker, "exit");
    });

    for (const how of ["await port.run();", ""]) {
      it(`lets a thread be terminated that ${how === "" ? "waits" : "blocks"}`, async () => {
        const worker = startWorker(
          `const port = openPort({ arenaLimitBytes: 16 * 1024 * 1024, workerBlockMs: 10 });
         await openRawEcho(port);
         setTimeout(() => parentPort.postMessage("its timers run"), 5);
         ${how}`,
        );
        const [message] = (await once(worker, "message")) as [string];
        assert.equal(message, "its timers run");
        await worker.terminate();
      });
    }

    it("does not write to a wake descriptor whose port is gone", () => {
      const gate = new WakeGate();
      gate.close();
      subject.wakeByDescriptor(-1, gate.shared);
      const words = new Int32Array(gate.shared);
      assert.equal(words[2], 0, "no wake is pending");
      assert.equal(words[1], 0, "nobody is left inside");
    });
  });
}
