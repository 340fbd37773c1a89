import type { PortTimer } from "./completion-port.ts";

/** One timer of a {@link TimerQueue}. */
export class QueuedTimer implements PortTimer {
  readonly deadlineMs: number;
  readonly onExpired: () => void;
  /** Place in the heap; −1 when it is not in it. */
  index = -1;
  readonly #queue: TimerQueue;
  /** Timers with equal deadlines expire in the order in which they were started. */
  readonly order: number;

  constructor(queue: TimerQueue, deadlineMs: number, order: number, onExpired: () => void) {
    this.#queue = queue;
    this.deadlineMs = deadlineMs;
    this.order = order;
    this.onExpired = onExpired;
  }

  cancel(): void {
    this.#queue.remove(this);
  }
}

/** Timers by deadline: a binary heap, of which the kernel is told the soonest alone. */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  readonly #onEmpty: () => void;
  #started = 0;

  /** `onEmpty` is called when the last timer was cancelled or has expired. */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The soonest deadline; Infinity when there is none. */
  get soonestMs(): number {
    return this.#heap[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  add(deadlineMs: number, onExpired: () => void): QueuedTimer {
    const timer = new QueuedTimer(this, deadlineMs, this.#started++, onExpired);
    this.#place(timer, this.#heap.length);
    this.#rise(timer);
    return timer;
  }

  /** Takes out the soonest timer whose deadline is not after `nowMs`. */
  takeExpired(nowMs: number): QueuedTimer | undefined {
    const soonest = this.#heap[0];
    if (soonest === undefined || soonest.deadlineMs > nowMs) return undefined;
    this.remove(soonest);
    return soonest;
  }

  /** Takes out and runs every timer whose deadline is not after `nowMs`, also those added meanwhile. */
  expire(nowMs: number): void {
    for (let timer = this.takeExpired(nowMs); timer; timer = this.takeExpired(nowMs)) timer.onExpired();
  }

  remove(timer: QueuedTimer): void {
    const index = timer.index;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#heap.pop()!;
    if (last !== timer) {
      this.#place(last, index);
      this.#rise(last);
      this.#sink(last);
    }
    if (this.#heap.length === 0) this.#onEmpty();
  }

  clear(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap.length = 0;
  }

  #place(timer: QueuedTimer, index: number): void {
    this.#heap[index] = timer;
    timer.index = index;
  }

  #rise(timer: QueuedTimer): void {
    while (timer.index > 0) {
      const index = timer.index;
      const parent = this.#heap[(index - 1) >> 1]!;
      if (!isBefore(timer, parent)) return;
      this.#place(timer, parent.index);
      this.#place(parent, index);
    }
  }

  #sink(timer: QueuedTimer): void {
    for (;;) {
      const index = timer.index;
      const left = this.#heap[index * 2 + 1];
      const right = this.#heap[index * 2 + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) return;
      this.#place(timer, child.index);
      this.#place(child, index);
    }
  }
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.order < b.order);
}
