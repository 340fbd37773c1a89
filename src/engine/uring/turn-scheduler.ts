import { assert } from "../../base/assert.ts";
import { PortError } from "../port-error.ts";
import type { TurnLoop } from "../turn-loop.ts";
import { WakeGate } from "../wake-gate.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import { OperationKind } from "./operation-kind.ts";
import type { Ring } from "./ring.ts";
import type { DescriptorWatch, SystemCalls } from "./system-calls.ts";
import type { UringPortOptions } from "./uring-core.ts";

/** Turns run one after the other without giving the event loop a round between, at most. */
const TURNS_IN_A_ROW = 4;

/**
 * Decides when turns run.
 *
 * **Joined to the event loop**: the kernel signals an eventfd, the event loop watches it, and the
 * turn runs from setImmediate, because what is called straight from a foreign callback does not
 * drain promises. While turns run the eventfd is switched off; before the thread sleeps it is
 * switched on and the ring looked at once more.
 *
 * **Blocking** (worker threads in `run`): the thread waits in io_uring_enter(2) itself, which saves
 * two system calls per wake-up. Other threads wake it by an eventfd that the ring reads.
 */
export class TurnScheduler {
  readonly wakeGate = new WakeGate();
  /** −1 when there is none, because the event loop wakes the thread. */
  readonly wakeDescriptor: number;
  readonly #calls: SystemCalls;
  readonly #ring: Ring;
  readonly #turns: TurnLoop;
  readonly #spinTurns: number;
  readonly #blockMs: number;
  readonly #memory: Mapping;
  readonly #eventfd: number;
  readonly #runTurns = (): void => this.#runJoined();
  /**
   * Switching the eventfd off relies on the kernel ordering "there is work" before its look at the
   * switch, which its code gives on x86 and does not promise elsewhere; there it stays on, at the
   * price of an empty turn now and then.
   */
  readonly #switchesEventfd = process.arch === "x64" || process.arch === "ia32";
  #watch: DescriptorWatch | undefined;
  #mode: "joined" | "blocking" | "released" = "joined";
  #isStopping = false;
  #mayCloseWake = true;
  #isScheduled = false;
  #isHeld = false;
  #spinsLeft = 0;

  constructor(calls: SystemCalls, ring: Ring, turns: TurnLoop, options: UringPortOptions, canBlock: boolean) {
    this.#calls = calls;
    this.#ring = ring;
    this.#turns = turns;
    this.#spinTurns = options.spinTurns ?? 0;
    this.#blockMs = options.workerBlockMs ?? 100;
    this.#memory = Mapping.anonymous(calls, 4096);
    this.#eventfd = this.#openEventfd(k.EFD_NONBLOCK);
    ring.registerEventfd(this.#eventfd);
    this.#join();
    // Blocking, so that the ring waits for it (a non-blocking one is answered with EAGAIN).
    this.wakeDescriptor = canBlock ? this.#openEventfd(0) : -1;
    if (canBlock) this.#awaitWake();
  }

  #join(): void {
    this.#mode = "joined";
    this.#watch = this.#calls.watch(this.#eventfd, () => this.#onEventfd());
    this.#watch.unref();
    this.#isHeld = false;
  }

  #openEventfd(flags: number): number {
    const fd = this.#calls.eventfd(0, k.EFD_CLOEXEC | flags);
    if (fd === -1) throw new PortError("eventfd", this.#calls.errno());
    return fd;
  }

  /** Makes sure that a turn comes. Cheap when one is coming anyway. */
  askForTurn(): void {
    if (this.#isScheduled || this.#turns.isRunning) return;
    this.#isScheduled = true;
    if (this.#mode !== "blocking") setImmediate(this.#runTurns);
  }

  /** Whether the event loop is kept alive by this port. */
  setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld || this.#watch === undefined) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#watch.ref();
    else this.#watch.unref();
  }

  #onEventfd(): void {
    this.#calls.read(this.#eventfd, this.#memory.address, 8);
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
    this.askForTurn();
  }

  #runJoined(): void {
    if (this.#mode !== "joined") return; // `run` was called meanwhile, or the port is closed.
    this.#isScheduled = false;
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
    try {
      let turnsLeft = TURNS_IN_A_ROW;
      do {
        if (this.#ring.hasCompletions) this.#spinsLeft = this.#spinTurns;
        this.#turns.run();
      } while (this.#mayGoOn && --turnsLeft > 0);
    } finally {
      this.#sleepOrGoOn();
    }
  }

  /**
   * Completions alone make one turn follow another at once, as those of the sends that the last turn
   * handed over do. What the program asked for waits a round of the event loop, as setImmediate does.
   */
  get #mayGoOn(): boolean {
    return this.#ring.hasCompletions && !this.#turns.hasWork;
  }

  get #hasWork(): boolean {
    return this.#ring.hasCompletions || this.#turns.hasWork || this.#ring.unsubmitted > 0;
  }

  #sleepOrGoOn(): void {
    if (this.#hasWork || this.#spinsLeft-- > 0) {
      this.askForTurn();
      return;
    }
    if (!this.#switchesEventfd) return;
    this.#ring.setEventfdEnabled(true);
    if (this.#ring.hasCompletions) this.askForTurn();
  }

  /** Serves the port in this thread until `isDone`; the event loop serves it again when a turn throws. */
  async runBlocking(isDone: () => boolean): Promise<void> {
    assert(this.#mode !== "blocking", "run is called once at a time");
    if (isDone()) return;
    this.#mode = "blocking";
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
    this.#watch?.close();
    this.#watch = undefined;
    try {
      while (!isDone()) {
        this.#isScheduled = false;
        let turnsLeft = TURNS_IN_A_ROW;
        do this.#turns.run();
        while (!isDone() && this.#mayGoOn && --turnsLeft > 0);
        await new Promise((resolve) => setImmediate(resolve));
        if (!isDone() && !this.#isScheduled && !this.#hasWork) this.#ring.enterAndWait(this.#blockMs);
      }
    } finally {
      if (!isDone()) {
        this.#join();
        this.#isScheduled = false;
        this.askForTurn();
      }
    }
  }

  #awaitWake(): void {
    this.#ring.prepare(
      OperationKind.WAKE,
      0,
      0,
      k.IORING_OP_READ,
      0,
      0,
      this.wakeDescriptor,
      this.#memory.address + 8,
      8,
      0,
      0,
    );
  }

  /** The read of the wake descriptor has completed. */
  onWake(): void {
    this.wakeGate.clear();
    if (!this.#isStopping) this.#awaitWake();
  }

  /** Takes back the requests of the scheduler itself; the port goes on having turns until they end. */
  stop(): void {
    this.#mayCloseWake = this.wakeGate.close();
    if (this.wakeDescriptor >= 0) {
      this.#ring.prepareCancel(OperationKind.CANCEL, OperationKind.WAKE, 0, 0);
    }
    this.#isStopping = true;
  }

  release(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#mode = "released";
    this.#calls.close(this.#eventfd);
    if (this.wakeDescriptor >= 0 && this.#mayCloseWake) this.#calls.close(this.wakeDescriptor);
    this.#memory.unmap();
  }
}
