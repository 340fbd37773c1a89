import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandCore } from "../../../test/support/hand-core.ts";
import { KernelFile } from "./kernel-file.ts";
import { SendBufferPool } from "../memory/send-buffer-pool.ts";
import { Errno, PortError } from "../port-error.ts";
import { SendQueue } from "../send-queue.ts";

/** A file that notes what the kernel is asked and what the program is told, in order. */
class HandFile extends KernelFile<HandCore> {
  protected override readonly slot: number;
  readonly happened: string[];

  constructor(core: HandCore) {
    const happened: string[] = [];
    super(core, "name", {
      onWritten: (result) => void happened.push(`written ${result}`),
      onSynced: (result) => void happened.push(`synced ${result}`),
      onClosed: () => void happened.push("closed"),
    });
    this.happened = happened;
    this.slot = core.slots.take(this);
  }

  override complete(): void {}

  get isOpened(): Promise<unknown> {
    return this.opened;
  }

  opens(sizeBytes: number): this {
    this.afterOpen(sizeBytes);
    return this;
  }

  openFails(errno: number): void {
    this.afterOpenFailed(errno);
  }

  writeEnds(result: number): void {
    this.afterWrite(result);
  }

  syncEnds(result: number): void {
    this.afterSync(result);
  }

  handleIsGone(): void {
    this.afterClose();
  }

  protected override submitWrite(): void {
    this.happened.push("ask write");
  }

  protected override submitSync(): void {
    this.happened.push("ask sync");
  }

  protected override cancel(operation: string): void {
    this.happened.push(`cancel ${operation}`);
  }

  protected override closeHandle(): void {
    this.happened.push("close");
  }
}

function queueOf(core: HandCore): SendQueue {
  const pool = new SendBufferPool(core.arena);
  const queue = new SendQueue();
  const chunk = pool.open(10);
  pool.close(10);
  queue.push(chunk, 0, 10);
  return queue;
}

describe("KernelFile", () => {
  it("keeps the event loop alive exactly while an operation is outstanding", async () => {
    const core = new HandCore();
    const file = new HandFile(core).opens(100);
    assert.equal(await file.isOpened, file);
    assert.equal(file.sizeBytes, 100);
    assert.deepEqual([core.idleFileCount, core.slots.usedCount], [1, 1]);
    file.write(queueOf(core));
    assert.equal(core.idleFileCount, 0);
    file.writeEnds(10);
    file.sync();
    file.syncEnds(0);
    assert.equal(core.idleFileCount, 1);
    file.close();
    assert.equal(core.idleFileCount, 0);
    file.handleIsGone();
    assert.deepEqual(file.happened, ["ask write", "written 10", "ask sync", "synced 0", "close", "closed"]);
    assert.equal(core.counters.writtenBytes, 10);
    assert.deepEqual([core.counters.outstandingOperations, core.counters.openFiles], [0, 0]);
    core.release();
  });

  it("closes its handle after what is outstanding has ended", () => {
    const core = new HandCore();
    const file = new HandFile(core).opens(0);
    file.write(queueOf(core));
    file.close();
    file.close();
    file.writeEnds(0);
    assert.throws(() => file.sync(), PortError);
    assert.deepEqual(file.happened, ["ask write", "cancel write", `written ${-Errno.EIO}`, "close"]);
  });

  it("rejects when it cannot be opened, and leaves nothing behind", async () => {
    const core = new HandCore();
    const file = new HandFile(core);
    file.openFails(Errno.ENOENT);
    await assert.rejects(file.isOpened, { code: "ENOENT" });
    assert.equal(core.counters.outstandingOperations, 0);
    core.release();
  });

  it("closes what the kernel opens after the port has begun to close, and tells the program once", async () => {
    const core = new HandCore();
    const file = new HandFile(core);
    file.closeForPort();
    file.closeForPort();
    file.opens(5);
    await assert.rejects(file.isOpened, { code: "ECANCELED" });
    file.handleIsGone();
    assert.deepEqual(file.happened, ["cancel open", "close"]);
    assert.deepEqual([core.counters.outstandingOperations, core.counters.openFiles], [0, 0]);
    core.release();
  });
});
