import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandCore } from "../../../test/support/hand-core.ts";
import { KernelSocket } from "./kernel-socket.ts";
import { SendBufferPool } from "../memory/send-buffer-pool.ts";
import { Errno, PortError } from "../port-error.ts";
import { SendQueue } from "../send-queue.ts";
import type { SocketAddress } from "../socket-address.ts";

const somewhere: SocketAddress = { family: 4, host: "127.0.0.1", port: 7 };

/** A socket that notes what the kernel is asked and what the program is told, in order. */
class HandSocket extends KernelSocket<HandCore> {
  protected override readonly slot: number;
  override readonly remote = somewhere;
  readonly happened: string[] = [];

  constructor(core: HandCore) {
    super(core);
    this.slot = core.slots.take(this);
  }

  override complete(): void {}

  receiveEnds(result: number, mayRepeat = false): void {
    this.afterReceive(result, mayRepeat);
  }

  sendEnds(result: number): void {
    this.afterSend(result);
  }

  handleIsGone(): void {
    this.afterClose();
  }

  arrives(byteCount: number): void {
    this.deliver(new Uint8Array(byteCount), 0, byteCount);
  }

  protected override submitReceive(): void {
    this.happened.push("ask receive");
  }

  protected override submitSend(): void {
    this.happened.push("ask send");
  }

  protected override cancelReceive(): void {
    this.happened.push("cancel receive");
  }

  protected override cancelSend(): void {
    this.happened.push("cancel send");
  }

  protected override endSending(): void {
    this.happened.push("end sending");
  }

  protected override resetOnClose(): void {
    this.happened.push("reset on close");
  }

  protected override closeHandle(isAborted: boolean): void {
    this.happened.push(isAborted ? "close aborted" : "close");
  }

  protected override findLocal(): SocketAddress {
    return somewhere;
  }

  /** Opens it with events that note. */
  openNoting(): this {
    this.open({
      onReceived: (_bytes, start, end) => void this.happened.push(`received ${end - start}`),
      onReceiveEnded: (result) => void this.happened.push(`receiveEnded ${result}`),
      onSent: (result) => void this.happened.push(`sent ${result}`),
      onClosed: () => void this.happened.push("closed"),
    });
    return this;
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

const refused = (error: unknown): boolean => error instanceof PortError && error.errno === Errno.EBADF;

describe("KernelSocket", () => {
  it("closes its handle after the receive and the send have ended, and gives its slot back after that", () => {
    const core = new HandCore();
    const socket = new HandSocket(core).openNoting();
    socket.startReceiving();
    socket.send(queueOf(core));
    socket.close();
    socket.close();
    socket.arrives(5);
    socket.sendEnds(-Errno.ECANCELED);
    assert.equal(core.counters.outstandingOperations, 2, "the receive and the close");
    socket.receiveEnds(-Errno.ECANCELED);
    assert.equal(core.slots.usedCount, 1);
    socket.handleIsGone();
    assert.deepEqual(socket.happened, [
      "ask receive",
      "ask send",
      "cancel receive",
      "cancel send",
      `sent ${-Errno.ECANCELED}`,
      `receiveEnded ${-Errno.ECANCELED}`,
      "close",
      "closed",
    ]);
    assert.equal(core.counters.receivedBytes, 0, "what comes while it closes is dropped");
    assert.equal(core.counters.outstandingOperations, 0);
    assert.equal(core.counters.openSockets, 0);
    core.release();
  });

  it("says that the receive was cancelled whatever it brought, once the socket is closing", () => {
    const socket = new HandSocket(new HandCore()).openNoting();
    socket.startReceiving();
    socket.close(true);
    socket.receiveEnds(17, true);
    assert.deepEqual(socket.happened, [
      "ask receive",
      "reset on close",
      "cancel receive",
      `receiveEnded ${-Errno.ECANCELED}`,
      "close",
    ]);
  });

  it("closes its handle at once, and says how, when nothing is outstanding", () => {
    const socket = new HandSocket(new HandCore());
    socket.close(true);
    assert.deepEqual(socket.happened, ["reset on close", "close aborted"]);
    assert.deepEqual(socket.local, { family: 4, host: "0.0.0.0", port: 0 });
  });

  it("asks again for what may be repeated, unless nobody wants it any more", () => {
    const core = new HandCore();
    const socket = new HandSocket(core).openNoting();
    socket.startReceiving();
    socket.receiveEnds(-Errno.EAGAIN, true);
    socket.stopReceiving();
    socket.stopReceiving();
    socket.receiveEnds(-Errno.EAGAIN, true);
    socket.send(queueOf(core));
    socket.sendEnds(-Errno.EINTR);
    socket.sendEnds(10);
    assert.deepEqual(socket.happened, [
      "ask receive",
      "ask receive",
      "cancel receive",
      `receiveEnded ${-Errno.ECANCELED}`,
      "ask send",
      "ask send",
      "sent 10",
    ]);
    assert.equal(core.counters.outstandingOperations, 0);
    assert.equal(core.counters.sentBytes, 10);
  });

  it("never tells of a send of nothing as of progress", () => {
    const core = new HandCore();
    const socket = new HandSocket(core).openNoting();
    socket.send(queueOf(core));
    socket.sendEnds(0);
    assert.equal(socket.happened.at(-1), `sent ${-Errno.EPIPE}`);
  });

  it("goes on with its end when the program throws out of a completion", () => {
    const socket = new HandSocket(new HandCore());
    socket.open({
      onReceived: () => undefined,
      onReceiveEnded() {
        throw new Error("a bug");
      },
      onSent: () => undefined,
      onClosed: () => undefined,
    });
    socket.startReceiving();
    socket.close();
    assert.throws(() => socket.receiveEnds(0), /a bug/);
    assert.equal(socket.happened.at(-1), "close");
  });

  it("answers what a program asks that has not heard yet that the port is closing", () => {
    const core = new HandCore();
    const socket = new HandSocket(core).openNoting();
    socket.closeForPort();
    socket.startReceiving();
    socket.shutdown();
    socket.send(queueOf(core));
    socket.handleIsGone();
    assert.deepEqual(socket.happened, ["close"], "not closed before the two are answered");
    core.runJobs();
    core.runJobs();
    assert.deepEqual(socket.happened, [
      "close",
      `receiveEnded ${-Errno.ECANCELED}`,
      `sent ${-Errno.ECANCELED}`,
      "closed",
    ]);
    assert.throws(() => socket.startReceiving(), refused);
    assert.equal(core.counters.outstandingOperations, 0);
  });

  it("refuses what comes after a close, and a second owner", () => {
    const core = new HandCore();
    const socket = new HandSocket(core).openNoting();
    socket.close();
    for (const call of [
      () => socket.startReceiving(),
      () => socket.stopReceiving(),
      () => socket.send(queueOf(core)),
      () => socket.shutdown(),
      () => socket.openNoting(),
    ]) {
      assert.throws(call, refused);
    }
    const other = new HandSocket(core).openNoting();
    assert.throws(() => other.openNoting(), /does not become open/);
  });
});
