import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandTimers } from "../../test/support/admin-world.ts";
import { FakeObservedServer } from "../../test/support/observed-server.ts";
import { ManualClock } from "../base/clock.ts";
import { SAMPLE_CAPACITY, SAMPLE_INTERVAL_MS } from "./sample-history.ts";
import { Statistics } from "./statistics.ts";

function setUp() {
  const clock = new ManualClock();
  const timers = new HandTimers(clock);
  const server = new FakeObservedServer();
  const statistics = new Statistics(server, {
    clock,
    startTimer: timers.start,
    memoryUsage: () => ({ rss: 100, heapUsed: 40, heapTotal: 60, external: 5 }),
  });
  statistics.start();
  return { clock, timers, server, statistics };
}

describe("Statistics", () => {
  it("gives rates over the last five seconds, and totals since the start", () => {
    const { timers, server, statistics } = setUp();
    assert.equal(statistics.rates.deliveries, 0);
    server.gate.deliveries = 500;
    server.port.receivedBytes = 50_000;
    server.gate.ended = 10;
    timers.advance(SAMPLE_INTERVAL_MS);
    assert.deepEqual(
      [statistics.rates.deliveries, statistics.rates.bytesIn, statistics.rates.disconnects],
      [100, 10_000, 2],
    );
    timers.advance(SAMPLE_INTERVAL_MS);
    assert.equal(statistics.rates.deliveries, 0);
    assert.equal(statistics.totals.deliveries, 500);
  });

  it("takes a sample that came late for what it is", () => {
    const { timers, server, statistics } = setUp();
    server.gate.deliveries = 500;
    timers.advance(SAMPLE_INTERVAL_MS + 5000, 5000);
    assert.equal(statistics.rates.deliveries, 50);
  });

  it("knows quantiles of the last minute and forgets what is older", () => {
    const { timers, server, statistics } = setUp();
    for (let each = 0; each < 99; each++) server.histograms.commitSeconds.observe(0.0009);
    server.histograms.commitSeconds.observe(0.2);
    timers.advance(SAMPLE_INTERVAL_MS);
    const { commit } = statistics.quantiles;
    assert.equal(commit.count, 100);
    assert.ok(commit.p50Ms > 0.5 && commit.p50Ms < 1, `${commit.p50Ms}`);
    assert.equal(commit.maxMs, 250);
    timers.advance(55_000);
    assert.equal(statistics.quantiles.commit.count, 100);
    timers.advance(SAMPLE_INTERVAL_MS);
    assert.deepEqual(statistics.quantiles.commit, { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it("keeps an hour and no more", () => {
    const { timers, statistics } = setUp();
    timers.advance(SAMPLE_INTERVAL_MS * (SAMPLE_CAPACITY + 100));
    const history = statistics.history(0);
    assert.equal(history.timesMs.length, SAMPLE_CAPACITY);
    const gaps = history.timesMs.slice(1).map((time, index) => time - (history.timesMs[index] ?? 0));
    assert.deepEqual([...new Set(gaps)], [SAMPLE_INTERVAL_MS]);
    assert.deepEqual(
      new Set(Object.values(history.series).map((values) => values.length)),
      new Set([SAMPLE_CAPACITY]),
    );
    assert.equal(statistics.history(history.timesMs.at(-1) ?? 0).timesMs.length, 0);
  });

  it("says how long the loop was held up, at most", () => {
    const { timers, statistics } = setUp();
    timers.advance(1000, 3);
    timers.advance(700, 600);
    timers.advance(SAMPLE_INTERVAL_MS);
    const { loopDelay } = statistics.quantiles;
    assert.equal(loopDelay.maxMs, 600);
    assert.ok(loopDelay.p99Ms > 0 && loopDelay.p50Ms <= loopDelay.p99Ms);
    timers.advance(60_000);
    assert.equal(statistics.quantiles.loopDelay.maxMs, 0);
  });

  it("leaves no timer behind", () => {
    const { timers, statistics } = setUp();
    statistics.start();
    timers.advance(SAMPLE_INTERVAL_MS * 3);
    assert.equal(timers.count, 2);
    statistics.stop();
    statistics.stop();
    assert.equal(timers.count, 0);
  });
});
