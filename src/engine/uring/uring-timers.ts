import type { PortTimer } from "../completion-port.ts";
import type { Clock } from "../../base/clock.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import { OperationKind } from "./operation-kind.ts";
import type { Ring } from "./ring.ts";
import type { SystemCalls } from "./system-calls.ts";
import { TimerQueue } from "../timer-queue.ts";

/**
 * Timers of a port. The kernel knows one timeout, for the soonest; it is told at the end of a turn,
 * so starting and cancelling many timers costs it nothing.
 */
export class UringTimers {
  readonly #ring: Ring;
  readonly #clock: Clock;
  readonly #queue: TimerQueue;
  readonly #memory: Mapping;
  readonly #timespec: Int32Array;
  /** When the kernel's timeout expires; Infinity when it has none. */
  #armedMs = Number.POSITIVE_INFINITY;

  constructor(calls: SystemCalls, ring: Ring, clock: Clock, onEmpty: () => void) {
    this.#ring = ring;
    this.#clock = clock;
    this.#queue = new TimerQueue(onEmpty);
    this.#memory = Mapping.anonymous(calls, 4096);
    this.#timespec = new Int32Array(this.#memory.view(0, 16));
  }

  get size(): number {
    return this.#queue.size;
  }

  start(delayMs: number, onExpired: () => void): PortTimer {
    return this.#queue.add(this.#clock.monotonicMs() + delayMs, onExpired);
  }

  /** Tells the kernel of the soonest deadline when it is sooner than what the kernel knows. */
  arm(): void {
    const soonestMs = this.#queue.soonestMs;
    if (soonestMs >= this.#armedMs) return;
    const delayNs = Math.max(0, Math.ceil((soonestMs - this.#clock.monotonicMs()) * 1e6));
    const seconds = Math.floor(delayNs / 1e9);
    this.#timespec[0] = seconds | 0;
    this.#timespec[1] = (seconds / 4_294_967_296) | 0;
    this.#timespec[2] = delayNs - seconds * 1e9;
    this.#timespec[3] = 0;
    const { address } = this.#memory;
    if (this.#armedMs === Number.POSITIVE_INFINITY) {
      this.#ring.prepare(OperationKind.TIMEOUT, 0, 0, k.IORING_OP_TIMEOUT, 0, 0, -1, address, 1, 0, 0);
    } else {
      // When it has expired meanwhile, the update fails (ENOENT) and its completion arms the next.
      this.#ring.prepareTimeoutUpdate(OperationKind.TIMEOUT_UPDATE, OperationKind.TIMEOUT, 0, 0, address);
    }
    this.#armedMs = soonestMs;
  }

  /** The kernel's timeout has completed: runs what is due. */
  expire(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    this.#queue.expire(this.#clock.monotonicMs());
  }

  /** Forgets every timer and takes the kernel's timeout back. */
  clear(): void {
    this.#queue.clear();
    if (this.#armedMs === Number.POSITIVE_INFINITY) return;
    this.#ring.prepareCancel(OperationKind.CANCEL, OperationKind.TIMEOUT, 0, 0);
  }

  release(): void {
    this.#memory.release();
  }
}
