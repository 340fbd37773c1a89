import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { PacketType } from "../../src/protocol/codes.ts";
import type { MemoryStoreFailure } from "../../src/chat/store/memory-store.ts";
import { documentedCodes } from "./documented-codes.ts";
import { FuzzWorld } from "./fuzz-world.ts";
import { hostilePacket, type HostilePacket } from "./hostile-request.ts";

/**
 * Any packets, in any order, from anybody, in any state, to a whole server. Each run prints its seed;
 * `PORTICO_SEED=… PORTICO_FUZZ_SECONDS=… node --test test/fuzz/any-packets.test.ts` repeats or extends it.
 */
const seed = Number(process.env["PORTICO_SEED"] ?? 20_261_121);
const seconds = Number(process.env["PORTICO_FUZZ_SECONDS"] ?? 6);

type Step = { readonly who: number } & (
  | { readonly packet: HostilePacket; readonly isZero: boolean }
  | { readonly bytes: Uint8Array }
  | { readonly pauseMs: number }
  | { readonly failure: MemoryStoreFailure }
);

const who = fc.nat(4);
const packetStep = fc.record({
  who,
  packet: hostilePacket(),
  isZero: fc.integer({ min: 0, max: 40 }).map((dice) => dice === 40),
});
/** A packet of a known type with any body. */
const bytesStep = fc.record({
  who,
  bytes: fc
    .tuple(
      fc.constantFrom(...Object.values(PacketType).filter(Number.isInteger)),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([type, body]) => packetOf(Number(type), body)),
});
/** Everything is answered, and time goes on: for what ends by itself, or is done in the background. */
const pauseStep = fc.record({ who, pauseMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 60, 1500, 15_000) });
const failureStep = fc.record({
  who,
  failure: fc.constantFrom<MemoryStoreFailure[]>("writeFails", "diesBeforeCommit", "diesAfterCommit"),
});

function packetOf(type: number, body: Uint8Array): Uint8Array {
  const size = body.length + 4;
  return Uint8Array.of(size & 0xff, size >>> 8, type & 0xff, type >>> 8, ...body);
}

const calm = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 30, arbitrary: packetStep },
  { weight: 1, arbitrary: bytesStep },
  { weight: 6, arbitrary: pauseStep },
);
const failing = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 12, arbitrary: calm },
  { weight: 1, arbitrary: failureStep },
);

async function play(steps: readonly Step[], networkSeed: number): Promise<void> {
  const world = new FuzzWorld(networkSeed);
  await world.open();
  for (const step of steps) {
    const client = world.cast[step.who];
    assert.ok(client !== undefined);
    if ("packet" in step) await world.say(client, step.packet, step.isZero);
    else if ("bytes" in step) await world.sayBytes(client, step.bytes);
    else if ("failure" in step) world.failStore(step.failure);
    else await world.pass(step.pauseMs);
    assert.deepEqual(world.breaches, []);
  }
  await world.settle();
  await world.close();
  assert.deepEqual(world.breaches, []);
}

function playAll(test: { diagnostic(message: string): void }, step: fc.Arbitrary<Step>): Promise<void> {
  let runs = 0;
  let stepCount = 0;
  const steps = fc.array(step, { minLength: 1, maxLength: 120, size: "max" });
  const property = fc.asyncProperty(steps, fc.nat(), async (list, networkSeed) => {
    runs++;
    stepCount += list.length;
    await play(list, networkSeed);
  });
  return fc
    .assert(property, {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    })
    .then(() => test.diagnostic(`${runs} runs, ${stepCount} steps`));
}

describe(`fuzz: any packets in any state, PORTICO_SEED=${seed}`, () => {
  it("the page says for every response which codes it may have", () => {
    const codes = documentedCodes();
    const responses = Object.keys(PacketType).filter((name) => name.endsWith("_RESPONSE"));
    assert.equal(codes.size, responses.length);
    assert.ok(codes.get("PublishResponse")?.has("ROOM_ARCHIVED"));
  });

  it("every request gets one answer, and one that is documented; nothing leaks, nothing is left", (test) =>
    playAll(test, calm));

  it("the same when the store fails now and then", (test) => playAll(test, failing));
});
