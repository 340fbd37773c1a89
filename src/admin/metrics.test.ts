import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeObservedServer } from "../../test/support/observed-server.ts";
import { metricValue, parseMetrics } from "../../test/support/metrics-text.ts";
import { DurationHistogram } from "../base/duration-histogram.ts";
import { Metrics, type MetricsSource } from "./metrics.ts";

function metricsOf(server: FakeObservedServer | undefined, source: Partial<MetricsSource> = {}): Metrics {
  const loopDelay = new DurationHistogram();
  return new Metrics({
    server: () => server,
    loopDelay: () => loopDelay,
    isReady: () => server !== undefined,
    log: () => ({ queuedBytes: 0, lostLineCount: 0 }),
    http: () =>
      server && {
        connectionCount: 4,
        limits: { connections: 64 },
        counters: { badRequests: 2, upgrades: 7 },
        service: { counters: server.httpService },
      },
    connectionLimit: 1000,
    version: "1.2.3",
    ...source,
  });
}

describe("Metrics", () => {
  it("says in Prometheus' text format what the counters say", async () => {
    const server = new FakeObservedServer();
    const metrics = metricsOf(server);
    server.totals = { tcp: 5, websocket: 7, queuedBytes: 1234, slow: 2 };
    server.hub.publishedCount = 10;
    server.gate.disconnects.SLOW_READER = 3;
    server.service.refused.SERVER_FULL = 6;
    server.service.tlsErrors.UNTRUSTED = 1; // a client's, which no listener has
    server.httpService.tlsErrors.NOT_TLS = 4;
    server.httpService.tlsHandshakes = 11;
    server.httpService.tlsHandshakesUnderWay = 2;
    server.histograms.commitSeconds.observe(0.004);
    server.histograms.commitSeconds.observe(99);
    const families = parseMetrics(await metrics.text());
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
    const value = (name: string, labels = {}): number => metricValue(families, name, labels);
    assert.equal(value("portico_sessions", { transport: "websocket" }), 7);
    assert.equal(value("portico_send_queue_bytes"), 1234);
    assert.equal(value("portico_messages_published_total"), 10);
    assert.equal(value("portico_disconnects_total", { code: "SLOW_READER" }), 3);
    assert.equal(value("portico_disconnects_total", { code: "KICKED" }), 0);
    assert.equal(value("portico_http_connections"), 4);
    assert.equal(
      value("portico_connections_refused_total", { listener: "packets", reason: "server_full" }),
      6,
    );
    assert.equal(value("portico_connections_refused_total", { listener: "http", reason: "server_full" }), 0);
    assert.equal(value("portico_tls_errors_total", { listener: "http", reason: "not_tls" }), 4);
    assert.equal(value("portico_tls_errors_total", { listener: "packets", reason: "not_tls" }), 0);
    assert.equal(value("portico_tls_handshakes_total", { listener: "http" }), 11);
    assert.equal(value("portico_tls_handshakes_total", { listener: "packets" }), 0);
    assert.equal(value("portico_tls_handshakes_under_way", { listener: "http" }), 2);
    assert.equal(value("portico_build_info", { version: "1.2.3", backend: "simulated" }), 1);
    assert.equal(value("portico_publish_commit_seconds_bucket", { le: "0.0025" }), 0);
    assert.equal(value("portico_publish_commit_seconds_bucket", { le: "0.005" }), 1);
    assert.equal(value("portico_publish_commit_seconds_bucket", { le: "+Inf" }), 2);
    assert.equal(value("portico_publish_commit_seconds_count"), 2);
    assert.equal(value("portico_publish_commit_seconds_sum"), 99.004);
    assert.ok(value("process_resident_memory_bytes") > 0);
  });

  it("names everything by the conventions, with help", async () => {
    const metrics = metricsOf(new FakeObservedServer());
    metrics.countRequest("/livez", 200);
    const families = [...parseMetrics(await metrics.text()).values()];
    const own = families.filter(({ name }) => name.startsWith("portico_"));
    assert.ok(own.length > 30);
    for (const { name, help, type, samples } of own) {
      assert.match(name, /^[a-z]+(_[a-z]+)*$/, name);
      assert.match(help, /^[A-Z1].*\.$/, `${name} has a sentence`);
      assert.ok(samples.length > 0, `${name} has a value`);
      assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
      if (type === "histogram") assert.ok(name.endsWith("_seconds"), name);
      assert.ok(!/_(ms|milliseconds|kb|mb|minutes)\b/.test(name), `${name}: base units`);
    }
  });

  it("tells of the process only while the chat server starts", async () => {
    const families = parseMetrics(await metricsOf(undefined).text());
    assert.equal(metricValue(families, "portico_ready"), 0);
    assert.equal(families.get("portico_sessions")?.samples.length, 0);
    assert.ok(families.has("process_cpu_seconds_total"));
  });

  it("counts HTTP requests by route and status", async () => {
    const metrics = metricsOf(undefined);
    for (const [route, status] of [
      ["/api/admin/rooms/:name", 404],
      ["/livez", 200],
      ["/livez", 200],
    ] as const) {
      metrics.countRequest(route, status);
    }
    const families = parseMetrics(await metrics.text());
    const requests = "portico_http_requests_total";
    assert.equal(metricValue(families, requests, { route: "/livez", status: "200" }), 2);
    assert.equal(metricValue(families, requests, { route: "/api/admin/rooms/:name", status: "404" }), 1);
  });

  it("keeps what is odd in a label readable", async () => {
    const metrics = metricsOf(undefined, { version: 'a"b\\c\nd' });
    const families = parseMetrics(await metrics.text());
    assert.equal(families.get("portico_build_info")?.samples[0]?.labels.version, 'a\\"b\\\\c\\nd');
  });
});
