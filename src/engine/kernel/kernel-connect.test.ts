import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandCore } from "../../../test/support/hand-core.ts";
import type { PortSocket } from "../completion-port.ts";
import { KernelConnect } from "./kernel-connect.ts";
import { Errno, PortError } from "../port-error.ts";

/** A connect that notes what the kernel is asked and what the program is told, in order. */
class HandConnect extends KernelConnect<HandCore> {
  protected override readonly slot: number;
  readonly happened: string[];
  readonly #refusal: number;
  finished = 0;

  /** `refusal`: the errno that making the socket fails with; 0: it does not. */
  constructor(core: HandCore, refusal = 0) {
    const happened: string[] = [];
    super(
      core,
      { family: 4, host: "127.0.0.1", port: 7 },
      {},
      {
        onConnected: () => void happened.push("connected"),
        onConnectFailed: (result) => void happened.push(`failed ${result}`),
      },
    );
    this.happened = happened;
    this.#refusal = refusal;
    this.slot = core.slots.take(this);
    this.start({});
  }

  override complete(): void {}

  ends(result: number): void {
    this.afterConnect(result);
  }

  protected override submit(): void {
    if (this.#refusal !== 0) throw new PortError("connect", this.#refusal);
    this.happened.push("ask");
  }

  protected override cancelConnect(): void {
    this.happened.push("cancel");
  }

  protected override finish(): number {
    return this.finished;
  }

  protected override newSocket(): PortSocket {
    return {} as PortSocket;
  }

  protected override dropSocket(): void {
    this.happened.push("drop");
  }
}

describe("KernelConnect", () => {
  it("reports a connection, and gives back its slot and block first", () => {
    const core = new HandCore();
    const connect = new HandConnect(core);
    assert.equal(core.addressBlocks.usedCount, 1);
    connect.ends(0);
    connect.cancel();
    assert.deepEqual(connect.happened, ["ask", "connected"]);
    assert.deepEqual([core.counters.connected, core.counters.outstandingOperations], [1, 0]);
    core.release();
  });

  it("never reports a connection once it was cancelled", () => {
    const core = new HandCore();
    const connect = new HandConnect(core);
    connect.cancel();
    connect.closeForPort();
    connect.ends(0);
    assert.deepEqual(connect.happened, ["ask", "cancel", "drop", `failed ${-Errno.ECANCELED}`]);
    assert.equal(core.counters.connected, 0);
    core.release();
  });

  it("drops a socket that is none after all", () => {
    const connect = new HandConnect(new HandCore());
    connect.finished = -Errno.ECONNREFUSED;
    connect.ends(0);
    assert.deepEqual(connect.happened, ["ask", "drop", `failed ${-Errno.ECONNREFUSED}`]);
  });

  it("tells of what fails at once in a turn, and not inside the call", () => {
    const core = new HandCore(1);
    const first = new HandConnect(core, Errno.EMFILE);
    const second = new HandConnect(core);
    assert.deepEqual([first.happened, second.happened], [[], []]);
    core.runJobs();
    assert.deepEqual(first.happened, ["drop", `failed ${-Errno.EMFILE}`]);
    assert.deepEqual(second.happened, ["drop", `failed ${-Errno.ENOBUFS}`], "there was one block");
    core.release();
  });
});
