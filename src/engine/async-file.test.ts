import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../base/random.ts";
import { AsyncFile, type AsyncFileOptions } from "./async-file.ts";
import { Errno, type PortError } from "./port-error.ts";
import type { NetworkFaults } from "./simulated/network-faults.ts";
import { SimulatedNetwork } from "./simulated/simulated-network.ts";

/** A disk in memory, and the time it lives in. */
function world(faults: Partial<NetworkFaults> = {}, seed = 1) {
  const network = new SimulatedNetwork({ seed, faults });
  const port = network.createPort("host");
  const until = async (predicate: () => boolean): Promise<void> => {
    assert.ok(await network.runUntilAsync(predicate), "it comes to that");
  };
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await until(() => isSettled);
    return promise;
  };
  const open = (options: AsyncFileOptions = {}): Promise<AsyncFile> =>
    settled(AsyncFile.open(port, "/log", options));
  const text = (path = "/log"): string => port.disk.read(path).toString();
  const end = async (): Promise<void> => {
    await settled(port.close());
    assert.equal(port.counters.outstandingOperations, 0);
    assert.equal(port.counters.openFiles, 0);
  };
  return { network, port, until, settled, open, text, end };
}

describe("an asynchronous file on a disk that fails", () => {
  it("goes on with the byte at which a short write stopped", async () => {
    const { settled, open, text, end } = world({ shortWriteChance: 1 });
    const file = await open();
    for (let index = 0; index < 100; index++) file.write(`record ${index}\n`);
    await settled(file.flush());
    assert.equal(text(), Array.from({ length: 100 }, (_, index) => `record ${index}\n`).join(""));
    assert.ok(file.counters.writes > 1);
    await settled(file.close());
    await end();
  });

  it("waits while the disk is full, tells it once, and loses nothing when there is room again", async () => {
    const { network, port, until, settled, open, text, end } = world({ diskBytes: 25 });
    const errors: PortError[] = [];
    const dropped: number[] = [];
    const file = await open({
      queueLimitBytes: 60,
      onError: (error) => errors.push(error),
      onDropped: (records) => dropped.push(records),
    });
    for (let index = 0; index < 5; index++) file.write(`record ${index}\n`);
    await assert.rejects(settled(file.flush()), { name: "PortError", code: "ENOSPC", operation: "write" });
    assert.equal(text(), "record 0\nrecord 1\nrecord ", "what there was room for");
    assert.equal(file.failure?.code, "ENOSPC");
    for (let index = 5; index < 12; index++) file.write(`record ${index}\n`);
    await until(() => file.counters.errors >= 5);
    assert.equal(errors.length, 1, "told once, however often it is tried");
    assert.ok(port.clock.monotonicMs() >= 4000, "with a pause between the tries");
    const kept = file.counters.writtenBytes + file.queuedBytes;
    network.faults.diskBytes = 1000;
    await settled(file.flush());
    assert.equal(file.failure, undefined);
    assert.equal(text().length, kept);
    assert.match(text(), /^(?:record \d+\n)*$/, "no record is torn or lost in between");
    assert.equal(text().split("\n").length - 1 + file.counters.droppedRecords, 12);
    assert.deepEqual(dropped, [file.counters.droppedRecords]);
    network.failNext("write", Errno.EIO);
    file.write("again\n");
    await until(() => errors.length === 2);
    await settled(file.close());
    assert.ok(text().endsWith("again\n"), "the last try, at the end, has succeeded");
    await end();
  });

  it("gives up at the end, once, and says how much was lost", async () => {
    const { settled, open, text, end } = world({ failures: { write: { chance: 1, errno: Errno.EIO } } });
    const file = await open();
    file.write("never\n");
    const [flushed, closed] = await Promise.allSettled([settled(file.flush()), settled(file.close())]);
    assert.equal(flushed.status, "rejected");
    assert.equal(closed.status === "rejected" ? (closed.reason as PortError).code : closed.status, "EIO");
    assert.equal(file.counters.lostBytes, 6);
    assert.ok(file.counters.errors <= 2);
    assert.equal(text(), "");
    await end();
  });

  it("rejects a sync that fails, and the next is of its own", async () => {
    const { network, settled, open, end } = world();
    const file = await open();
    file.write("record\n");
    network.failNext("sync", Errno.EIO);
    await assert.rejects(settled(file.sync()), { code: "EIO", operation: "sync" });
    await settled(file.sync());
    assert.deepEqual([file.counters.syncs, file.counters.errors], [2, 1]);
    await settled(file.close());
    await end();
  });

  it("moves what is left to the next file when the present one takes nothing any more", async () => {
    const { network, settled, until, open, text, end } = world();
    const file = await open();
    file.write("one\n");
    await settled(file.flush());
    network.faults.failures = { write: { chance: 1, errno: Errno.EIO } };
    file.write("two\n");
    await until(() => file.failure !== undefined);
    const rotated = file.rotate("/other");
    file.write("three\n");
    network.faults.failures = {};
    await settled(rotated);
    await settled(file.close());
    assert.equal(text() + text("/other"), "one\ntwo\nthree\n");
    assert.equal(text(), "one\n");
    await end();
  });

  it("drops a record for which the arena has no memory, and takes the next when it has", async () => {
    const network = new SimulatedNetwork({ seed: 3 });
    const port = network.createPort("host", { arenaLimitBytes: 65_536 * 2 });
    const opening = AsyncFile.open(port, "/log");
    await network.settle();
    const file = await opening;
    assert.equal(file.write("x".repeat(100_000)), true);
    assert.equal(file.write("y".repeat(100_000)), false);
    await network.settle();
    assert.equal(file.write("z".repeat(100_000)), true, "the memory is used again");
    await network.settle();
    assert.equal(port.disk.read("/log").toString(), "x".repeat(100_000) + "z".repeat(100_000));
    assert.equal(file.counters.droppedBytes, 100_000);
    void file.close();
    await network.settle();
  });

  it("goes down with its host, and what the kernel had taken is found by the next", async () => {
    const { network, port, settled, open } = world();
    const file = await open();
    file.write("before\n");
    await settled(file.flush());
    file.write("lost\n");
    port.crash();
    await network.settle();
    const next = network.createPort("host");
    const opening = AsyncFile.open(next, "/log");
    await network.settle();
    const again = await opening;
    assert.equal(again.sizeBytes, 7);
    again.write("after\n");
    void again.close();
    await network.settle();
    assert.equal(next.disk.read("/log").toString(), "before\nafter\n");
  });

  it("keeps every accepted byte, once and in order, over any faults, rotations and waits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.boolean(), async (seed, endsWell) => {
        const { network, settled, open, text, end } = world(
          {
            shortWriteChance: 0.3,
            maxFileDelayMs: 20,
            failures: {
              write: { chance: 0.2, errno: Errno.ENOSPC },
              sync: { chance: 0.2, errno: Errno.EIO },
            },
          },
          seed,
        );
        const random = new SeededRandom(seed);
        const file = await open({ queueLimitBytes: 3000, retryDelayMs: 50 });
        network.faults.failures = { ...network.faults.failures, open: { chance: 0.3, errno: Errno.EMFILE } };
        const paths = ["/log"];
        let accepted = "";
        for (let step = 0; step < 60; step++) {
          const record = `${step} ${"x".repeat(random.below(random.chance(0.1) ? 900 : 40))}\n`;
          if (file.write(record)) accepted += record;
          const choice = random.below(12);
          if (choice === 0) await settled(file.flush().catch(() => {}));
          if (choice === 1) await settled(file.sync().catch(() => {}));
          if (choice === 2) network.runFor(random.below(100));
          if (choice === 3) {
            const path = `/log.${paths.length}`;
            await settled(file.rotate(path)).catch((error: PortError) => assert.equal(error.code, "EMFILE"));
            if (file.path === path) paths.push(path);
          }
        }
        if (endsWell) network.faults.failures = {};
        await settled(file.close().catch(() => {}));
        const written = paths.map((path) => text(path)).join("");
        assert.equal(written, accepted.slice(0, written.length), "in order, without gaps or repeats");
        assert.equal(written.length + file.counters.lostBytes, accepted.length);
        if (endsWell) assert.equal(file.counters.lostBytes, 0);
        await end();
      }),
      { numRuns: 60 },
    );
  });
});
