import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import { HubWorld, session, signIn, user } from "../../../test/support/hub-world.ts";
import type { StoreReply } from "./command.ts";

const ann = session(1, 1);

function isAsked(world: HubWorld): boolean {
  return world.tasks.some(({ type }) => type === "maintain");
}

/** Answers the open question. */
function answer(world: HubWorld, more: boolean): void {
  const task = world.tasks.find(({ type }) => type === "maintain");
  assert.ok(task !== undefined);
  const reply: StoreReply = { type: "answered", ticket: task.ticket, result: { trimmed: [], more } };
  task.reply = reply;
  world.finish(task);
}

describe("the store's background work", () => {
  it("is asked for after each interval, one question at a time", () => {
    const world = new HubWorld({ maintenanceIntervalMs: 5_000 }).start();
    const asked: boolean[] = [];
    for (let second = 0; second < 7; second++) {
      world.tick();
      asked.push(isAsked(world));
    }
    assert.deepEqual(asked, [false, false, false, false, false, true, true]);
    assert.equal(world.tasks.length, 1);
    answer(world, false);
    world.tick(4_999);
    assert.equal(isAsked(world), false);
    world.tick(1);
    assert.equal(isAsked(world), true);
  });

  it("goes on at once while there is more, until the hub is to stop", () => {
    const world = new HubWorld().start();
    world.tick();
    world.tick(10_000);
    for (let piece = 0; piece < 3; piece++) {
      answer(world, true);
      assert.equal(isAsked(world), true);
    }
    world.hub.drain();
    answer(world, true);
    assert.equal(isAsked(world), false);
    world.tick(20_000);
    assert.equal(isAsked(world), false);
  });

  it("is tried again when it failed", () => {
    const world = new HubWorld().start();
    world.tick();
    world.tick(10_000);
    world.settle("lost");
    assert.equal(isAsked(world), false);
    world.tick(10_000);
    assert.equal(isAsked(world), true);
  });

  it("tells rooms what their first entry is now", () => {
    const world = new HubWorld().start();
    world.do(signIn(ann, user(1, "Ann")));
    for (const text of ["1", "2", "3"]) world.do(say(ann, 1, text));
    world.store.trimmed = [
      { roomId: 1, firstOffset: 3 },
      { roomId: 99, firstOffset: 7 },
    ];
    world.tick();
    world.tick(10_000);
    world.settle();
    const { messages, more } = replyOf(
      world.do(request("history", ann, { roomId: 1, mode: "before" })),
      ann,
      "history",
    );
    assert.deepEqual([messages.map(({ offset }) => offset), more], [[3], false]);
  });
});
