import type { History, Overview } from "../../src/admin/api/schemas.ts";

/** The end of the pictured hour: a Thursday morning, the same in each picture. */
export const EXAMPLE_NOW_MS = Date.UTC(2026, 10, 19, 2, 40, 0);
const INTERVAL_MS = 5000;
const SAMPLES = 720;

/** A server's busy hour, made up, and always the same: what a server that has just started cannot show. */
export function exampleHistory(): History {
  const random = lehmer(20_261_119);
  /** A level that swings, with some noise; `burst` at two thirds of the hour. */
  const wave = (level: number, swing: number, noise: number, burst = 0): number[] =>
    Array.from({ length: SAMPLES }, (_, index) => {
      const slow = Math.sin(index / 95) + 0.4 * Math.sin(index / 31 + 1);
      const peak = Math.exp(-(((index - 480) / 26) ** 2));
      return Math.max(0, level + swing * slow + noise * (random() - 0.5) + burst * peak);
    });
  const rounded = (values: readonly number[]): number[] => values.map(Math.round);
  return {
    intervalMs: INTERVAL_MS,
    capacity: SAMPLES,
    timesMs: Array.from(
      { length: SAMPLES },
      (_, index) => EXAMPLE_NOW_MS - (SAMPLES - 1 - index) * INTERVAL_MS,
    ),
    series: {
      sessionsTcp: rounded(wave(184, 22, 4, 40)),
      sessionsWebsocket: rounded(wave(412, 55, 6, 120)),
      signedIn: rounded(wave(580, 70, 6, 150)),
      // Two at the end, for the number beside it.
      slow: rounded(wave(0, 0.3, 0.8, 6)).fill(2, SAMPLES - 24),
      rooms: rounded(wave(38, 4, 1, 6)),
      messagesPublished: wave(64, 18, 14, 90),
      deliveries: wave(7200, 2100, 900, 11_000),
      bytesIn: wave(21_000, 6000, 4000, 30_000),
      bytesOut: wave(1.7e6, 4.5e5, 2.2e5, 2.4e6),
      logins: wave(0.5, 0.2, 0.7, 4),
      disconnects: wave(0.4, 0.2, 0.6, 1.5),
      rssBytes: wave(171e6, 3e6, 1e6, 14e6),
      heapUsedBytes: wave(54e6, 5e6, 9e6, 10e6),
      sendBufferUsedBytes: wave(6e6, 1.5e6, 1e6, 16e6),
      queueBytes: wave(180e3, 60e3, 90e3, 1.4e6),
      commitP50Ms: wave(0.9, 0.1, 0.2, 0.4),
      commitP99Ms: wave(3.1, 0.5, 1.4, 6),
      fanOutP99Ms: wave(0.8, 0.1, 0.25, 1.1),
      loopDelayP50Ms: wave(0.15, 0.03, 0.05, 0.1),
      loopDelayP99Ms: wave(1.6, 0.3, 0.7, 4),
      loopDelayMaxMs: wave(4, 1, 3, 9),
    },
  };
}

/** The end of that hour in numbers. */
export function exampleOverview(): Overview {
  const { series } = exampleHistory();
  const last = (values: readonly (number | null)[]): number => values.at(-1) ?? 0;
  const tcp = last(series.sessionsTcp);
  const websocket = last(series.sessionsWebsocket);
  const uptimeMs = ((6 * 24 + 3) * 60 + 12) * 60_000;
  return {
    server: {
      version: "0.1.0",
      node: "26.10.0",
      platform: "linux x64",
      backend: "uring",
      why: "io_uring of Linux 6.18",
      pid: 4711,
      startedMs: EXAMPLE_NOW_MS - uptimeMs,
      uptimeMs,
      nowMs: EXAMPLE_NOW_MS,
    },
    addresses: { packets: "0.0.0.0:9000", http: "127.0.0.1:8080", admin: "127.0.0.1:8080" },
    readiness: "serving",
    logLevel: "info",
    lockdown: 0,
    sessions: { tcp, websocket, limit: 16_384, signedIn: tcp + websocket - 9, slow: last(series.slow) },
    users: 541,
    rooms: last(series.rooms),
    rates: {
      messagesPublished: last(series.messagesPublished),
      deliveries: last(series.deliveries),
      packetsReceived: 131,
      bytesIn: last(series.bytesIn),
      bytesOut: last(series.bytesOut),
      logins: last(series.logins),
      disconnects: last(series.disconnects),
    },
    totals: {
      messagesPublished: 34_182_207,
      deliveries: 3_912_004_113,
      packetsReceived: 69_114_870,
      bytesIn: 11.2e9,
      bytesOut: 898e9,
      logins: 264_117,
      disconnects: 263_540,
      refusals: 4127,
      storeFailures: 0,
      logLinesLost: 0,
    },
    memory: {
      rssBytes: last(series.rssBytes),
      heapUsedBytes: last(series.heapUsedBytes),
      heapTotalBytes: 96e6,
      externalBytes: 9e6,
      sendBuffers: {
        usedBytes: last(series.sendBufferUsedBytes),
        allocatedBytes: 32e6,
        limitBytes: 256 * 2 ** 20,
      },
    },
    queueBytes: last(series.queueBytes),
    commit: { count: 3710, p50Ms: 0.9, p99Ms: 3.2, maxMs: 11 },
    fanOut: { count: 3705, p50Ms: 0.21, p99Ms: 0.84, maxMs: 2.4 },
    loopDelay: { count: 1200, p50Ms: 0.15, p99Ms: 1.7, maxMs: 5.1 },
    pendingAppends: 0,
  };
}

/** Park and Miller's minimal generator: the same picture each time. */
function lehmer(seed: number): () => number {
  let state = seed % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
