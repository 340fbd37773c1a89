import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { LoopTimers } from "./loop-timers.ts";

describe("LoopTimers", () => {
  it("has one timeout, for the soonest, and arms again what is not due yet", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const clock = new ManualClock();
    const expired: string[] = [];
    let dueCount = 0;
    const timers = new LoopTimers(clock, () => {
      dueCount++;
      timers.expire();
      timers.arm();
    });
    timers.start(20, () => expired.push("later"));
    timers.arm();
    timers.start(10.4, () => expired.push("sooner"));
    timers.arm();
    assert.equal(timers.soonestDelayMs, 10.4);
    // The timeout is early by the port's clock.
    clock.advance(10);
    context.mock.timers.tick(11);
    assert.deepEqual([expired, dueCount], [[], 1]);
    clock.advance(1);
    context.mock.timers.tick(1);
    assert.deepEqual([expired, dueCount], [["sooner"], 2]);
    clock.advance(9);
    context.mock.timers.tick(9);
    assert.deepEqual([expired, dueCount], [["sooner", "later"], 3]);
    assert.equal(timers.soonestDelayMs, Number.POSITIVE_INFINITY);
  });

  it("waits in parts for what is longer than setTimeout knows", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const clock = new ManualClock();
    let expiredCount = 0;
    const timers = new LoopTimers(clock, () => {
      timers.expire();
      timers.arm();
    });
    timers.start(2 ** 31 + 100, () => void expiredCount++);
    timers.arm();
    clock.advance(2 ** 31 - 1);
    context.mock.timers.tick(2 ** 31 - 1);
    assert.equal(expiredCount, 0);
    clock.advance(101);
    context.mock.timers.tick(101);
    assert.equal(expiredCount, 1);
  });

  it("leaves the event loop nothing when the last timer is cancelled, or all are forgotten", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let dueCount = 0;
    const timers = new LoopTimers(new ManualClock(), () => void dueCount++);
    const timer = timers.start(5, () => undefined);
    timers.arm();
    timer.cancel();
    timers.start(5, () => undefined);
    timers.arm();
    timers.clear();
    context.mock.timers.tick(100);
    assert.equal(dueCount, 0);
  });
});
