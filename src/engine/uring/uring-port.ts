import { isMainThread } from "node:worker_threads";
import type { AcceptEvents, ConnectEvents } from "../completion-port.ts";
import { KernelPort, type PortState } from "../kernel/kernel-port.ts";
import type { FileEvents, FileOptions, PortFile } from "../port-file.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../socket-options.ts";
import { OperationKind } from "./operation-kind.ts";
import { loadSystemCalls } from "./system-calls.ts";
import { UringConnect } from "./uring-connect.ts";
import { UringCore, type UringPortOptions } from "./uring-core.ts";
import { UringFile } from "./uring-file.ts";
import { UringListener } from "./uring-listener.ts";
import { UringScheduler } from "./uring-scheduler.ts";
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
export class UringPort extends KernelPort<UringCore> {
  override readonly backend = "uring";
  protected override readonly scheduler: UringScheduler;
  protected override readonly timers: UringTimers;

  constructor(options: UringPortOptions) {
    const calls = loadSystemCalls();
    const core = new UringCore(calls, options);
    super(core, options);
    try {
      this.timers = new UringTimers(calls, core.ring, this.clock, () => this.updateHold());
      this.scheduler = new UringScheduler(calls, core.ring, this.turns, options, !isMainThread);
    } catch (error) {
      core.release();
      throw error;
    }
  }

  /** What of io_uring is in use, for a log line. */
  get detail(): string {
    const { ring, hasMultishotAccept, hasMultishotReceive } = this.core;
    const once = hasMultishotAccept && hasMultishotReceive ? "multishot" : "single-shot";
    return `${ring.setupName}, ${once} accept and receive`;
  }

  protected override newListener(
    address: SocketAddress,
    options: ListenOptions,
    events: AcceptEvents,
  ): UringListener {
    return new UringListener(this.core, address, options, events);
  }

  protected override newConnect(
    address: SocketAddress,
    options: ConnectOptions,
    events: ConnectEvents,
  ): UringConnect {
    return new UringConnect(this.core, address, options, events);
  }

  protected override newFile(path: string, options: FileOptions, events: FileEvents): Promise<PortFile> {
    return UringFile.open(this.core, path, options, events);
  }

  /** The event loop does not see the ring's timeout, nor that it is being closed. */
  protected override mustHold(isUsed: boolean, state: PortState): boolean {
    return isUsed || this.timers.size > 0 || state !== "open";
  }

  protected override dispatch(): void {
    const { ring, slots, counters } = this.core;
    counters.turns++;
    ring.collect(this.completionsPerTurn);
    for (let left = this.completionsPerTurn; left > 0 && ring.next(); left--) {
      counters.completions++;
      const { kind } = ring;
      if (kind < OperationKind.CANCEL) {
        slots.owner(ring.slot, ring.generation).complete(kind, ring.result, ring.flags);
      } else if (kind === OperationKind.TIMEOUT) {
        this.timers.expire();
      } else if (kind === OperationKind.WAKE) {
        this.onWake();
      }
      // CANCEL and TIMEOUT_UPDATE: what they were aimed at has a completion of its own.
    }
  }

  protected override handOver(): void {
    const { ring, receiveBuffers } = this.core;
    receiveBuffers.publish();
    if (ring.unsubmitted > 0) ring.enter();
  }

  protected override get isQuiet(): boolean {
    return this.core.ring.inFlight === 0;
  }

  protected override release(): void {
    this.scheduler.release();
    this.core.release();
    this.timers.release();
  }
}
