import { isMainThread } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import { realClock, type Clock } from "../../base/clock.ts";
import type {
  AcceptEvents,
  Backend,
  CompletionPort,
  ConnectEvents,
  Flushable,
  Mailbox,
  PortConnect,
  PortCounters,
  PortListener,
  PortTimer,
} from "../completion-port.ts";
import { DEFAULT_COMPLETIONS_PER_TURN, type KernelCore, type KernelPortOptions } from "./kernel-core.ts";
import type { Arena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import { type MailboxHost, PortMailbox } from "../port-mailbox.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { TurnLoop } from "../turn-loop.ts";
import type { TurnScheduler } from "./turn-scheduler.ts";

/**
 * open → closing (everything is being closed) → stopping (everything is; the port takes back what it has
 * under way itself) → closed.
 */
export type PortState = "open" | "closing" | "stopping" | "closed";

/** The timers of a port, by its own clock. */
interface PortTimers {
  start(delayMs: number, onExpired: () => void): PortTimer;
  /** Has the kernel or the event loop start a turn when the soonest is due. */
  arm(): void;
  clear(): void;
}

/**
 * A completion port on a kernel's own interface: all of it but the calls of the kernel. On the main thread
 * it is served by the event loop from the start.
 */
export abstract class KernelPort<Core extends KernelCore> implements CompletionPort, MailboxHost {
  abstract readonly backend: Backend;
  readonly clock: Clock = realClock;
  protected readonly core: Core;
  protected readonly turns: TurnLoop;
  protected readonly completionsPerTurn: number;
  protected abstract readonly scheduler: TurnScheduler;
  protected abstract readonly timers: PortTimers;
  readonly #mailboxes = new Set<PortMailbox>();
  readonly #closed = Promise.withResolvers<void>();
  /** `run` was called: the process lives on although nothing is open. */
  #isServed = false;
  #state: PortState = "open";

  constructor(core: Core, options: KernelPortOptions) {
    this.core = core;
    this.completionsPerTurn = options.completionsPerTurn ?? DEFAULT_COMPLETIONS_PER_TURN;
    this.turns = new TurnLoop({ dispatch: () => this.dispatch(), submit: () => this.#submit() });
    core.askForTurn = () => this.scheduler.askForTurn();
    core.startTimer = (delayMs, onExpired) => this.startTimer(delayMs, onExpired);
    core.post = (job) => this.post(job);
    core.atTurnEnd = (task) => this.atTurnEnd(task);
  }

  protected abstract newListener(
    address: SocketAddress,
    options: ListenOptions,
    events: AcceptEvents,
  ): PortListener;
  protected abstract newConnect(
    address: SocketAddress,
    options: ConnectOptions,
    events: ConnectEvents,
  ): PortConnect;
  protected abstract newFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile>;
  /** Collects completions and gives each to its owner; runs timers that are due. */
  protected abstract dispatch(): void;
  /** Hands over to the kernel what the turn has prepared. */
  protected abstract handOver(): void;
  /** Whether the event loop has to be kept alive; `isUsed`: something is open, or `run` was called. */
  protected abstract mustHold(isUsed: boolean, state: PortState): boolean;
  /** Nothing that the port has under way itself is left with the kernel. */
  protected abstract get isQuiet(): boolean;
  /** Gives everything back to the kernel. Nothing is outstanding. */
  protected abstract release(): void;

  get arena(): Arena {
    return this.core.arena;
  }

  get counters(): PortCounters {
    return this.core.counters;
  }

  /** See {@link CompletionPort.listen}. "::" takes IPv4 connections too. */
  async listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener> {
    this.core.refuseWhenClosing("listen");
    const listener = this.newListener(address, options, events);
    this.updateHold();
    return listener;
  }

  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect {
    this.core.refuseWhenClosing("connect");
    const connect = this.newConnect(address, options, events);
    this.updateHold();
    return connect;
  }

  async openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    this.core.refuseWhenClosing("openFile");
    const opening = this.newFile(path, options, events);
    this.updateHold();
    return opening;
  }

  /** A timer keeps the event loop alive. */
  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    this.core.refuseWhenClosing("startTimer");
    assert(delayMs >= 0, "a delay is not negative");
    const timer = this.timers.start(delayMs, onExpired);
    this.updateHold();
    this.scheduler.askForTurn();
    return timer;
  }

  post(job: () => void): void {
    if (this.#state === "closed") throw new PortError("post", Errno.ESHUTDOWN);
    this.turns.post(job);
    this.scheduler.askForTurn();
  }

  openMailbox(onMessage: (message: unknown) => void): Mailbox {
    this.core.refuseWhenClosing("openMailbox");
    const mailbox = new PortMailbox(this, onMessage);
    this.#mailboxes.add(mailbox);
    return mailbox;
  }

  atTurnEnd(task: () => void): void {
    this.turns.atTurnEnd(task);
    this.scheduler.askForTurn();
  }

  requestFlush(target: Flushable): void {
    this.turns.requestFlush(target);
    this.scheduler.askForTurn();
  }

  /**
   * See {@link CompletionPort.run}. In a worker thread it blocks in the kernel (io_uring_enter(2),
   * GetQueuedCompletionStatusEx), and between turns gives the thread's event loop one round, so that promises
   * go on; the thread's own timers and messages are noticed after `workerBlockMs` at the latest. Without
   * `run`, a port in a worker thread is served by that thread's event loop, as on the main thread.
   */
  async run(): Promise<void> {
    this.#isServed = true;
    this.updateHold();
    if (isMainThread) return this.#closed.promise;
    await this.scheduler.runBlocking(() => this.#state === "closed");
    return this.#closed.promise;
  }

  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.core.isClosing = true;
      for (const mailbox of this.#mailboxes) mailbox.close();
      this.timers.clear();
      for (const owner of this.core.slots.all()) owner.closeForPort();
      this.updateHold();
      this.scheduler.askForTurn();
    }
    return this.#closed.promise;
  }

  // What mailboxes need.

  get wakeDescriptor(): number {
    return this.scheduler.wakeDescriptor;
  }

  get wakeGate(): TurnScheduler["wakeGate"] {
    return this.scheduler.wakeGate;
  }

  mailboxClosed(mailbox: PortMailbox): void {
    this.#mailboxes.delete(mailbox);
  }

  /** Another thread has woken this one. */
  protected onWake(): void {
    this.scheduler.onWake();
    for (const mailbox of this.#mailboxes) mailbox.drain();
  }

  /** The event loop lives on while something is open here. */
  protected updateHold(): void {
    const { slots, idleFileCount } = this.core;
    const isUsed = slots.usedCount > idleFileCount || this.#isServed;
    this.scheduler.setHeld(this.mustHold(isUsed, this.#state));
  }

  #submit(): void {
    if (this.#state === "open") this.timers.arm();
    else this.#closeWhenQuiet();
    this.handOver();
    this.updateHold();
  }

  #closeWhenQuiet(): void {
    if (this.core.slots.usedCount > 0 || this.turns.hasWork) return;
    if (this.#state === "closing") {
      this.#state = "stopping";
      this.scheduler.stop();
    }
    if (this.#state !== "stopping" || !this.isQuiet) return;
    this.#state = "closed";
    // Not inside the turn: it still has its end to run.
    setImmediate(() => {
      this.release();
      this.#closed.resolve();
    });
  }
}
