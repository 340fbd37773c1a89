import { isMainThread } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import { realClock, type Clock } from "../../base/clock.ts";
import type {
  AcceptEvents,
  CompletionPort,
  ConnectEvents,
  Flushable,
  Mailbox,
  PortConnect,
  PortCounters,
  PortListener,
  PortTimer,
} from "../completion-port.ts";
import type { Arena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import { type MailboxHost, PortMailbox } from "../port-mailbox.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { TurnLoop } from "../turn-loop.ts";
import { OperationKind } from "./operation-kind.ts";
import { loadSystemCalls } from "./system-calls.ts";
import { TurnScheduler } from "./turn-scheduler.ts";
import { UringConnect } from "./uring-connect.ts";
import { UringCore, type UringPortOptions } from "./uring-core.ts";
import { UringFile } from "./uring-file.ts";
import { UringListener } from "./uring-listener.ts";
import { UringTimers } from "./uring-timers.ts";

export type { UringPortOptions } from "./uring-core.ts";

/**
 * Opens a completion port on io_uring (Linux 5.19 or newer, better 6.1). Throws PortError with the
 * errno of io_uring_setup(2), or what koffi throws when it cannot be loaded; see `probeUring`.
 *
 * The port belongs to the thread that opened it: the kernel refuses the others.
 */
export function openUringPort(options: UringPortOptions = {}): UringPort {
  return new UringPort(options);
}

/** A completion port on io_uring. On the main thread it is served by the event loop from the start. */
export class UringPort implements CompletionPort, MailboxHost {
  readonly backend = "uring";
  readonly clock: Clock = realClock;
  readonly #core: UringCore;
  readonly #turns: TurnLoop;
  readonly #scheduler: TurnScheduler;
  readonly #timers: UringTimers;
  readonly #mailboxes = new Set<PortMailbox>();
  readonly #completionsPerTurn: number;
  readonly #closed = Promise.withResolvers<void>();
  /** `run` was called: the process lives on although nothing is open. */
  #isServed = false;
  #state: "open" | "closing" | "cancelling" | "closed" = "open";

  constructor(options: UringPortOptions) {
    const calls = loadSystemCalls();
    const core = new UringCore(calls, options);
    this.#core = core;
    this.#completionsPerTurn = options.completionsPerTurn ?? 4096;
    this.#turns = new TurnLoop({ dispatch: () => this.#dispatch(), submit: () => this.#submit() });
    try {
      this.#timers = new UringTimers(calls, core.ring, this.clock, () => this.#updateHold());
      this.#scheduler = new TurnScheduler(calls, core.ring, this.#turns, options, !isMainThread);
    } catch (error) {
      core.release();
      throw error;
    }
    core.askForTurn = () => this.#scheduler.askForTurn();
    core.startTimer = (delayMs, onExpired) => this.startTimer(delayMs, onExpired);
    core.post = (job) => this.post(job);
    core.atTurnEnd = (task) => this.atTurnEnd(task);
  }

  get arena(): Arena {
    return this.#core.arena;
  }

  get counters(): PortCounters {
    return this.#core.counters;
  }

  /** What of io_uring is in use, for a log line. */
  get detail(): string {
    const { ring, hasMultishotAccept, hasMultishotReceive } = this.#core;
    const once = hasMultishotAccept && hasMultishotReceive ? "multishot" : "single-shot";
    return `${ring.setupName}, ${once} accept and receive`;
  }

  /** See {@link CompletionPort.listen}. "::" takes IPv4 connections too. */
  async listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener> {
    this.#core.refuseWhenClosing("listen");
    const listener = new UringListener(this.#core, address, options, events);
    this.#updateHold();
    return listener;
  }

  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect {
    this.#core.refuseWhenClosing("connect");
    const connect = new UringConnect(this.#core, address, options, events);
    this.#updateHold();
    return connect;
  }

  async openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    this.#core.refuseWhenClosing("openFile");
    const opening = UringFile.open(this.#core, path, options, events);
    this.#updateHold();
    return opening;
  }

  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    this.#core.refuseWhenClosing("startTimer");
    assert(delayMs >= 0, "a delay is not negative");
    const timer = this.#timers.start(delayMs, onExpired);
    this.#updateHold();
    this.#scheduler.askForTurn();
    return timer;
  }

  post(job: () => void): void {
    if (this.#state === "closed") throw new PortError("post", Errno.ESHUTDOWN);
    this.#turns.post(job);
    this.#scheduler.askForTurn();
  }

  openMailbox(onMessage: (message: unknown) => void): Mailbox {
    this.#core.refuseWhenClosing("openMailbox");
    const mailbox = new PortMailbox(this, onMessage);
    this.#mailboxes.add(mailbox);
    return mailbox;
  }

  atTurnEnd(task: () => void): void {
    this.#turns.atTurnEnd(task);
    this.#scheduler.askForTurn();
  }

  requestFlush(target: Flushable): void {
    this.#turns.requestFlush(target);
    this.#scheduler.askForTurn();
  }

  /**
   * See {@link CompletionPort.run}. In a worker thread it blocks in io_uring_enter(2), and between
   * turns gives the thread's event loop one round, so that promises go on; the thread's own timers
   * and messages are noticed after `workerBlockMs` at the latest. Without `run`, a port in a worker
   * thread is served by that thread's event loop, as on the main thread.
   */
  async run(): Promise<void> {
    this.#isServed = true;
    this.#updateHold();
    if (isMainThread) return this.#closed.promise;
    await this.#scheduler.runBlocking(() => this.#state === "closed");
    return this.#closed.promise;
  }

  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#core.isClosing = true;
      for (const mailbox of this.#mailboxes) mailbox.close();
      this.#timers.clear();
      for (const owner of this.#core.slots.all()) owner.closeForPort();
      this.#updateHold();
      this.#scheduler.askForTurn();
    }
    return this.#closed.promise;
  }

  // What mailboxes need.

  get wakeDescriptor(): number {
    return this.#scheduler.wakeDescriptor;
  }

  get wakeGate(): TurnScheduler["wakeGate"] {
    return this.#scheduler.wakeGate;
  }

  mailboxClosed(mailbox: PortMailbox): void {
    this.#mailboxes.delete(mailbox);
  }

  /** The event loop lives on while something is open here. */
  #updateHold(): void {
    const { slots, idleFileCount } = this.#core;
    const isHeld =
      slots.usedCount > idleFileCount || this.#timers.size > 0 || this.#isServed || this.#state !== "open";
    this.#scheduler.setHeld(isHeld);
  }

  #dispatch(): void {
    const { ring, slots, counters } = this.#core;
    counters.turns++;
    ring.collect(this.#completionsPerTurn);
    for (let left = this.#completionsPerTurn; left > 0 && ring.next(); left--) {
      counters.completions++;
      const { kind } = ring;
      if (kind < OperationKind.CANCEL) {
        slots.owner(ring.slot, ring.generation).complete(kind, ring.result, ring.flags);
      } else if (kind === OperationKind.TIMEOUT) {
        this.#timers.expire();
      } else if (kind === OperationKind.WAKE) {
        this.#scheduler.onWake();
        for (const mailbox of this.#mailboxes) mailbox.drain();
      }
      // CANCEL and TIMEOUT_UPDATE: what they were aimed at has a completion of its own.
    }
  }

  #submit(): void {
    const { ring, receiveBuffers } = this.#core;
    if (this.#state === "open") this.#timers.arm();
    else this.#closeWhenQuiet();
    receiveBuffers.publish();
    if (ring.unsubmitted > 0) ring.enter();
    this.#updateHold();
  }

  #closeWhenQuiet(): void {
    const { ring, slots } = this.#core;
    if (slots.usedCount > 0 || this.#turns.hasWork) return;
    if (this.#state === "closing") {
      this.#state = "cancelling";
      this.#scheduler.stop();
    }
    if (this.#state !== "cancelling" || ring.inFlight > 0) return;
    this.#state = "closed";
    // Not inside the turn: it still has its end to run.
    setImmediate(() => {
      this.#scheduler.release();
      this.#core.release();
      this.#timers.release();
      this.#closed.resolve();
    });
  }
}
