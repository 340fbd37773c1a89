import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveGateSettings } from "../chat/gate/gate-settings.ts";
import { loadConfig } from "./config.ts";
import { serverOptions } from "./server-options.ts";

function optionsOf(...settings: (readonly [key: string, value: string])[]) {
  const flags = settings.map(([key, value]) => ({ flag: "--set", key, value }));
  return serverOptions(loadConfig({ env: {}, flags }).config);
}

describe("serverOptions", () => {
  it("makes a gate that starts of the defaults", () => {
    const { limits, timeouts, rates, login } = optionsOf();
    assert.ok(limits && timeouts && rates && login);
    const settings = resolveGateSettings({ limits, timeouts, rates, login });
    assert.equal(settings.limits.packetBytes, 16_384);
    assert.equal(settings.limits.textBytes, 4000);
    assert.equal(settings.timeouts.pingMs, 25_000);
    assert.equal(settings.login.guests, false);
  });

  it("brings every setting where it belongs", () => {
    const options = optionsOf(
      ["packets.address", "[::1]:7777"],
      ["data.directory", "elsewhere"],
      ["engine.arenaLimit", "64MiB"],
      ["limits.packet", "8KiB"],
      ["limits.acceptRatePerAddress", "7"],
      ["limits.memoryRoomTail", "0"],
      ["timeouts.shutdown", "3s"],
      ["rates.packetsBurst", "9"],
      ["login.duplicates", "replace"],
      ["lobby.kind", "memory"],
      ["notices.maxMembers", "0"],
    );
    assert.deepEqual(options.packets.address, { family: 6, host: "::1", port: 7777 });
    assert.equal(options.data?.directory, "elsewhere");
    assert.equal(options.engine?.arenaLimitBytes, 64 * 1024 * 1024);
    assert.equal(options.limits?.packetBytes, 8192);
    assert.equal(options.limits?.acceptsPerSecondPerAddress, 7);
    assert.equal(options.limits?.memoryRoomTail, 1);
    assert.equal(options.timeouts?.shutdownMs, 3000);
    assert.equal(options.rates?.packetsBurst, 9);
    assert.equal(options.login?.duplicates, "replace");
    assert.equal(options.lobby?.kind, "memory");
    assert.equal(options.notices?.maxMembers, 0);
  });
});
