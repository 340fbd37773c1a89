import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FakeObservedServer } from "../../test/support/observed-server.ts";
import { parseMetrics } from "../../test/support/metrics-text.ts";
import { configKeys } from "../cli/config-schema.ts";
import { DurationHistogram } from "../base/duration-histogram.ts";
import { type AdminRoute, adminRoutes } from "./api/route-table.ts";
import { Metrics } from "./metrics.ts";

const document = readFileSync(new URL("../../docs/ADMIN.md", import.meta.url), "utf8");

/** What stands in backticks. */
const named = new Set([...document.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ""));

describe("docs/ADMIN.md", () => {
  it("has every route, and no other", () => {
    const routes = Object.values<AdminRoute>(adminRoutes).map(({ method, path }) => `${method} ${path}`);
    for (const route of routes) assert.ok(named.has(route), route);
    for (const name of named) {
      if (/^(GET|POST) \//.test(name)) assert.ok(routes.includes(name), name);
    }
  });

  it("has every key of administration, metrics and the log, with its default", () => {
    for (const { path, section, defaultText } of configKeys) {
      if (!["admin", "metrics", "log"].includes(section)) continue;
      const row = document.split("\n").find((line) => line.startsWith(`| \`${path}\` |`));
      assert.ok(row, path);
      const shown = String(defaultText).replace(/(?<=\d)(?=[KMG]iB)/, " ");
      assert.ok(defaultText === "" || row.includes(shown), `${path}: ${shown}`);
    }
  });

  it("has every metric of the server's own, and no other", async () => {
    const server = new FakeObservedServer();
    const metrics = new Metrics({
      server: () => server,
      loopDelay: () => new DurationHistogram(),
      isReady: () => true,
      log: () => ({ queuedBytes: 0, lostLineCount: 0 }),
      http: () => undefined,
      connectionLimit: 1,
      version: "1.2.3",
    });
    const own = [...parseMetrics(await metrics.text()).keys()].filter((name) => name.startsWith("portico_"));
    for (const name of own) assert.ok(named.has(name), name);
    for (const name of named) {
      if (/^portico_[a-z_]+$/.test(name)) assert.ok(own.includes(name), name);
    }
  });
});
