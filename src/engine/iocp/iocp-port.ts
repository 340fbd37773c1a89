import { isMainThread } from "node:worker_threads";
import type { AcceptEvents, ConnectEvents } from "../completion-port.ts";
import { DEFAULT_WORKER_BLOCK_MS } from "../kernel/kernel-core.ts";
import { KernelPort, type PortState } from "../kernel/kernel-port.ts";
import { LoopTimers } from "../loop-timers.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { WAKE_KEY } from "./constants.ts";
import { IocpConnect } from "./iocp-connect.ts";
import { IocpCore, type IocpPortOptions } from "./iocp-core.ts";
import { IocpFile } from "./iocp-file.ts";
import { IocpListener } from "./iocp-listener.ts";
import { IocpScheduler } from "./iocp-scheduler.ts";
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
export class IocpPort extends KernelPort<IocpCore> {
  override readonly backend = "iocp";
  protected override readonly scheduler: IocpScheduler;
  protected override readonly timers: LoopTimers;

  constructor(options: IocpPortOptions) {
    const core = new IocpCore(loadWindowsCalls(), options);
    super(core, options);
    this.timers = new LoopTimers(this.clock, core.askForTurn);
    const host = {
      soonestDelayMs: () => this.timers.soonestDelayMs,
      hasPoolCalls: () => core.poolCallCount > 0,
    };
    const blockMs = options.workerBlockMs ?? DEFAULT_WORKER_BLOCK_MS;
    this.scheduler = new IocpScheduler(core.queue, this.turns, host, blockMs, !isMainThread);
  }

  protected override newListener(
    address: SocketAddress,
    options: ListenOptions,
    events: AcceptEvents,
  ): IocpListener {
    return new IocpListener(this.core, address, options, events);
  }

  protected override newConnect(
    address: SocketAddress,
    options: ConnectOptions,
    events: ConnectEvents,
  ): IocpConnect {
    return new IocpConnect(this.core, address, options, events);
  }

  protected override newFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    return IocpFile.open(this.core, path, options, events);
  }

  /** Timers keep the event loop alive by themselves, and once all is closed the wait has to end. */
  protected override mustHold(isUsed: boolean, state: PortState): boolean {
    return isUsed && (state === "open" || state === "closing");
  }

  protected override dispatch(): void {
    const { queue, overlapped, slots, counters } = this.core;
    counters.turns++;
    queue.collect();
    for (let left = this.completionsPerTurn; left > 0 && queue.next(); left--) {
      if (queue.key === WAKE_KEY) {
        this.onWake();
        continue;
      }
      this.scheduler.onCompletions();
      counters.completions++;
      const { block } = queue;
      const kind = overlapped.kindOf(block);
      const detail = overlapped.detailOf(block);
      const owner = slots.owner(overlapped.slotOf(block), overlapped.generationOf(block));
      const result = queue.hasFailed ? owner.failureOf(kind, overlapped.addressOf(block)) : queue.result;
      overlapped.giveBack(block);
      owner.complete(kind, result, detail);
    }
    this.timers.expire();
  }

  /** Operations are handed over as they are started. */
  protected override handOver(): void {}

  protected override get isQuiet(): boolean {
    return this.scheduler.isQuiet && !this.core.queue.hasCompletions;
  }

  protected override release(): void {
    if (this.scheduler.release()) this.core.release();
  }
}
