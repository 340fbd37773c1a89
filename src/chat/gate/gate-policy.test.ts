import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gatePolicy, nextSettings } from "./gate-policy.ts";
import { GateSettingsError, resolveGateSettings } from "./gate-settings.ts";

describe("nextSettings", () => {
  it("takes what can be changed, and says what needs a restart", () => {
    const current = resolveGateSettings({
      limits: { textBytes: 1000 },
      rates: { packetsPerSecond: 5 },
      login: { tokensPerUser: 3 },
    });
    const { settings, needRestart } = nextSettings(current, {
      limits: { textBytes: 2000, packetBytes: 32_768, connections: 5 },
      timeouts: { pingMs: 1000, handshakeMs: 1 },
      login: { guests: true },
      filter: { words: ["darn"] },
    });
    assert.deepEqual(needRestart, ["limits.packetBytes", "limits.connections", "timeouts.handshakeMs"]);
    assert.equal(settings.limits.textBytes, 2000);
    assert.equal(settings.limits.packetBytes, current.limits.packetBytes);
    assert.equal(settings.limits.connections, current.limits.connections);
    assert.equal(settings.timeouts.pingMs, 1000);
    assert.equal(settings.timeouts.handshakeMs, current.timeouts.handshakeMs);
    assert.equal(settings.rates.packetsPerSecond, 5, "a group that is left out stays");
    assert.equal(settings.timeouts.pongMs, 8000);
    assert.equal(settings.login.guests, true);
    assert.equal(settings.login.tokensPerUser, 16, "what is left out of a group has its default");
    assert.deepEqual(settings.filter.words, ["darn"]);
  });

  it("refuses what cannot be, also together with what stays", () => {
    const current = resolveGateSettings();
    assert.throws(() => nextSettings(current, { timeouts: { pongMs: -1 } }), GateSettingsError);
    const large = { limits: { textBytes: 20_000, packetBytes: 32_768 } };
    assert.throws(() => nextSettings(current, large), GateSettingsError, "the packet limit stays");
  });
});

describe("gatePolicy", () => {
  it("is nothing where nothing is limited", () => {
    const rates = { packetsPerSecond: 0, fanOutBytesPerSecondPerUser: 0, fanOutBytesPerSecondPerAddress: 0 };
    const policy = gatePolicy(resolveGateSettings({ rates }), undefined);
    assert.equal(policy.packetLimits, undefined);
    assert.equal(policy.fanOutRate, undefined);
    assert.equal(policy.messageFilter, undefined);
  });

  it("a filter of one's own goes before the words", () => {
    const own = () => ({ action: "allow" }) as const;
    const settings = resolveGateSettings({ filter: { words: ["darn"] } });
    assert.equal(gatePolicy(settings, own).messageFilter, own);
    assert.notEqual(gatePolicy(settings, undefined).messageFilter, undefined);
  });
});

describe("gate settings", () => {
  it("that cannot be are refused", () => {
    for (const input of [
      { limits: { packetBytes: 1000, textBytes: 100 } },
      { limits: { packetBytes: 4000, textBytes: 4000 } },
      { login: { tokensPerUser: 0 } },
      { login: { tokensPerUser: 65 } },
      { rates: { fanOutBytesPerSecondPerUser: Number.NaN } },
    ]) {
      assert.throws(() => resolveGateSettings(input), GateSettingsError);
    }
  });
});
