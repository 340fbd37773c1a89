// oxlint-disable typescript/no-floating-promises -- node:test keeps its own promises, as in test files
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bus, GateEvent } from "../../src/chat/bus/bus.ts";
import type { Command } from "../../src/chat/hub/command.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "../../src/chat/hub/event.ts";
import { gateOf, sessionKey } from "../../src/chat/names.ts";

/** A bus to be tested. */
export interface BusUnderTest {
  readonly bus: Bus;
  /** Resolves when everything sent so far, and what that caused, has been delivered. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The rules of src/chat/bus/bus.ts, for any bus. */
export function busSuite(name: string, open: () => Promise<BusUnderTest>): void {
  const withBus = async (run: (test: BusUnderTest) => Promise<void>): Promise<void> => {
    const test = await open();
    try {
      await run(test);
    } finally {
      await test.close();
    }
  };

  describe(`${name} keeps the bus contract (no port)`, () => {
    it("delivers a gate's commands in the order it sent them", () =>
      withBus(async ({ bus, settle }) => {
        const hub = listeningHub(bus);
        const gates = [1, 2].map((gateId) => bus.attachGate(gateId, ignore));
        for (let serial = 1; serial <= 100; serial++) {
          for (const [index, gate] of gates.entries()) gate.send(signOut(index + 1, serial));
          if (serial % 10 === 0) await settle();
        }
        await settle();
        for (const gateId of [1, 2]) {
          const expected = Array.from({ length: 100 }, (_, index) => sessionKey(gateId, index + 1));
          assert.deepEqual(
            hub.sessions.filter((key) => expected.includes(key)),
            expected,
          );
        }
      }));

    it("delivers events of sessions and rooms to a gate in the order the hub published them", () =>
      withBus(async ({ bus, settle }) => {
        const seen: GateEvent[] = [];
        const { link } = listeningHub(bus);
        bus.attachGate(1, (events) => void seen.push(...events));
        link.subscribe(1, 5);
        const sent: GateEvent[] = [];
        for (let offset = 1; offset <= 50; offset++) {
          const event = message(5, offset);
          const reply = published(1, offset);
          link.publish(event);
          link.reply(reply);
          sent.push(event, reply);
        }
        await settle();
        assert.deepEqual(seen, sent);
      }));

    it("delivers in batches, and hands each event over once", () =>
      withBus(async ({ bus, settle }) => {
        const batches: number[] = [];
        const { link } = listeningHub(bus);
        bus.attachGate(1, (events) => void batches.push(events.length));
        for (let offset = 1; offset <= 20; offset++) link.reply(published(1, offset));
        await settle();
        assert.equal(
          batches.reduce((sum, length) => sum + length, 0),
          20,
        );
        assert.ok(!batches.includes(0), "no empty batch");
      }));

    it("delivers a room's events to the gates subscribed at that moment, and no others", () =>
      withBus(async ({ bus, settle }) => {
        const { link } = listeningHub(bus);
        const seen = [1, 2, 3].map((gateId) => {
          const offsets: number[] = [];
          bus.attachGate(gateId, (events) => void offsets.push(...offsetsOf(events)));
          return offsets;
        });
        link.subscribe(1, 5);
        link.publish(message(5, 1));
        link.subscribe(2, 5);
        link.subscribe(3, 6);
        link.publish(message(5, 2));
        link.unsubscribe(1, 5);
        link.publish(message(5, 3));
        await settle();
        assert.deepEqual(seen, [[1, 2], [2, 3], []]);
      }));

    it("subscribes a gate to a topic once, however often it is asked", () =>
      withBus(async ({ bus, settle }) => {
        const { link } = listeningHub(bus);
        const seen: GateEvent[] = [];
        bus.attachGate(1, (events) => void seen.push(...events));
        link.subscribe(1, 5);
        link.subscribe(1, 5);
        link.publish(message(5, 1));
        link.unsubscribe(1, 5);
        link.unsubscribe(1, 5);
        link.publish(message(5, 2));
        await settle();
        assert.deepEqual(offsetsOf(seen), [1]);
      }));

    it("broadcasts to every gate that is attached, subscribed or not, in order with the rest", () =>
      withBus(async ({ bus, settle }) => {
        const { link } = listeningHub(bus);
        const seen: GateEvent[][] = [[], [], []];
        const gates = seen.map((events, index) => {
          return bus.attachGate(index + 1, (batch) => void events.push(...batch));
        });
        link.subscribe(1, 5);
        gates[2]?.detach();
        const sent = [message(5, 1), rules(1), message(5, 2)] as const;
        link.publish(sent[0]);
        link.broadcast(sent[1]);
        link.publish(sent[2]);
        await settle();
        assert.deepEqual(seen, [sent, [sent[1]], []]);
        const late: GateEvent[] = [];
        bus.attachGate(4, (batch) => void late.push(...batch));
        link.broadcast(rules(2));
        await settle();
        assert.deepEqual(late, [rules(2)], "a gate hears what comes after it");
        assert.deepEqual(seen[1], [rules(1), rules(2)]);
      }));

    it("carries answers of the hub back to the gate that asked", () =>
      withBus(async ({ bus, settle }) => {
        const link = bus.attachHub((commands) => {
          for (const command of commands) {
            if (command.type === "signOut") link.reply(published(gateOf(command.session), 1));
          }
        });
        const seen: GateEvent[] = [];
        const gate = bus.attachGate(1, (events) => void seen.push(...events));
        gate.send({ type: "signOut", session: sessionKey(1, 0) });
        await settle();
        assert.equal(seen.length, 1);
      }));

    it("delivers what is sent while a batch is handled", () =>
      withBus(async ({ bus, settle }) => {
        const hub = listeningHub(bus);
        const gate = bus.attachGate(1, (events) => {
          for (const offset of offsetsOf(events)) gate.send(signOut(1, offset));
        });
        hub.link.subscribe(1, 5);
        hub.link.publish(message(5, 7));
        await settle();
        assert.deepEqual(hub.sessions, [sessionKey(1, 7)]);
      }));

    it("drops what has nobody to go to, and goes on", () =>
      withBus(async ({ bus, settle }) => {
        const seen: GateEvent[] = [];
        const gate = bus.attachGate(1, (events) => void seen.push(...events));
        gate.send(signOut(1, 1));
        await settle();
        const hub = listeningHub(bus);
        hub.link.subscribe(9, 5);
        hub.link.publish(message(5, 1));
        hub.link.reply(published(9, 1));
        gate.send(signOut(1, 2));
        await settle();
        assert.deepEqual(hub.sessions, [sessionKey(1, 2)]);
        assert.deepEqual(seen, []);
      }));

    it("delivers the commands of a gate that has left, and no events to it", () =>
      withBus(async ({ bus, settle }) => {
        const hub = listeningHub(bus);
        const seen: GateEvent[] = [];
        const gate = bus.attachGate(1, (events) => void seen.push(...events));
        hub.link.subscribe(1, 5);
        hub.link.publish(message(5, 1));
        gate.send(signOut(1, 1));
        gate.detach();
        hub.link.publish(message(5, 2));
        await settle();
        assert.deepEqual(hub.sessions, [sessionKey(1, 1)]);
        assert.ok(!offsetsOf(seen).includes(2));
      }));

    it("delivers the last events of a hub that has left, and no commands to it", () =>
      withBus(async ({ bus, settle }) => {
        const hub = listeningHub(bus);
        const seen: GateEvent[] = [];
        const gate = bus.attachGate(1, (events) => void seen.push(...events));
        hub.link.reply(published(1, 3));
        hub.link.detach();
        gate.send(signOut(1, 1));
        await settle();
        assert.equal(seen.length, 1);
        assert.deepEqual(hub.sessions, []);
        const next = listeningHub(bus);
        gate.send(signOut(1, 2));
        await settle();
        assert.deepEqual(next.sessions, [sessionKey(1, 2)], "another hub takes the place");
      }));

    it("gives each place to one only", () =>
      withBus(async ({ bus }) => {
        const { link } = listeningHub(bus);
        const gate = bus.attachGate(1, ignore);
        assert.throws(() => bus.attachGate(1, ignore));
        assert.throws(() => bus.attachHub(ignore));
        gate.detach();
        link.detach();
        bus.attachGate(1, ignore);
        bus.attachHub(ignore);
      }));
  });
}

function ignore(): void {}

/** A hub that notes the sessions of the signOut commands it gets. */
function listeningHub(bus: Bus): { link: ReturnType<Bus["attachHub"]>; sessions: number[] } {
  const sessions: number[] = [];
  const link = bus.attachHub((commands) => {
    for (const command of commands) if (command.type === "signOut") sessions.push(command.session);
  });
  return { link, sessions };
}

function signOut(gateId: number, serial: number): Command {
  return { type: "signOut", session: sessionKey(gateId, serial) };
}

function message(roomId: number, offset: number): RoomEvent {
  const told = { timeMs: 1, sender: "Ann", text: `message ${offset}` };
  const entry = { kind: "text", target: 0, replyTo: 0 } as const;
  return { type: "message", roomId, offset, ...told, ...entry, publisher: 0, requestId: 0 };
}

function rules(lockdown: 1 | 2): ServerEvent {
  return { type: "serverRules", lockdown, addressBans: [] };
}

function published(gateId: number, offset: number): SessionEvent {
  const answer = { session: sessionKey(gateId, 1), requestId: 1 };
  return { type: "published", ...answer, request: "publish", offset, timeMs: 1 };
}

function offsetsOf(events: readonly GateEvent[]): number[] {
  return events.flatMap((event) => (event.type === "message" ? [event.offset] : []));
}
