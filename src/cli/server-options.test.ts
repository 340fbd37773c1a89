import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatCidr } from "../base/cidr.ts";
import { resolveGateSettings } from "../chat/gate/gate-settings.ts";
import { loadConfig } from "./config.ts";
import { httpOptions, serverOptions } from "./server-options.ts";

function optionsOf(...settings: (readonly [key: string, value: string])[]) {
  const flags = settings.map(([key, value]) => ({ flag: "--set", key, value }));
  return serverOptions(loadConfig({ env: {}, flags }).config);
}

describe("serverOptions", () => {
  it("makes a gate that starts of the defaults", async () => {
    const { limits, timeouts, rates, login } = await optionsOf();
    assert.ok(limits && timeouts && rates && login);
    const settings = resolveGateSettings({ limits, timeouts, rates, login });
    assert.equal(settings.limits.packetBytes, 16_384);
    assert.equal(settings.limits.textBytes, 4000);
    assert.equal(settings.timeouts.pingMs, 25_000);
    assert.equal(settings.login.guests, false);
  });

  it("brings every setting where it belongs", async () => {
    const options = await optionsOf(
      ["packets.address", "[::1]:7777"],
      ["data.directory", "elsewhere"],
      ["data.maintenance", "2s"],
      ["engine.arenaLimit", "64MiB"],
      ["limits.packet", "8KiB"],
      ["limits.acceptRatePerAddress", "7"],
      ["limits.memoryRoomTail", "0"],
      ["timeouts.shutdown", "3s"],
      ["rates.packetsBurst", "9"],
      ["login.duplicates", "replace"],
      ["rates.fanOutPerUser", "1MiB"],
      ["login.tokenLifetime", "7d"],
      ["limits.roomsOwnedPerUser", "3"],
      ["jwt.secret", "a secret of thirty-two bytes, no less"],
      ["jwt.issuer", "https://game.example"],
      ["jwt.audience", "chat"],
      ["whispers.offline", "reject"],
      ["lobby.kind", "memory"],
      ["notices.maxMembers", "0"],
    );
    assert.deepEqual(options.packets.address, { family: 6, host: "::1", port: 7777 });
    assert.deepEqual(options.data, { directory: "elsewhere", maintenanceMs: 2000 });
    assert.equal(options.engine?.arenaLimitBytes, 64 * 1024 * 1024);
    assert.equal(options.limits?.packetBytes, 8192);
    assert.equal(options.limits?.acceptsPerSecondPerAddress, 7);
    assert.equal(options.limits?.memoryRoomTail, 1);
    assert.equal(options.timeouts?.shutdownMs, 3000);
    assert.equal(options.rates?.packetsBurst, 9);
    assert.equal(options.login?.duplicates, "replace");
    assert.equal(options.rates?.fanOutBytesPerSecondPerUser, 1024 * 1024);
    assert.equal(options.login?.tokenLifetimeMs, 7 * 86_400_000);
    assert.equal(options.limits?.roomsOwnedPerUser, 3);
    assert.equal(options.login?.jwt?.issuer, "https://game.example");
    assert.equal(options.whispers?.offline, "reject");
    assert.equal(options.lobby?.kind, "memory");
    assert.equal(options.notices?.maxMembers, 0);
  });

  it("brings HTTP's settings to its service, with slots of its own", () => {
    const flags = Object.entries({
      "limits.connections": "1000000",
      "limits.connectionsPerAddress": "0",
      "http.connections": "16384",
      "http.trustedProxies": "10.0.0.0/8, 2001:db8::1",
      "http.proxyProtocol": "true",
      "http.headers": "8KiB",
      "http.keepAlive": "3s",
    }).map(([key, value]) => ({ flag: "--set", key, value }));
    const { config } = loadConfig({ env: {}, flags });
    const { firstSlot = 0, limits, trustedProxies = [], proxyProtocol } = httpOptions(config);
    assert.equal(firstSlot, 1_000_000);
    assert.ok(limits.upgradedConnections > 0);
    assert.ok(firstSlot + limits.connections + limits.upgradedConnections <= 2 ** 20);
    assert.deepEqual(trustedProxies.map(formatCidr), ["10.0.0.0/8", "2001:db8::1/128"]);
    assert.equal(proxyProtocol, true);
    assert.deepEqual([limits.headerBytes, limits.keepAliveTimeoutMs], [8192, 3000]);
    assert.equal(limits.connectionsPerAddress, Number.POSITIVE_INFINITY);
  });

  it("believes PROXY headers on the packets' port of trusted proxies alone, where that is set", async () => {
    const proxies = ["http.trustedProxies", "10.0.0.0/8"] as const;
    assert.equal((await optionsOf(proxies)).packets.proxyHeader, undefined);
    const { packets, websocket } = await optionsOf(
      proxies,
      ["packets.proxyProtocol", "true"],
      ["http.origins", "https://chat.example.org, https://other.example"],
    );
    assert.equal(packets.proxyHeader?.("10.1.2.3"), true);
    assert.equal(packets.proxyHeader("192.0.2.1"), false);
    assert.deepEqual(websocket?.origins, ["https://chat.example.org", "https://other.example"]);
  });

  it("refuses ranges and origins that are none", async () => {
    for (const [key, value] of [
      ["http.trustedProxies", "10.0.0.0/33"],
      ["http.trustedProxies", "proxy.example.org"],
      ["http.origins", "chat.example.org"],
      ["http.origins", "https://chat.example.org/path"],
    ] as const) {
      await assert.rejects(async () => optionsOf([key, value]), { name: "ConfigError" }, value);
    }
  });

  it("reads the files that settings name, and says which cannot be read", async () => {
    const directory = mkdtempSync(join(tmpdir(), "portico-options-"));
    try {
      const file = join(directory, "words");
      writeFileSync(file, "# not these\nrude\n\n");
      const { filter } = await optionsOf(["moderation.wordFile", file]);
      assert.deepEqual(filter, { words: ["rude"], action: "refuse" });
      await assert.rejects(optionsOf(["moderation.wordFile", join(directory, "none")]), {
        name: "CliError",
        exitCode: 2,
        message: /^moderation\.wordFile: .*none cannot be read/,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("refuses tokens without an issuer and an audience", async () => {
    await assert.rejects(async () => optionsOf(["jwt.secret", "x".repeat(32)]), { name: "ConfigError" });
  });
});
