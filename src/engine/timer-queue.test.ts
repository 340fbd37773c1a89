import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../base/random.ts";
import { TimerQueue, type QueuedTimer } from "./timer-queue.ts";

describe("TimerQueue", () => {
  it("expires by deadline, and those of one deadline in the order they were started", () => {
    const queue = new TimerQueue(() => {});
    const expired: string[] = [];
    queue.add(20, () => expired.push("c"));
    queue.add(10, () => expired.push("a"));
    queue.add(10, () => expired.push("b"));
    queue.add(30, () => expired.push("d"));
    queue.expire(25);
    assert.deepEqual(expired, ["a", "b", "c"]);
    assert.equal(queue.soonestMs, 30);
    assert.equal(queue.size, 1);
  });

  it("says when it is empty", () => {
    let empty = 0;
    const queue = new TimerQueue(() => empty++);
    const timer = queue.add(5, () => {});
    timer.cancel();
    timer.cancel();
    assert.equal(empty, 1);
    assert.equal(queue.soonestMs, Number.POSITIVE_INFINITY);
  });

  it("agrees with a sorted list after any adding and cancelling", () => {
    const random = new SeededRandom(7);
    const queue = new TimerQueue(() => {});
    let model: QueuedTimer[] = [];
    for (let step = 0; step < 5000; step++) {
      if (model.length === 0 || random.below(3) > 0) {
        model.push(queue.add(random.below(1000), () => {}));
      } else if (random.chance(2)) {
        const [timer] = model.splice(random.below(model.length), 1);
        timer?.cancel();
      } else {
        model.sort((a, b) => a.deadlineMs - b.deadlineMs || a.order - b.order);
        const soonest = model[0]?.deadlineMs ?? 0;
        assert.equal(queue.takeExpired(soonest), model.shift());
        assert.equal(queue.takeExpired(-1), undefined);
      }
      assert.equal(queue.size, model.length);
    }
    model = model.toSorted((a, b) => a.deadlineMs - b.deadlineMs || a.order - b.order);
    for (const timer of model) assert.equal(queue.takeExpired(1000), timer);
  });
});
