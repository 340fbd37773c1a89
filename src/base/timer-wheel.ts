import { assert } from "./assert.ts";

/**
 * What has a timer, by inheritance: scheduled any number of times, told when its time has come. It is
 * itself the node of the wheel's lists, so scheduling allocates nothing (and there is no timer object
 * besides each of tens of thousands of sessions). A timer belongs to one wheel at a time.
 */
export abstract class WheelTimer {
  /** @internal The wheel's own: neighbours in the circular list it is in; itself when in none. */
  _next: WheelTimer = this;
  /** @internal */
  _previous: WheelTimer = this;
  /** @internal The tick at which it expires. */
  _expiryTick = 0;
  /** @internal The tick it was put in its slot for; at or before `_expiryTick`. */
  _linkedTick = 0;

  /** The wheel calls this when the time has come. */
  abstract onExpired(): void;

  get isScheduled(): boolean {
    return this._next !== this;
  }
}

export interface TimerWheelOptions {
  /** How exact timers are: one expires 0 to `tickMs` late, never early. More than 0. */
  readonly tickMs: number;
  /** Lists in the wheel; a whole number. A delay longer than `slots` × `tickMs` costs one look per turn. */
  readonly slots: number;
  /** The time now, from the clock that `advanceTo` will be given. */
  readonly nowMs: number;
}

/**
 * A hashed timer wheel for idle and handshake timeouts of tens of thousands of sessions: schedule,
 * reschedule and cancel cost O(1), a tick costs what expires in it, and nothing allocates.
 *
 * Putting a deadline off, which an idle timer does at each packet, only writes the new tick: the timer
 * stays in its old slot and is moved when that slot comes round.
 *
 * The wheel has no clock: time is what `advanceTo` was last told.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #originMs: number;
  readonly #slots: readonly WheelTimer[];
  /** Timers whose tick has come and that have not been told yet. */
  readonly #expiring = new ListHead();
  #nowMs: number;
  /** The last tick whose slot has been visited. */
  #visitedTick = 0;
  /** The tick of `#nowMs`. */
  #nowTick = 0;
  #count = 0;
  #isAdvancing = false;

  constructor(options: TimerWheelOptions) {
    if (!(options.tickMs > 0)) throw new RangeError(`tickMs must be more than 0, got ${options.tickMs}`);
    if (!Number.isInteger(options.slots) || options.slots < 1) {
      throw new RangeError(`slots must be a whole number from 1, got ${options.slots}`);
    }
    this.#tickMs = options.tickMs;
    this.#originMs = options.nowMs;
    this.#nowMs = options.nowMs;
    this.#slots = Array.from({ length: options.slots }, () => new ListHead());
  }

  /** Timers that are scheduled. */
  get count(): number {
    return this.#count;
  }

  /**
   * Makes the timer expire `delayMs` after the time last given to `advanceTo`, instead of when it was
   * to expire before. Never within the `advanceTo` that is running, whatever the delay.
   */
  schedule(timer: WheelTimer, delayMs: number): void {
    if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`delayMs must be finite and not negative, got ${delayMs}`);
    }
    const dueTick = Math.ceil((this.#nowMs + delayMs - this.#originMs) / this.#tickMs);
    timer._expiryTick = Math.max(dueTick, this.#nowTick + 1);
    if (timer.isScheduled) {
      if (timer._expiryTick >= timer._linkedTick) return;
      unlink(timer);
    } else {
      this.#count++;
    }
    this.#linkToSlot(timer);
  }

  /** Harmless for a timer that is not scheduled. */
  cancel(timer: WheelTimer): void {
    if (!timer.isScheduled) return;
    unlink(timer);
    this.#count--;
  }

  /**
   * Moves time forward and tells every timer whose time has come, after it has left the wheel: it may
   * be scheduled again from `onExpired`, and so may any other timer be scheduled or cancelled there.
   * Timers are told tick by tick, unless more than a whole turn was slept through. A time before the
   * last one is ignored. When `onExpired` throws, the error passes through and the rest is told by the
   * next call.
   */
  advanceTo(nowMs: number): void {
    assert(!this.#isAdvancing, "advanceTo must not be called from onExpired");
    if (nowMs > this.#nowMs) {
      this.#nowMs = nowMs;
      this.#nowTick = Math.floor((nowMs - this.#originMs) / this.#tickMs);
    }
    this.#isAdvancing = true;
    try {
      this.#tellExpiring();
      // After a long sleep one turn of the wheel finds everything.
      this.#visitedTick = Math.max(this.#visitedTick, this.#nowTick - this.#slots.length);
      while (this.#visitedTick < this.#nowTick) {
        this.#visitedTick++;
        this.#collectExpired(this.#visitedTick);
        this.#tellExpiring();
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  #collectExpired(tick: number): void {
    const slot = this.#slotOf(tick);
    let timer = slot._next;
    while (timer !== slot) {
      const next = timer._next;
      if (timer._expiryTick <= tick) {
        unlink(timer);
        linkBefore(this.#expiring, timer);
      } else if (timer._linkedTick <= tick) {
        unlink(timer);
        this.#linkToSlot(timer);
      }
      timer = next;
    }
  }

  #tellExpiring(): void {
    for (let timer = this.#expiring._next; timer !== this.#expiring; timer = this.#expiring._next) {
      unlink(timer);
      if (timer._expiryTick > this.#nowTick) {
        // Put off by another timer's onExpired while it waited here.
        this.#linkToSlot(timer);
        continue;
      }
      this.#count--;
      timer.onExpired();
    }
  }

  #linkToSlot(timer: WheelTimer): void {
    timer._linkedTick = timer._expiryTick;
    linkBefore(this.#slotOf(timer._expiryTick), timer);
  }

  #slotOf(tick: number): WheelTimer {
    const slot = this.#slots[tick % this.#slots.length];
    assert(slot !== undefined, "a tick has a slot");
    return slot;
  }
}

class ListHead extends WheelTimer {
  onExpired(): void {
    throw new Error("the head of a timer list never expires");
  }
}

function unlink(timer: WheelTimer): void {
  timer._previous._next = timer._next;
  timer._next._previous = timer._previous;
  timer._next = timer;
  timer._previous = timer;
}

function linkBefore(head: WheelTimer, timer: WheelTimer): void {
  timer._previous = head._previous;
  timer._next = head;
  head._previous._next = timer;
  head._previous = timer;
}
