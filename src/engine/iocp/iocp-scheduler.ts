import type { TurnLoop } from "../turn-loop.ts";
import { TurnScheduler } from "../kernel/turn-scheduler.ts";
import type { CompletionQueue } from "./completion-queue.ts";
import { INFINITE } from "./constants.ts";

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
 * When the turns of a completion port of Windows run.
 *
 * **Joined to the event loop**: when there is nothing to do, a thread of the runtime's pool waits for the
 * port, and its return is an event of the loop that starts a turn. One wait is outstanding at most; while
 * turns run there may be none. A pending wait is what keeps the loop alive, so there is one exactly while
 * something is open; where nothing is, nothing can complete.
 *
 * **Blocking**: the thread waits for the port itself. Other threads wake it by a packet.
 */
export class IocpScheduler extends TurnScheduler {
  /** The completion port's handle; −1 when the event loop wakes the thread. */
  override readonly wakeDescriptor: number;
  readonly #queue: CompletionQueue;
  readonly #host: SchedulerHost;
  readonly #blockMs: number;
  readonly #waitMs: number;
  #isHeld = false;
  #isWaiting = false;
  /** The wait that is outstanding has been told to end. */
  #isWoken = false;
  /** Completions were dispatched since the last look that found none. */
  #hasDispatched = false;

  constructor(
    queue: CompletionQueue,
    turns: TurnLoop,
    host: SchedulerHost,
    workerBlockMs: number,
    canBlock: boolean,
  ) {
    super(turns);
    this.#queue = queue;
    this.#host = host;
    this.#blockMs = workerBlockMs;
    this.#waitMs = canBlock ? WORKER_WAIT_MS : INFINITE;
    this.wakeDescriptor = canBlock ? queue.handle : -1;
  }

  override setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.askForTurn();
    else this.#endWait();
  }

  /** A turn has dispatched completions: it is worth looking again before sleeping. */
  onCompletions(): void {
    this.#hasDispatched = true;
  }

  protected override beforeTurn(): void {
    this.#hasDispatched = false;
  }

  protected override get hasCompletions(): boolean {
    return this.#queue.hasCompletions;
  }

  protected override get isBusy(): boolean {
    return this.#hasDispatched;
  }

  /** A wait may go on while turns run: what it brings is dispatched like all the rest. */
  protected override wakeUp(): void {}

  protected override sleep(): void {
    if (!this.#isHeld || this.#isWaiting) return;
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

  protected override leaveLoop(): void {
    this.#endWait();
  }

  /** The next sleep starts a wait. */
  protected override joinLoop(): void {}

  protected override waitHere(): void {
    const limitMs = this.#host.hasPoolCalls() || this.#isWaiting ? POOL_CALL_MS : this.#blockMs;
    this.#queue.waitHere(Math.ceil(Math.min(limitMs, this.#host.soonestDelayMs())));
  }

  /** A packet that wakes has arrived, of another thread or of this scheduler. */
  override onWake(): void {
    this.wakeGate.clear();
    // It was meant for the wait, and a turn got hold of it.
    if (this.#isWaiting && this.#isWoken) this.#queue.wake();
  }

  override stop(): void {
    this.#endWait();
  }

  /** No wait is outstanding. */
  get isQuiet(): boolean {
    return !this.#isWaiting;
  }

  /** After this no other thread writes to the port: true. False when one cannot know; see WakeGate. */
  release(): boolean {
    this.end();
    return this.wakeGate.close();
  }
}
