import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FakeStore } from "../../../test/support/fake-store.ts";
import { signIn, user } from "../../../test/support/hub-world.ts";
import { ManualClock } from "../../base/clock.ts";
import { InProcessBus } from "../bus/in-process-bus.ts";
import type { GateEvent, GateLink } from "../bus/bus.ts";
import { sessionKey } from "../names.ts";
import {
  StoreError,
  type Appended,
  type NewMessage,
  type Store,
  type StoreRequestName,
  type StoreRequests,
} from "../store/store.ts";
import { HubService, type HubServiceOptions, type ServiceTimer } from "./hub-service.ts";

const [ann, bob] = [sessionKey(1, 1), sessionKey(1, 2)];

/** Appends stay open until the test answers them; everything else is answered by a fake store. */
class HeldStore implements Store {
  readonly appends: { readonly messages: readonly NewMessage[]; readonly end: (error?: Error) => void }[] =
    [];
  readonly asked: StoreRequestName[] = [];
  readonly fake = new FakeStore();
  failure: Error | undefined;
  #lastOffset = 0;

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    const results = messages.map(({ timeMs }) => {
      this.#lastOffset += 1;
      return { offset: this.#lastOffset, timeMs, duplicate: false };
    });
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => (error === undefined ? resolve(results) : reject(error));
      this.appends.push({ messages, end });
    });
  }

  async ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): Promise<StoreRequests[Name]["result"]> {
    this.asked.push(name);
    if (this.failure !== undefined) throw this.failure;
    return this.fake.ask(name, request);
  }

  async backup(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Timers that expire when the test says. */
class HandTimers {
  readonly waiting: { readonly delayMs: number; readonly onExpired: () => void }[] = [];

  readonly start = (delayMs: number, onExpired: () => void): ServiceTimer => {
    const timer = { delayMs, onExpired };
    this.waiting.push(timer);
    return {
      cancel: () => {
        const index = this.waiting.indexOf(timer);
        if (index >= 0) this.waiting.splice(index, 1);
      },
    };
  };

  expire(): void {
    for (const { onExpired } of this.waiting.splice(0)) onExpired();
  }
}

interface Served {
  readonly service: HubService;
  readonly store: HeldStore;
  readonly clock: ManualClock;
  readonly timers: HandTimers;
  readonly gate: GateLink;
  readonly batches: (readonly GateEvent[])[];
  readonly logged: string[];
}

/** A service on a bus whose turn ends with each turn of the runtime's loop, and one gate. */
async function serve(options: Partial<HubServiceOptions> = {}): Promise<Served> {
  const store = new HeldStore();
  const clock = new ManualClock();
  const bus = new InProcessBus((task) => void setImmediate(task));
  const logged: string[] = [];
  const batches: (readonly GateEvent[])[] = [];
  const log = {
    warn: (fields: Record<string, unknown>) => void logged.push(`warn ${String(fields["code"])}`),
    error: (fields: Record<string, unknown>) => void logged.push(`error ${String(fields["code"])}`),
  };
  const hub = { bootEpoch: "boot", normalizeName: (name: string) => name.toLowerCase() };
  const timers = new HandTimers();
  const startTimer = timers.start;
  const service = new HubService({ hub, bus, store, clock, log, startTimer, ...options });
  await service.start();
  const gate = bus.attachGate(1, (events) => void batches.push(events));
  for (const [session, id, name] of [
    [ann, 1, "Ann"],
    [bob, 2, "Bob"],
  ] as const) {
    gate.send(signIn(session, user(id, name)));
  }
  await nextTurn();
  await nextTurn();
  batches.length = 0;
  store.asked.length = 0;
  return { service, store, clock, timers, gate, batches, logged };
}

function publish(gate: GateLink, ...texts: string[]): void {
  for (const text of texts) {
    const message = { roomId: 1, clientMessageId: text, text, replyTo: 0 };
    gate.send({ type: "publish", session: ann, requestId: 2, ...message });
  }
}

/** Offsets of the message events in each batch. */
function offsets(batches: readonly (readonly GateEvent[])[]): number[][] {
  return batches.map((batch) => batch.flatMap((event) => (event.type === "message" ? [event.offset] : [])));
}

describe("the hub service", () => {
  it("appends a turn's messages in one call and publishes its answers in one batch", async () => {
    const { store, gate, batches, service } = await serve();
    publish(gate, "1", "2", "3");
    await nextTurn();
    assert.deepEqual(
      store.appends.map(({ messages }) => messages.map((message) => message.text)),
      [["1", "2", "3"]],
    );
    assert.equal(service.counters.pendingAppends, 3);
    store.appends[0]?.end();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(offsets(batches), [[1, 2, 3]]);
    assert.equal(service.counters.pendingAppends, 0);
    assert.equal(service.counters.publishedCount, 3);
  });

  it("gathers messages while calls are under way, within the batch limit", async () => {
    const { store, gate } = await serve({ appendsInFlight: 1, appendBatchLimit: 2 });
    publish(gate, "1");
    await nextTurn();
    for (const text of ["2", "3", "4"]) {
      publish(gate, text);
      await nextTurn();
    }
    assert.equal(store.appends.length, 1);
    store.appends[0]?.end();
    await nextTurn();
    store.appends[1]?.end();
    await nextTurn();
    assert.deepEqual(
      store.appends.map(({ messages }) => messages.length),
      [1, 2, 1],
    );
  });

  it("publishes in the order of the calls, whichever the store answers first", async () => {
    const { store, gate, batches } = await serve();
    publish(gate, "1");
    await nextTurn();
    publish(gate, "2");
    await nextTurn();
    store.appends[1]?.end();
    await nextTurn();
    assert.deepEqual(batches, []);
    store.appends[0]?.end();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(offsets(batches), [[1, 2]]);
  });

  it("logs a kind of failure once in its interval, and tells busy from broken", async () => {
    const { store, gate, batches, logged, clock, service } = await serve();
    const failAfter = async (code: "STORE_BUSY" | "WRITE_FAILED"): Promise<void> => {
      publish(gate, `message ${store.appends.length}`);
      await nextTurn();
      store.appends.at(-1)?.end(new StoreError(code, "no"));
      await nextTurn();
      await nextTurn();
    };
    await failAfter("STORE_BUSY");
    await failAfter("WRITE_FAILED");
    await failAfter("WRITE_FAILED");
    clock.advance(10_000);
    await failAfter("WRITE_FAILED");
    assert.deepEqual(logged, ["warn STORE_BUSY", "error WRITE_FAILED", "error WRITE_FAILED"]);
    assert.equal(service.counters.storeFailureCount, 4);
    const codes = batches.flat().map((event) => (event.type === "refused" ? event.refusal.code : event.type));
    assert.deepEqual(codes, ["BUSY", "SERVER_ERROR", "SERVER_ERROR", "SERVER_ERROR"]);
  });

  it("asks the store, and passes its answers and its failures on", async () => {
    const { gate, batches, store, logged } = await serve();
    const whisper = { to: "di", clientMessageId: "w", text: "w", replyTo: 0 };
    gate.send({ type: "whisper", session: ann, requestId: 3, ...whisper });
    await nextTurn();
    await nextTurn();
    store.failure = new StoreError("STORE_BUSY", "no");
    gate.send({ type: "whisper", session: ann, requestId: 4, ...whisper });
    await nextTurn();
    await nextTurn();
    store.failure = new StoreError("UNKNOWN_OUTCOME", "no");
    gate.send({ type: "whisper", session: ann, requestId: 5, ...whisper });
    await nextTurn();
    await nextTurn();
    assert.deepEqual(store.asked, ["findAccount", "findAccount", "findAccount"]);
    assert.deepEqual(
      batches
        .flat()
        .map((event) => (event.type === "refused" ? [event.requestId, event.refusal.code] : event.type)),
      [
        [3, "USER_NOT_FOUND"],
        [4, "BUSY"],
        [5, "SERVER_ERROR"],
      ],
    );
    assert.deepEqual(logged, ["warn STORE_BUSY", "error UNKNOWN_OUTCOME"]);
  });

  it("tells the hub about once a second that time goes on, until it stops", async () => {
    const { timers, clock, store, service } = await serve({ tickIntervalMs: 500 });
    assert.deepEqual(
      timers.waiting.map(({ delayMs }) => delayMs),
      [500],
    );
    timers.expire();
    clock.advance(10_000);
    timers.expire();
    await nextTurn();
    assert.deepEqual(store.asked, ["maintain"]);
    assert.equal(timers.waiting.length, 1);
    await service.stop();
    assert.equal(timers.waiting.length, 0);
  });

  it("broadcasts what the hub says to every gate", async () => {
    const { gate, batches } = await serve();
    gate.send({ type: "gateReset", gateId: 1 });
    await nextTurn();
    assert.deepEqual(
      batches.flat().filter((event) => event.type === "serverRules"),
      [{ type: "serverRules", lockdown: 0, addressBans: [] }],
    );
  });

  it("stops when the store has answered, refusing what comes meanwhile", async () => {
    const { store, gate, batches, service } = await serve();
    publish(gate, "1");
    await nextTurn();
    let hasStopped = false;
    const stopping = service.stop().then(() => (hasStopped = true));
    publish(gate, "2");
    await nextTurn();
    await nextTurn();
    assert.equal(hasStopped, false);
    store.appends[0]?.end();
    await stopping;
    await nextTurn();
    assert.deepEqual(
      batches.flat().map((event) => event.type),
      ["refused", "message"],
    );
    await service.stop();
  });

  it("does not start without its lobby", async () => {
    const store = new HeldStore();
    store.failure = new StoreError("STORE_UNUSABLE", "the disk is gone");
    const bus = new InProcessBus((task) => void setImmediate(task));
    const logged: string[] = [];
    const log = { warn: () => {}, error: (_: unknown, message: string) => void logged.push(message) };
    const hub = { bootEpoch: "boot", normalizeName: (name: string) => name };
    const timers = new HandTimers();
    const rest = { clock: new ManualClock(), log, startTimer: timers.start };
    const service = new HubService({ hub, bus, store, ...rest });
    await assert.rejects(service.start(), (error) => error instanceof StoreError);
    assert.ok(logged.length > 0 && logged.every((message) => message === "the store failed"));
    assert.equal(timers.waiting.length, 0);
    bus.attachHub(() => {});
  });
});
