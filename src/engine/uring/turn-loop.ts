import { assert } from "../../base/assert.ts";
import type { Flushable } from "../completion-port.ts";

/** Things done in the order in which they were asked for; asking while doing is allowed. */
class TaskQueue<T> {
  // Never shrinks, so that turns allocate nothing; places before `#next` are empty.
  readonly #items: (T | undefined)[] = [];
  #next = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#next;
  }

  push(item: T): void {
    this.#items[this.#end++] = item;
  }

  /** The next item. It is out of the queue before it is run, so one that throws is not run again. */
  shift(): T | undefined {
    if (this.#next === this.#end) return undefined;
    const item = this.#items[this.#next];
    this.#items[this.#next++] = undefined;
    if (this.#next === this.#end) {
      this.#next = 0;
      this.#end = 0;
    }
    return item;
  }
}

/** What a turn does at its two ends. */
export interface TurnSteps {
  /** Collects completions and dispatches them. */
  dispatch(): void;
  /** Hands over what was prepared. */
  submit(): void;
}

/** The order of things in one turn of a completion port; when turns run is decided elsewhere. */
export class TurnLoop {
  readonly #steps: TurnSteps;
  readonly #jobs = new TaskQueue<() => void>();
  readonly #tasks = new TaskQueue<() => void>();
  readonly #targets = new TaskQueue<Flushable>();
  #isRunning = false;

  constructor(steps: TurnSteps) {
    this.#steps = steps;
  }

  /** True while a turn runs. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Something was asked for that a turn has to do. */
  get hasWork(): boolean {
    return this.#jobs.length > 0 || this.#tasks.length > 0 || this.#targets.length > 0;
  }

  post(job: () => void): void {
    this.#jobs.push(job);
  }

  atTurnEnd(task: () => void): void {
    this.#tasks.push(task);
  }

  requestFlush(target: Flushable): void {
    this.#targets.push(target);
  }

  /**
   * Runs one turn. When something in it throws, the turn ends there, and what was not done yet is
   * left for the next one.
   */
  run(): void {
    assert(!this.#isRunning, "a turn does not run inside a turn");
    this.#isRunning = true;
    try {
      this.#steps.dispatch();
      // Jobs posted by these jobs wait for the next turn, so that sends are not held up by them.
      for (let left = this.#jobs.length; left > 0; left--) this.#jobs.shift()?.();
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
      for (let left = this.#targets.length; left > 0; left--) this.#targets.shift()?.flush();
    } finally {
      this.#isRunning = false;
      this.#steps.submit();
    }
  }
}
