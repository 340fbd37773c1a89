import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { TimerWheel, WheelTimer } from "./timer-wheel.ts";

class Recorder extends WheelTimer {
  expiredAt: number[] = [];
  onceExpired: (() => void) | undefined;
  readonly #now: () => number;

  constructor(now: () => number = () => 0) {
    super();
    this.#now = now;
  }

  onExpired(): void {
    this.expiredAt.push(this.#now());
    this.onceExpired?.();
  }
}

function wheel(slots = 8): TimerWheel {
  return new TimerWheel({ tickMs: 10, slots, nowMs: 1000 });
}

describe("TimerWheel", () => {
  it("expires once, not early, at most a tick late", () => {
    const timers = wheel();
    const one = new Recorder();
    timers.schedule(one, 25);
    timers.advanceTo(1024);
    assert.deepEqual(one.expiredAt, []);
    assert.equal(timers.count, 1);
    timers.advanceTo(1030);
    assert.equal(one.expiredAt.length, 1);
    assert.equal(one.isScheduled, false);
    assert.equal(timers.count, 0);
    timers.advanceTo(5000);
    assert.equal(one.expiredAt.length, 1);
  });

  it("puts a deadline off and brings it forward", () => {
    const timers = wheel();
    const one = new Recorder();
    timers.schedule(one, 20);
    timers.schedule(one, 200);
    assert.equal(timers.count, 1);
    timers.advanceTo(1199);
    assert.equal(one.expiredAt.length, 0);
    timers.schedule(one, 5);
    timers.advanceTo(1210);
    assert.equal(one.expiredAt.length, 1);
  });

  it("finds everything after a sleep of many turns", () => {
    const timers = wheel();
    const recorders = Array.from({ length: 100 }, () => new Recorder());
    recorders.forEach((recorder, index) => timers.schedule(recorder, index * 7));
    timers.advanceTo(1_000_000);
    assert.ok(recorders.every((recorder) => recorder.expiredAt.length === 1));
    assert.equal(timers.count, 0);
  });

  it("does not loop when a timer schedules itself with no delay", () => {
    const timers = wheel();
    const one = new Recorder();
    one.onceExpired = () => timers.schedule(one, 0);
    timers.schedule(one, 0);
    timers.advanceTo(2000);
    assert.equal(one.expiredAt.length, 1);
    timers.advanceTo(2010);
    assert.equal(one.expiredAt.length, 2);
  });

  it("lets a timer cancel or put off another of the same tick", () => {
    const timers = wheel();
    const [first, second, third] = [new Recorder(), new Recorder(), new Recorder()];
    first.onceExpired = () => {
      timers.cancel(second);
      timers.schedule(third, 50);
    };
    for (const recorder of [first, second, third]) timers.schedule(recorder, 10);
    timers.advanceTo(1010);
    assert.deepEqual(
      [first, second, third].map((recorder) => recorder.expiredAt.length),
      [1, 0, 0],
    );
    assert.equal(timers.count, 1);
    timers.advanceTo(1060);
    assert.equal(third.expiredAt.length, 1);
    assert.equal(timers.count, 0);
  });

  it("tells the rest when one throws", () => {
    const timers = wheel();
    const [first, second] = [new Recorder(), new Recorder()];
    first.onceExpired = () => {
      throw new Error("on purpose");
    };
    timers.schedule(first, 10);
    timers.schedule(second, 10);
    assert.throws(() => timers.advanceTo(1010), /on purpose/);
    timers.advanceTo(1010);
    assert.equal(second.expiredAt.length, 1);
    assert.equal(timers.count, 0);
  });

  it("refuses nonsense", () => {
    assert.throws(() => new TimerWheel({ tickMs: 0, slots: 1, nowMs: 0 }), RangeError);
    assert.throws(() => new TimerWheel({ tickMs: 1, slots: 0, nowMs: 0 }), RangeError);
    assert.throws(() => wheel().schedule(new Recorder(), Number.NaN), RangeError);
    assert.throws(() => wheel().schedule(new Recorder(), -1), RangeError);
  });

  it("agrees with a list of deadlines, whatever is asked of it", () => {
    const operation = fc.oneof(
      fc.record({ type: fc.constant("schedule" as const), timer: fc.nat(7), ms: fc.nat(300) }),
      fc.record({ type: fc.constant("cancel" as const), timer: fc.nat(7), ms: fc.constant(0) }),
      fc.record({ type: fc.constant("advance" as const), timer: fc.constant(0), ms: fc.nat(150) }),
    );
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (operations, slots) => {
          const tickMs = 10;
          let nowMs = 1000;
          const timers = new TimerWheel({ tickMs, slots, nowMs });
          const recorders = Array.from({ length: 8 }, () => new Recorder(() => nowMs));
          const deadlines = new Map<Recorder, number>();
          for (const { type, timer, ms } of operations) {
            const recorder = recorders[timer];
            assert.ok(recorder !== undefined);
            if (type === "schedule") {
              timers.schedule(recorder, ms);
              deadlines.set(recorder, nowMs + ms);
            } else if (type === "cancel") {
              timers.cancel(recorder);
              deadlines.delete(recorder);
            } else {
              nowMs += ms;
              timers.advanceTo(nowMs);
              for (const each of recorders) {
                const deadline = deadlines.get(each);
                if (each.expiredAt.length > 0) {
                  assert.ok(
                    deadline !== undefined && deadline <= nowMs,
                    "expired early or when not scheduled",
                  );
                  assert.equal(each.expiredAt.length, 1);
                  each.expiredAt = [];
                  deadlines.delete(each);
                } else {
                  assert.ok(deadline === undefined || deadline > nowMs - tickMs, "more than a tick late");
                }
              }
            }
            assert.equal(timers.count, deadlines.size);
            for (const each of recorders) assert.equal(each.isScheduled, deadlines.has(each));
          }
        },
      ),
    );
  });
});
