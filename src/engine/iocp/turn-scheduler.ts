import { assert } from "../../base/assert.ts";
import type { TurnLoop } from "../turn-loop.ts";
import { WakeGate } from "../wake-gate.ts";
import type { CompletionQueue } from "./completion-queue.ts";
import { INFINITE } from "./constants.ts";

/** Turns run one after the other without giving the event loop a round between, at most. */
const TURNS_IN_A_ROW = 4;

/**
 * How long a wait on the pool lasts in a worker thread, ms. A thread that is terminated waits for it, and
 * nothing tells it to end before; on the main thread the process' end does.
 */
const WORKER_WAIT_MS = 1000;

/** How long a thread that blocks may leave the ends of calls on the pool unnoticed, ms. */
const POOL_CALL_MS = 5;

/** What the scheduler needs to know of its port. */
export interface SchedulerHost {
  /** ms until a timer is due; Infinity: none. */
  soonestDelayMs(): number;
  /** Calls on the pool are under way. */
  hasPoolCalls(): boolean;
}

/** Waits on the pool that end when the process exits; without that, exiting would wait for them. */
const waiting = new Set<CompletionQueue>();

function wakeAll(): void {
  for (const queue of waiting) queue.wake();
}

/**
 * Decides when turns run.
 *
 * **Joined to the event loop**: when there is nothing to do, a thread of the runtime's pool waits for the
 * port, and its return is an event of the loop that starts a turn. One wait is outstanding at most; while
 * turns run there may be none. A pending wait is what keeps the loop alive, so there is one exactly while
 * something is open; where nothing is, nothing can complete.
 *
 * **Blocking** (worker threads in `run`): the thread waits for the port itself. Other threads wake it by
 * a packet.
 */
export class TurnScheduler {
  readonly wakeGate = new WakeGate();
  /** The completion port's handle; −1 when the event loop wakes the thread. */
  readonly wakeDescriptor: number;
  readonly #queue: CompletionQueue;
  readonly #turns: TurnLoop;
  readonly #host: SchedulerHost;
  readonly #blockMs: number;
  readonly #waitMs: number;
  readonly #runTurns = (): void => this.#runJoined();
  #mode: "joined" | "blocking" | "released" = "joined";
  #isScheduled = false;
  #isHeld = false;
  #isWaiting = false;
  /** The wait that is outstanding has been told to end. */
  #isWoken = false;
  /** Completions were dispatched since the last look that found none. */
  #isBusy = false;

  constructor(
    queue: CompletionQueue,
    turns: TurnLoop,
    host: SchedulerHost,
    workerBlockMs: number,
    canBlock: boolean,
  ) {
    this.#queue = queue;
    this.#turns = turns;
    this.#host = host;
    this.#blockMs = workerBlockMs;
    this.#waitMs = canBlock ? WORKER_WAIT_MS : INFINITE;
    this.wakeDescriptor = canBlock ? queue.handle : -1;
  }

  /** Makes sure that a turn comes. Cheap when one is coming anyway. */
  askForTurn(): void {
    if (this.#isScheduled || this.#turns.isRunning) return;
    this.#isScheduled = true;
    if (this.#mode !== "blocking") setImmediate(this.#runTurns);
  }

  /** Whether the event loop is kept alive by this port. */
  setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.askForTurn();
    else this.#endWait();
  }

  /** A turn has dispatched completions: it is worth looking again before sleeping. */
  onCompletions(): void {
    this.#isBusy = true;
  }

  #runJoined(): void {
    if (this.#mode !== "joined") return; // `run` was called meanwhile, or the port is closed.
    this.#isScheduled = false;
    try {
      let turnsLeft = TURNS_IN_A_ROW;
      do {
        this.#isBusy = false;
        this.#turns.run();
      } while (this.#mayGoOn && --turnsLeft > 0);
    } finally {
      this.#sleepOrGoOn();
    }
  }

  /**
   * Completions alone make one turn follow another at once, as those of sends that were complete when they
   * were started. What the program asked for waits a round of the event loop, as setImmediate does.
   */
  get #mayGoOn(): boolean {
    return this.#queue.hasCompletions && !this.#turns.hasWork;
  }

  get #hasWork(): boolean {
    return this.#isBusy || this.#queue.hasCompletions || this.#turns.hasWork;
  }

  #sleepOrGoOn(): void {
    if (this.#mode !== "joined") return;
    if (this.#hasWork) this.askForTurn();
    else if (this.#isHeld && !this.#isWaiting) this.#startWait();
  }

  #startWait(): void {
    this.#isWaiting = true;
    this.#isWoken = false;
    if (waiting.size === 0) process.on("exit", wakeAll);
    waiting.add(this.#queue);
    this.#queue.wait(this.#waitMs, () => {
      this.#isWaiting = false;
      waiting.delete(this.#queue);
      if (waiting.size === 0) process.off("exit", wakeAll);
      this.askForTurn();
    });
  }

  #endWait(): void {
    if (!this.#isWaiting || this.#isWoken) return;
    this.#isWoken = true;
    this.#queue.wake();
  }

  /** Serves the port in this thread until `isDone`; the event loop serves it again when a turn throws. */
  async runBlocking(isDone: () => boolean): Promise<void> {
    assert(this.#mode !== "blocking", "run is called once at a time");
    if (isDone()) return;
    this.#mode = "blocking";
    this.#endWait();
    try {
      while (!isDone()) {
        this.#isScheduled = false;
        let turnsLeft = TURNS_IN_A_ROW;
        do {
          this.#isBusy = false;
          this.#turns.run();
        } while (!isDone() && this.#mayGoOn && --turnsLeft > 0);
        await new Promise((resolve) => setImmediate(resolve));
        if (!isDone() && !this.#isScheduled && !this.#hasWork) this.#queue.waitHere(this.#sleepMs);
      }
    } finally {
      if (!isDone()) {
        this.#mode = "joined";
        this.#isScheduled = false;
        this.askForTurn();
      }
    }
  }

  get #sleepMs(): number {
    const limitMs = this.#host.hasPoolCalls() || this.#isWaiting ? POOL_CALL_MS : this.#blockMs;
    return Math.ceil(Math.min(limitMs, this.#host.soonestDelayMs()));
  }

  /** A packet that wakes has arrived, of another thread or of this scheduler. */
  onWake(): void {
    this.wakeGate.clear();
    // It was meant for the wait, and a turn got hold of it.
    if (this.#isWaiting && this.#isWoken) this.#queue.wake();
  }

  /** Takes back the wait; the port goes on having turns until it has ended. */
  stop(): void {
    this.#endWait();
  }

  /** No wait is outstanding. */
  get isQuiet(): boolean {
    return !this.#isWaiting;
  }

  /** After this no other thread writes to the port: true. False when one cannot know; see WakeGate. */
  release(): boolean {
    this.#mode = "released";
    return this.wakeGate.close();
  }
}
