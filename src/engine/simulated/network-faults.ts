import type { SeededRandom } from "../../base/random.ts";
import { Errno } from "../port-error.ts";

/** Operations that can be told to fail. */
export type SimulatedOperation =
  "listen" | "accept" | "connect" | "receive" | "send" | "open" | "write" | "sync";

/**
 * What goes wrong, and how often. Chances are from 0 (never) to 1 (always). All of it may be changed
 * while the simulation runs.
 */
export interface NetworkFaults {
  /** Time a message takes from host to host, ms, anywhere in between. Default 0.05 … 1. */
  minDelayMs: number;
  maxDelayMs: number;
  /** Time from a completion to the turn that dispatches it, ms, at most. Default 0.05. */
  maxTurnDelayMs: number;
  /** A receive brings a part of what has arrived, at least one byte. Default 0. */
  splitReceiveChance: number;
  /** When a receive is split: the most bytes it brings. Default 65,536. */
  splitReceiveBytes: number;
  /** A send takes a part of what it was given, at least one byte. Default 0. */
  shortSendChance: number;
  /** Completions of different sockets are dispatched in another order than they came. Default 0. */
  reorderChance: number;
  /** A send breaks its connection: both sides see a reset. Default 0. */
  resetChance: number;
  /** A connect is refused although somebody listens. Default 0. */
  refuseChance: number;
  /** Bytes of one direction of a connection that may be under way or unread. Default 65,536. */
  windowBytes: number;
  /** A write to a file takes a part of what it was given, at least one byte. Default 0. */
  shortWriteChance: number;
  /** Time that an operation on a file takes, ms, at most. Default 1. */
  maxFileDelayMs: number;
  /** Bytes of all files of one host; above, writes are short and then fail with ENOSPC. Default no limit. */
  diskBytes: number;
  /** Chances that an operation fails, and with which (positive) errno. Default none. */
  failures: Partial<Record<SimulatedOperation, { readonly chance: number; readonly errno: number }>>;
  /** How long a connect tries while its hosts are parted, ms, before ETIMEDOUT. Default 60,000. */
  connectTimeoutMs: number;
}

/** A network on which nothing goes wrong. */
export const noFaults: Readonly<NetworkFaults> = {
  minDelayMs: 0.05,
  maxDelayMs: 1,
  maxTurnDelayMs: 0.05,
  splitReceiveChance: 0,
  splitReceiveBytes: 65_536,
  shortSendChance: 0,
  reorderChance: 0,
  resetChance: 0,
  refuseChance: 0,
  windowBytes: 65_536,
  shortWriteChance: 0,
  maxFileDelayMs: 1,
  diskBytes: Number.POSITIVE_INFINITY,
  failures: {},
  connectTimeoutMs: 60_000,
};

/** A network on which everything that loses no connection goes wrong often. */
export const roughFaults: Readonly<NetworkFaults> = {
  ...noFaults,
  maxDelayMs: 20,
  maxTurnDelayMs: 2,
  splitReceiveChance: 0.5,
  splitReceiveBytes: 64,
  shortSendChance: 0.5,
  reorderChance: 0.5,
  windowBytes: 4096,
  shortWriteChance: 0.5,
  maxFileDelayMs: 20,
};

/** Decides, by the seed alone, what goes wrong next. */
export class FaultSource {
  readonly faults: NetworkFaults;
  readonly #random: SeededRandom;
  readonly #planned = new Map<SimulatedOperation, number[]>();

  constructor(random: SeededRandom, faults: NetworkFaults) {
    this.#random = random;
    this.faults = faults;
  }

  failNext(operation: SimulatedOperation, errno: number): void {
    const planned = this.#planned.get(operation);
    if (planned === undefined) this.#planned.set(operation, [errno]);
    else planned.push(errno);
  }

  /** The errno with which this operation fails; 0 when it does not. */
  failureOf(operation: SimulatedOperation): number {
    const planned = this.#planned.get(operation)?.shift();
    if (planned !== undefined) return planned;
    if (operation === "connect" && this.#random.chance(this.faults.refuseChance)) return Errno.ECONNREFUSED;
    if (operation === "send" && this.#random.chance(this.faults.resetChance)) return Errno.ECONNRESET;
    const failure = this.faults.failures[operation];
    return failure !== undefined && this.#random.chance(failure.chance) ? failure.errno : 0;
  }

  messageDelayMs(): number {
    const { minDelayMs, maxDelayMs } = this.faults;
    return minDelayMs + this.#random.next() * (maxDelayMs - minDelayMs);
  }

  turnDelayMs(): number {
    return this.#random.next() * this.faults.maxTurnDelayMs;
  }

  /** How many of `available` (≥ 1) bytes a receive brings. */
  receivedBytes(available: number): number {
    const { splitReceiveChance, splitReceiveBytes } = this.faults;
    if (!this.#random.chance(splitReceiveChance)) return available;
    return 1 + this.#random.below(Math.min(available, splitReceiveBytes));
  }

  /** How many of `offered` (≥ 1) bytes a send takes. */
  sentBytes(offered: number): number {
    return this.#random.chance(this.faults.shortSendChance) ? 1 + this.#random.below(offered) : offered;
  }

  /** How many of `offered` (≥ 1) bytes a write to a file takes. */
  writtenBytes(offered: number): number {
    return this.#random.chance(this.faults.shortWriteChance) ? 1 + this.#random.below(offered) : offered;
  }

  fileDelayMs(): number {
    return this.#random.next() * this.faults.maxFileDelayMs;
  }

  reorders(): boolean {
    return this.#random.chance(this.faults.reorderChance);
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return this.#random.below(bound);
  }
}
