import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import type { PortTimer } from "../../../src/engine/completion-port.ts";
import { openMailboxSender } from "../../../src/engine/mailbox-sender.ts";
import type { PortCase } from "../port-suite.ts";

/** What happens when: turns, jobs, timers, messages. */
export function turnCases(portCase: PortCase): void {
  portCase(
    "a turn dispatches, runs its tasks and theirs, then flushes each target once",
    async (_world, env) => {
      const port = env.server;
      const log: string[] = [];
      let jobs = 0;
      const target = { flush: () => void log.push("flush") };
      const other = {
        flush: () => {
          log.push("other flush");
          if (jobs === 1) port.requestFlush(other);
        },
      };
      port.post(() => {
        jobs = 1;
        port.requestFlush(target);
        port.requestFlush(other);
        port.atTurnEnd(() => {
          log.push("task");
          port.atTurnEnd(() => log.push("task of a task"));
        });
        port.atTurnEnd(() => log.push("second task"));
        log.push("job");
      });
      assert.equal(log.length, 0, "nothing runs inside the call");
      await env.until(() => log.includes("other flush"), "the turn ends");
      assert.deepEqual(log.slice(0, 6), [
        "job",
        "task",
        "second task",
        "task of a task",
        "flush",
        "other flush",
      ]);
      jobs = 2;
      await env.until(() => log.length >= 7, "a flush that was asked for in a flush comes in another turn");
      await env.pause();
      assert.deepEqual(log.slice(6), ["other flush"], "each request is one flush");
    },
  );

  portCase("what is asked for outside a turn starts one", async (_world, env) => {
    const log: string[] = [];
    env.server.atTurnEnd(() => log.push("task"));
    await env.until(() => log.length === 1, "the task runs");
    env.server.requestFlush({ flush: () => log.push("flush") });
    await env.until(() => log.length === 2, "the flush comes");
    const before = env.server.counters.turns;
    env.server.post(() => log.push("job"));
    await env.until(() => log.length === 3, "the job runs");
    assert.deepEqual(log, ["task", "flush", "job"]);
    assert.ok(env.server.counters.turns > before);
    await Promise.resolve().then(() => env.server.post(() => log.push("from a promise")));
    await env.until(() => log.length === 4, "a job posted by a promise runs");
  });

  portCase("flushes asked for in events come after the events of the turn", async (world, env) => {
    const { client, server } = await world.pair();
    const log: string[] = [];
    let isAsked = false;
    server.onBytes = () => {
      log.push("received");
      if (isAsked) return;
      isAsked = true;
      env.server.requestFlush({
        flush: () => {
          isAsked = false;
          log.push("flush");
        },
      });
      env.server.atTurnEnd(() => log.push("task"));
    };
    for (let index = 0; index < 5; index++) {
      client.write(Buffer.from("x"));
      await env.until(() => server.receivedBytes === index + 1 && !isAsked, "it arrives and is flushed");
    }
    for (const [index, entry] of log.entries()) {
      if (entry === "flush") assert.equal(log[index - 1], "task", "tasks come right before flushes");
    }
    assert.equal(
      log.filter((entry) => entry === "flush").length,
      log.filter((entry) => entry === "task").length,
    );
    await world.closeAll(client, server);
  });

  portCase("jobs run in the order in which they were posted", async (_world, env) => {
    const order: number[] = [];
    for (let index = 0; index < 1000; index++) env.server.post(() => void order.push(index));
    await env.until(() => order.length === 1000, "all jobs run");
    assert.deepEqual(
      order,
      Array.from({ length: 1000 }, (_, index) => index),
    );
  });

  portCase(
    "timers expire once, in the order of their deadlines, and not when cancelled",
    async (_world, env) => {
      const port = env.server;
      const log: string[] = [];
      const early: string[] = [];
      const startAll = (unitMs: number): PortTimer[] => {
        const startedMs = port.clock.monotonicMs();
        const start = (name: string, delayMs: number): PortTimer =>
          port.startTimer(delayMs * unitMs, () => {
            log.push(name);
            if (port.clock.monotonicMs() - startedMs < delayMs * unitMs - 0.001) early.push(name);
          });
        const last = start("40", 40);
        const cancelled = start("cancelled", 5);
        const others = [start("10", 10), start("0", 0), start("25", 25), start("25 again", 25)];
        cancelled.cancel();
        cancelled.cancel();
        const victim = start("victim", 31);
        return [start("1", 1), last, ...others, port.startTimer(30 * unitMs, () => victim.cancel()), victim];
      };
      // The order is that of the delays only if starting them took less than these differ by.
      let timers: PortTimer[] = [];
      for (let unitMs = 1, isSlow = true; isSlow; unitMs *= 2) {
        for (const timer of timers) timer.cancel();
        const startedMs = port.clock.monotonicMs();
        timers = startAll(unitMs);
        isSlow = port.clock.monotonicMs() - startedMs >= unitMs;
      }
      assert.equal(log.length, 0, "nothing expires inside the call");
      await env.until(() => log.includes("40"), "the last one expires");
      for (const timer of timers) timer.cancel();
      await env.pause();
      assert.deepEqual(log, ["0", "1", "10", "25", "25 again", "40"]);
      assert.deepEqual(early, [], "none is early");
    },
  );

  portCase("a timer may start timers, and sends from it are flushed", async (_world, env) => {
    const log: string[] = [];
    env.server.startTimer(1, () => {
      log.push("first");
      env.server.requestFlush({ flush: () => log.push("flush") });
      env.server.startTimer(1, () => log.push("second"));
    });
    await env.until(() => log.includes("second") && log.includes("flush"), "both");
    assert.deepEqual([...log].sort(), ["first", "flush", "second"]);
  });

  portCase("messages to a mailbox are jobs of the port, in order", async (_world, env) => {
    const messages: unknown[] = [];
    const mailbox = env.server.openMailbox((message) => messages.push(message));
    const sender = openMailboxSender(mailbox.address());
    const other = openMailboxSender(mailbox.address());
    for (let index = 0; index < 100; index++) sender.post({ index });
    other.post("from another sender");
    assert.deepEqual(messages, [], "nothing is told inside the call");
    await env.until(() => messages.length === 101, "all messages arrive");
    const own = messages.filter((message) => typeof message === "object");
    assert.deepEqual(
      own,
      Array.from({ length: 100 }, (_, index) => ({ index })),
    );
    sender.close();
    other.close();
    mailbox.close();
    mailbox.close();
  });

  portCase("a worker thread reaches a mailbox", async (_world, env, context) => {
    if (env.network !== undefined) return context.skip("a simulated network lives in one thread");
    const messages: unknown[] = [];
    const mailbox = env.server.openMailbox((message) => messages.push(message));
    const worker = new Worker(new URL("../../support/mailbox-worker.ts", import.meta.url));
    const address = mailbox.address();
    worker.postMessage({ address, count: 1000 }, [...address.transfer]);
    await env.until(() => messages.length === 1000, "all messages arrive");
    assert.deepEqual(
      messages,
      Array.from({ length: 1000 }, (_, index) => index),
    );
    mailbox.close();
    await worker.terminate();
  });
}
