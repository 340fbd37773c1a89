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
import { WAKE_KEY } from "./constants.ts";
import { IocpConnect } from "./iocp-connect.ts";
import { IocpCore, type IocpPortOptions } from "./iocp-core.ts";
import { IocpFile } from "./iocp-file.ts";
import { IocpListener } from "./iocp-listener.ts";
import { IocpTimers } from "./iocp-timers.ts";
import { TurnScheduler } from "./turn-scheduler.ts";
import { loadWindowsCalls } from "./windows-calls.ts";

export type { IocpPortOptions } from "./iocp-core.ts";

/**
 * Opens a completion port on an I/O completion port of Windows (Windows 8, Windows Server 2012 or newer).
 * Throws PortError, or what koffi throws when it cannot be loaded; see `probeIocp`.
 */
export function openIocpPort(options: IocpPortOptions = {}): IocpPort {
  return new IocpPort(options);
}

/** A completion port on Windows' own. On the main thread it is served by the event loop from the start. */
export class IocpPort implements CompletionPort, MailboxHost {
  readonly backend = "iocp";
  readonly clock: Clock = realClock;
  readonly #core: IocpCore;
  readonly #turns: TurnLoop;
  readonly #scheduler: TurnScheduler;
  readonly #timers: IocpTimers;
  readonly #mailboxes = new Set<PortMailbox>();
  readonly #completionsPerTurn: number;
  readonly #closed = Promise.withResolvers<void>();
  /** `run` was called: the process lives on although nothing is open. */
  #isServed = false;
  #state: "open" | "closing" | "stopping" | "closed" = "open";

  constructor(options: IocpPortOptions) {
    const core = new IocpCore(loadWindowsCalls(), options);
    this.#core = core;
    this.#completionsPerTurn = options.completionsPerTurn ?? 4096;
    this.#turns = new TurnLoop({ dispatch: () => this.#dispatch(), submit: () => this.#submit() });
    const askForTurn = (): void => this.#scheduler.askForTurn();
    this.#timers = new IocpTimers(this.clock, askForTurn);
    const host = {
      soonestDelayMs: () => this.#timers.soonestDelayMs,
      hasPoolCalls: () => core.poolCallCount > 0,
    };
    const blockMs = options.workerBlockMs ?? 100;
    this.#scheduler = new TurnScheduler(core.queue, this.#turns, host, blockMs, !isMainThread);
    core.askForTurn = askForTurn;
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

  /** See {@link CompletionPort.listen}. "::" takes IPv4 connections too. */
  async listen(address: SocketAddress, options: ListenOptions, events: AcceptEvents): Promise<PortListener> {
    this.#core.refuseWhenClosing("listen");
    const listener = new IocpListener(this.#core, address, options, events);
    this.#updateHold();
    return listener;
  }

  connect(address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect {
    this.#core.refuseWhenClosing("connect");
    const connect = new IocpConnect(this.#core, address, options, events);
    this.#updateHold();
    return connect;
  }

  async openFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    this.#core.refuseWhenClosing("openFile");
    const opening = IocpFile.open(this.#core, path, options, events);
    this.#updateHold();
    return opening;
  }

  /** A timer keeps the event loop alive by itself. */
  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    this.#core.refuseWhenClosing("startTimer");
    assert(delayMs >= 0, "a delay is not negative");
    const timer = this.#timers.start(delayMs, onExpired);
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
   * See {@link CompletionPort.run}. In a worker thread it blocks in GetQueuedCompletionStatusEx, and between
   * turns gives the thread's event loop one round, so that promises go on; the thread's own timers and
   * messages are noticed after `workerBlockMs` at the latest. Without `run`, a port in a worker thread is
   * served by that thread's event loop, as on the main thread.
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
    const isWorking = this.#state === "open" || this.#state === "closing";
    this.#scheduler.setHeld(isWorking && (slots.usedCount > idleFileCount || this.#isServed));
  }

  #dispatch(): void {
    const { queue, overlapped, slots, counters } = this.#core;
    counters.turns++;
    queue.collect();
    for (let left = this.#completionsPerTurn; left > 0 && queue.next(); left--) {
      if (queue.key === WAKE_KEY) {
        this.#scheduler.onWake();
        for (const mailbox of this.#mailboxes) mailbox.drain();
        continue;
      }
      this.#scheduler.onCompletions();
      counters.completions++;
      const { block } = queue;
      const kind = overlapped.kindOf(block);
      const detail = overlapped.detailOf(block);
      const owner = slots.owner(overlapped.slotOf(block), overlapped.generationOf(block));
      const result = queue.hasFailed ? owner.failureOf(kind, overlapped.addressOf(block)) : queue.result;
      overlapped.giveBack(block);
      owner.complete(kind, result, detail);
    }
    this.#timers.expire();
  }

  #submit(): void {
    if (this.#state === "open") this.#timers.arm();
    else this.#closeWhenQuiet();
    this.#updateHold();
  }

  #closeWhenQuiet(): void {
    const { slots, queue } = this.#core;
    if (slots.usedCount > 0 || this.#turns.hasWork) return;
    if (this.#state === "closing") {
      this.#state = "stopping";
      this.#scheduler.stop();
    }
    if (this.#state !== "stopping" || !this.#scheduler.isQuiet || queue.hasCompletions) return;
    this.#state = "closed";
    // Not inside the turn: it still has its end to run.
    setImmediate(() => {
      if (this.#scheduler.release()) this.#core.release();
      this.#closed.resolve();
    });
  }
}
