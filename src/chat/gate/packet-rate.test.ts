import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultGateSettings } from "./gate-settings.ts";
import { FLOOD, packetLimits, PacketRate } from "./packet-rate.ts";

const rates = { ...defaultGateSettings.rates, packetsPerSecond: 10, packetsBurst: 20 };

function rate(): { take(nowMs: number): number } {
  const limits = packetLimits(rates);
  assert.ok(limits !== undefined);
  const packets = new PacketRate();
  return { take: (nowMs) => packets.take(limits, nowMs) };
}

describe("PacketRate", () => {
  it("lets a burst through, then refuses with the time to wait", () => {
    const packets = rate();
    for (let count = 0; count < 20; count++) assert.equal(packets.take(0), 0);
    const waitMs = packets.take(0);
    assert.ok(waitMs > 0 && waitMs <= 100);
    assert.equal(packets.take(waitMs), 0);
  });

  it("calls it a flood when a session goes on although told to wait", () => {
    const packets = rate();
    const answers = Array.from({ length: 41 }, () => packets.take(0));
    assert.ok(answers.slice(20, 40).every((answer) => answer > 0));
    assert.equal(answers[40], FLOOD);
  });

  it("forgives a client that overshoots a little for a long time", () => {
    const packets = rate();
    for (let nowMs = 0; nowMs < 100_000; nowMs += 80) assert.notEqual(packets.take(nowMs), FLOOD);
  });

  it("does not forgive one that sends three times as fast for ever", () => {
    const packets = rate();
    let isFlood = false;
    for (let nowMs = 0; nowMs < 20_000 && !isFlood; nowMs += 33) isFlood = packets.take(nowMs) === FLOOD;
    assert.ok(isFlood);
  });

  it("goes by other limits as soon as they are given", () => {
    const [few, many] = [packetLimits({ ...rates, packetsBurst: 1 }), packetLimits(rates)];
    assert.ok(few !== undefined && many !== undefined);
    const packets = new PacketRate();
    assert.equal(packets.take(few, 0), 0);
    assert.equal(packets.take(few, 0), 100);
    assert.equal(packets.take(many, 0), 0);
  });

  it("is off at 0", () => {
    assert.equal(packetLimits({ ...rates, packetsPerSecond: 0 }), undefined);
  });
});
