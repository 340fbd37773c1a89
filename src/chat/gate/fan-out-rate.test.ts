import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FanOutPayer, FanOutRate, NOTICE_OVERHEAD_BYTES } from "./fan-out-rate.ts";
import { defaultGateSettings } from "./gate-settings.ts";

function rate(perUser: number, perAddress: number): FanOutRate {
  const made = FanOutRate.of({
    ...defaultGateSettings.rates,
    fanOutBytesPerSecondPerUser: perUser,
    fanOutBytesPerSecondPerAddress: perAddress,
  });
  assert.ok(made !== undefined);
  return made;
}

function payer(userId: number, address = "192.0.2.1"): FanOutPayer {
  return { userId, address, fanOutAccount: undefined };
}

/** With its overhead 100 bytes. */
const TEXT_BYTES = 100 - NOTICE_OVERHEAD_BYTES;

describe("FanOutRate", () => {
  it("charges members × bytes, four seconds' worth at once, and says how long to wait", () => {
    const fanOut = rate(1000, 0);
    const mina = payer(1);
    assert.equal(fanOut.take(mina, 40, TEXT_BYTES, 0), 0, "4,000 bytes: the burst");
    assert.equal(fanOut.take(mina, 1, TEXT_BYTES, 0), 100);
    assert.equal(fanOut.take(mina, 5, TEXT_BYTES, 0), 500, "a refusal costs nothing");
    assert.equal(fanOut.take(mina, 5, TEXT_BYTES, 500), 0);
    assert.equal(fanOut.take(mina, 0, TEXT_BYTES, 500), 0, "nobody to tell: no work");
  });

  it("is one for all sessions of a user", () => {
    const fanOut = rate(1000, 0);
    assert.equal(fanOut.take(payer(1), 40, TEXT_BYTES, 0), 0);
    assert.equal(fanOut.take(payer(1, "198.51.100.1"), 1, TEXT_BYTES, 0), 100);
    assert.equal(fanOut.take(payer(2), 1, TEXT_BYTES, 0), 0);
  });

  it("is one for all users of an address, and what the address refuses does not cost the user", () => {
    const fanOut = rate(1000, 1000);
    assert.equal(fanOut.take(payer(1), 40, TEXT_BYTES, 0), 0);
    const joon = payer(2);
    assert.equal(fanOut.take(joon, 40, TEXT_BYTES, 0), 4000);
    joon.fanOutAccount = undefined;
    assert.equal(fanOut.take({ ...joon, address: "198.51.100.1" }, 40, TEXT_BYTES, 0), 0);
  });

  it("lets through what costs more than a full bucket when the bucket is full", () => {
    const fanOut = rate(1000, 0);
    const mina = payer(1);
    assert.equal(fanOut.take(mina, 1_000_000, TEXT_BYTES, 0), 0);
    assert.equal(fanOut.take(mina, 1_000_000, TEXT_BYTES, 0), 4000);
    assert.equal(fanOut.take(mina, 1_000_000, TEXT_BYTES, 4000), 0);
  });

  it("a session goes over to new limits", () => {
    const mina = payer(1);
    assert.equal(rate(1000, 0).take(mina, 40, TEXT_BYTES, 0), 0);
    assert.equal(rate(10_000, 0).take(mina, 40, TEXT_BYTES, 0), 0);
  });

  it("is off at 0", () => {
    const off = { fanOutBytesPerSecondPerUser: 0, fanOutBytesPerSecondPerAddress: 0 };
    assert.equal(FanOutRate.of({ ...defaultGateSettings.rates, ...off }), undefined);
  });
});
