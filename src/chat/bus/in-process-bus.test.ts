import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TurnTasks } from "../../../test/support/turn-tasks.ts";
import type { Command } from "../hub/command.ts";
import type { SessionEvent } from "../hub/event.ts";
import { sessionKey } from "../names.ts";
import { InProcessBus } from "./in-process-bus.ts";

function signOut(gateId: number, serial: number): Command {
  return { type: "signOut", session: sessionKey(gateId, serial) };
}

function reply(gateId: number): SessionEvent {
  const answer = { session: sessionKey(gateId, 1), requestId: 1 };
  return { type: "published", ...answer, request: "publish", offset: 1, timeMs: 1 };
}

describe("the in-process bus", () => {
  it("delivers a turn's commands and the events they cause at the end of that turn, one batch each", () => {
    const tasks = new TurnTasks();
    const bus = new InProcessBus(tasks.atTurnEnd);
    const commandBatches: number[] = [];
    const eventBatches: number[][] = [[], []];
    const hub = bus.attachHub((commands) => {
      commandBatches.push(commands.length);
      for (const _ of commands) for (const gateId of [1, 2]) hub.reply(reply(gateId));
    });
    const gates = [1, 2].map((gateId) => {
      return bus.attachGate(gateId, (events) => void eventBatches[gateId - 1]?.push(events.length));
    });
    // An answer of the store in the same turn does not make a second batch.
    hub.reply(reply(1));
    for (let serial = 1; serial <= 3; serial++) {
      for (const [index, gate] of gates.entries()) gate.send(signOut(index + 1, serial));
    }
    assert.deepEqual(commandBatches, [], "nothing runs inside send");
    assert.equal(tasks.endTurn(), 1);
    assert.deepEqual(commandBatches, [6]);
    assert.deepEqual(eventBatches, [[7], [6]]);
    assert.equal(tasks.endTurn(), 0, "at rest it asks for nothing");
  });

  it("keeps the others going when a gate throws, and says so", () => {
    const tasks = new TurnTasks();
    const bus = new InProcessBus(tasks.atTurnEnd);
    const hub = bus.attachHub(() => {});
    let eventCount = 0;
    bus.attachGate(1, () => {
      throw new Error("gate 1 is broken");
    });
    bus.attachGate(2, (events) => void (eventCount += events.length));
    for (const gateId of [1, 2]) hub.reply(reply(gateId));
    assert.throws(() => tasks.endTurn(), /gate 1 is broken/);
    assert.equal(eventCount, 1);
    hub.reply(reply(2));
    tasks.endTurn();
    assert.equal(eventCount, 2, "the next turn is as usual");
  });

  it("counts what had nobody to go to", () => {
    const tasks = new TurnTasks();
    const bus = new InProcessBus(tasks.atTurnEnd);
    bus.attachGate(1, () => {}).send(signOut(1, 1));
    bus.attachHub(() => {}).reply(reply(5));
    assert.equal(bus.droppedCount, 2);
  });
});
