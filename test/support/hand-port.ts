import { newPortCounters } from "../../src/engine/port-counters.ts";
import { ManualClock } from "../../src/base/clock.ts";
import type {
  CompletionPort,
  Flushable,
  PortCounters,
  PortSocket,
  PortTimer,
  SocketEvents,
} from "../../src/engine/completion-port.ts";
import { HeapArena } from "../../src/engine/memory/arena.ts";
import { Errno, PortError } from "../../src/engine/port-error.ts";
import { GATHER_PIECES, type SendQueue } from "../../src/engine/send-queue.ts";
import type { SocketAddress } from "../../src/engine/socket-address.ts";

const somewhere: SocketAddress = { family: 4, host: "127.0.0.1", port: 1 };

/** A port moved by hand: the test decides when each operation completes, and with what. */
export class HandPort implements CompletionPort {
  readonly backend = "simulated";
  readonly arena = new HeapArena(16 * 1024 * 1024);
  readonly clock = new ManualClock();
  readonly counters: PortCounters = newPortCounters();
  readonly #tasks: (() => void)[] = [];
  readonly #flushes: Flushable[] = [];
  readonly #timers = new Set<{ readonly dueMs: number; readonly onExpired: () => void }>();

  /** Runs what a dispatch would, then ends the turn. */
  turn(dispatch: () => void = () => undefined): void {
    dispatch();
    while (this.#tasks.length > 0) this.#tasks.shift()?.();
    for (const target of this.#flushes.splice(0)) target.flush();
  }

  /** Moves time and runs the timers that are due. */
  advance(byMs: number): void {
    const untilMs = this.clock.monotonicMs() + byMs;
    for (;;) {
      let soonest: { readonly dueMs: number; readonly onExpired: () => void } | undefined;
      for (const timer of this.#timers) {
        if (timer.dueMs <= untilMs && (soonest === undefined || timer.dueMs < soonest.dueMs)) soonest = timer;
      }
      if (soonest === undefined) break;
      this.#timers.delete(soonest);
      this.clock.advance(Math.max(0, soonest.dueMs - this.clock.monotonicMs()));
      this.turn(soonest.onExpired);
    }
    this.clock.advance(untilMs - this.clock.monotonicMs());
  }

  get runningTimers(): number {
    return this.#timers.size;
  }

  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    const timer = { dueMs: this.clock.monotonicMs() + delayMs, onExpired };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  atTurnEnd(task: () => void): void {
    this.#tasks.push(task);
  }

  requestFlush(target: Flushable): void {
    this.#flushes.push(target);
  }

  post(job: () => void): void {
    this.#tasks.push(job);
  }

  /** A test that wants to listen overrides this. */
  readonly listen: CompletionPort["listen"] = () => {
    throw new Error("a hand port does not listen");
  };

  connect(): never {
    throw new Error("a hand port does not connect");
  }

  openFile(): never {
    throw new Error("a hand port has no files");
  }

  openMailbox(): never {
    throw new Error("a hand port has no mailbox");
  }

  async run(): Promise<void> {
    // There is nothing to wait for: the test moves the port.
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

/** A socket of a HandPort: records what it is asked, completes when told. */
export class HandSocket implements PortSocket {
  readonly local = somewhere;
  readonly remote = somewhere;
  /** All bytes the test has let through. */
  sent = Buffer.alloc(0);
  calls: string[] = [];
  #isClosed = false;
  #events: SocketEvents | undefined;
  #queue: SendQueue | undefined;
  #takenPieces = 0;

  get events(): SocketEvents {
    if (this.#events === undefined) throw new Error("the socket was not opened");
    return this.#events;
  }

  get isSending(): boolean {
    return this.#queue !== undefined;
  }

  open(events: SocketEvents): void {
    this.#events = events;
  }

  startReceiving(): void {
    this.#mustBeOpen("startReceiving");
    this.calls.push("startReceiving");
  }

  stopReceiving(): void {
    this.#mustBeOpen("stopReceiving");
    this.calls.push("stopReceiving");
  }

  send(queue: SendQueue): void {
    this.#mustBeOpen("send");
    if (this.#queue !== undefined) throw new Error("a send is outstanding already");
    this.#queue = queue;
    this.#takenPieces = Math.min(queue.pieceCount, GATHER_PIECES);
    queue.freeze(this.#takenPieces);
    this.calls.push("send");
  }

  shutdown(): void {
    this.#mustBeOpen("shutdown");
    this.calls.push("shutdown");
  }

  close(abort = false): void {
    this.#isClosed = true;
    this.calls.push(abort ? "abort" : "close");
  }

  /** Sockets of real ports throw as well. */
  #mustBeOpen(operation: string): void {
    if (this.#isClosed) throw new PortError(operation, Errno.EBADF);
  }

  /** Completes the outstanding send: at most `limitBytes` of it went out. */
  completeSend(limitBytes = Number.POSITIVE_INFINITY): void {
    const queue = this.#queue;
    if (queue === undefined) throw new Error("no send is outstanding");
    this.#queue = undefined;
    const pieces: Buffer[] = [];
    for (let index = 0; index < this.#takenPieces; index++) {
      pieces.push(Buffer.from(queue.chunkAt(index).bytes.subarray(queue.startAt(index), queue.endAt(index))));
    }
    const taken = Buffer.concat(pieces).subarray(0, limitBytes);
    this.sent = Buffer.concat([this.sent, taken]);
    this.events.onSent(taken.byteLength);
  }

  /** Fails the outstanding send. */
  failSend(errno: number): void {
    if (this.#queue === undefined) throw new Error("no send is outstanding");
    this.#queue = undefined;
    this.events.onSent(-errno);
  }

  receive(bytes: Uint8Array): void {
    const lent = Buffer.from(bytes);
    this.events.onReceived(lent, 0, lent.byteLength);
    lent.fill(0xdd); // what was lent is gone: whoever kept it sees this
  }
}
