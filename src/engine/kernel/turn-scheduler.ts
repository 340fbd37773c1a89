import { assert } from "../../base/assert.ts";
import type { TurnLoop } from "../turn-loop.ts";
import { WakeGate } from "./wake-gate.ts";

/** Turns run one after the other without giving the event loop a round between, at most. */
const TURNS_IN_A_ROW = 4;

/**
 * Decides when the turns of a port on a kernel's own interface run.
 *
 * **Joined to the event loop**: turns run from setImmediate; when there is nothing to do the port {@link
 * sleep}s, that is, it arranges for the kernel to call {@link askForTurn}.
 *
 * **Blocking** (worker threads in `run`): the thread waits in the kernel itself. Other threads wake it
 * through `wakeDescriptor`.
 */
export abstract class TurnScheduler {
  readonly wakeGate = new WakeGate();
  /** What other threads wake this one by; −1 when the event loop does. */
  abstract readonly wakeDescriptor: number;
  readonly #turns: TurnLoop;
  readonly #runTurns = (): void => this.#runJoined();
  #mode: "joined" | "blocking" | "released" = "joined";
  #isScheduled = false;

  constructor(turns: TurnLoop) {
    this.#turns = turns;
  }

  /** Completions are there to be dispatched. */
  protected abstract get hasCompletions(): boolean;
  /** Something is there that the kernel will not wake this thread for: it is not to sleep. */
  protected abstract get isBusy(): boolean;
  /** The event loop gives turns a round. */
  protected abstract wakeUp(): void;
  /** Just before each turn. */
  protected abstract beforeTurn(): void;
  /** Joined, and nothing to do: has the kernel wake the event loop. */
  protected abstract sleep(): void;
  /** From now on the thread blocks: the event loop is not to be woken. */
  protected abstract leaveLoop(): void;
  /** The event loop serves the port again. */
  protected abstract joinLoop(): void;
  /** Blocks the thread until something has completed or another thread wakes it, for a limited time. */
  protected abstract waitHere(): void;

  /** Whether the event loop is kept alive by this port. */
  abstract setHeld(isHeld: boolean): void;
  /** A completion that wakes has arrived. */
  abstract onWake(): void;
  /** Takes back what the scheduler itself has under way; the port goes on having turns until it has ended. */
  abstract stop(): void;

  /** Makes sure that a turn comes. Cheap when one is coming anyway. */
  askForTurn(): void {
    if (this.#isScheduled || this.#turns.isRunning) return;
    this.#isScheduled = true;
    if (this.#mode !== "blocking") setImmediate(this.#runTurns);
  }

  #runJoined(): void {
    if (this.#mode !== "joined") return; // `run` was called meanwhile, or the port is closed.
    this.#isScheduled = false;
    this.wakeUp();
    try {
      this.#runSome(isNever);
    } finally {
      this.#sleepOrGoOn();
    }
  }

  /**
   * Completions alone make one turn follow another at once, as those of the sends that the last turn handed
   * over do. What the program asked for waits a round of the event loop, as setImmediate does.
   */
  #runSome(isDone: () => boolean): void {
    let turnsLeft = TURNS_IN_A_ROW;
    do {
      this.beforeTurn();
      this.#turns.run();
    } while (!isDone() && this.hasCompletions && !this.#turns.hasWork && --turnsLeft > 0);
  }

  get #hasWork(): boolean {
    return this.isBusy || this.hasCompletions || this.#turns.hasWork;
  }

  #sleepOrGoOn(): void {
    if (this.#mode !== "joined") return;
    if (this.#hasWork) this.askForTurn();
    else this.sleep();
  }

  /** Serves the port in this thread until `isDone`; the event loop serves it again when a turn throws. */
  async runBlocking(isDone: () => boolean): Promise<void> {
    assert(this.#mode !== "blocking", "run is called once at a time");
    if (isDone()) return;
    this.#mode = "blocking";
    this.leaveLoop();
    try {
      while (!isDone()) {
        this.#isScheduled = false;
        this.#runSome(isDone);
        await new Promise((resolve) => setImmediate(resolve));
        if (!isDone() && !this.#isScheduled && !this.#hasWork) this.waitHere();
      }
    } finally {
      if (!isDone()) {
        this.#mode = "joined";
        this.joinLoop();
        this.#isScheduled = false;
        this.askForTurn();
      }
    }
  }

  /** The last turn is over. */
  protected end(): void {
    this.#mode = "released";
  }
}

function isNever(): boolean {
  return false;
}
