import type { Clock } from "../base/clock.ts";
import type { History, Overview } from "./api/schemas.ts";
import { LoopDelay, type StartTimer } from "./loop-delay.ts";
import type { ObservedServer } from "./observed-server.ts";
import { type DurationQuantiles, QuantileWindow } from "./quantile-window.ts";
import { type Sample, SAMPLE_INTERVAL_MS, SampleHistory } from "./sample-history.ts";

export interface StatisticsOptions {
  readonly clock: Clock;
  /** Of the event loop that is watched. */
  readonly startTimer: StartTimer;
  /** Usually `process.memoryUsage`. */
  readonly memoryUsage: () => Memory;
  /** Default: one of `startTimer`'s loop. */
  readonly loopDelay?: LoopDelay;
}

export type Memory = Pick<NodeJS.MemoryUsage, "rss" | "heapUsed" | "heapTotal" | "external">;
export type Rates = Overview["rates"];
export type Totals = Omit<Overview["totals"], "logLinesLost">;

/** A minute, for the quantiles of the overview. */
const WINDOW_PIECES = 60_000 / SAMPLE_INTERVAL_MS;

/**
 * Looks at a server every five seconds and remembers an hour of it: rates, quantiles, and the plots of the admin
 * page. Everything is read from counters that are kept anyway; nothing is added to what the server does for a
 * message.
 */
export class Statistics {
  readonly loopDelay: LoopDelay;
  readonly #server: ObservedServer;
  readonly #options: StatisticsOptions;
  readonly #commit: QuantileWindow;
  readonly #fanOut: QuantileWindow;
  readonly #loop: QuantileWindow;
  readonly #loopMaxima: number[] = [];
  readonly #history = new SampleHistory(seriesNames);
  #timer: { cancel(): void } | undefined;
  #lastTotals: Totals;
  #lastMs: number;
  #rates: Rates = noRates;

  constructor(server: ObservedServer, options: StatisticsOptions) {
    this.#server = server;
    this.#options = options;
    const { clock, startTimer } = options;
    this.loopDelay = options.loopDelay ?? new LoopDelay(clock, startTimer);
    this.#commit = new QuantileWindow(server.histograms.commitSeconds, WINDOW_PIECES);
    this.#fanOut = new QuantileWindow(server.histograms.fanOutSeconds, WINDOW_PIECES);
    this.#loop = new QuantileWindow(this.loopDelay.histogram, WINDOW_PIECES);
    this.#lastTotals = totalsOf(server);
    this.#lastMs = clock.monotonicMs();
  }

  /** Takes a sample every five seconds from now on. */
  start(): void {
    this.loopDelay.start();
    this.#timer ??= this.#startTimer();
  }

  stop(): void {
    this.loopDelay.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Over the last sample's time; all 0 before there is one. */
  get rates(): Rates {
    return this.#rates;
  }

  get totals(): Totals {
    return totalsOf(this.#server);
  }

  /** Of the last minute. */
  get quantiles(): Pick<Overview, "commit" | "fanOut" | "loopDelay"> {
    const loop = this.#loop.whole();
    return {
      commit: this.#commit.whole(),
      fanOut: this.#fanOut.whole(),
      loopDelay: { ...loop, maxMs: Math.max(0, ...this.#loopMaxima) },
    };
  }

  /** Samples taken after `sinceMs`. */
  history(sinceMs: number): History {
    return this.#history.after(sinceMs);
  }

  /** One sample; `start` sees to it. */
  sample(): void {
    const { clock, memoryUsage } = this.#options;
    const nowMs = clock.monotonicMs();
    const totals = totalsOf(this.#server);
    const seconds = (nowMs - this.#lastMs) / 1000;
    if (seconds <= 0) return;
    this.#rates = ratesBetween(this.#lastTotals, totals, seconds);
    this.#lastTotals = totals;
    this.#lastMs = nowMs;
    const loopMaxMs = this.loopDelay.takeMaxMs();
    this.#loopMaxima.push(loopMaxMs);
    if (this.#loopMaxima.length > WINDOW_PIECES) this.#loopMaxima.shift();
    const { gate, hub, sendBuffers } = this.#server.counters();
    const { rss, heapUsed } = memoryUsage();
    const { tcp, websocket, slow, queuedBytes } = this.#server.inspect.totals();
    const commit = knownOnly(this.#commit.take());
    const fanOut = knownOnly(this.#fanOut.take());
    const loop = knownOnly(this.#loop.take());
    this.#history.add(clock.wallMs(), {
      sessionsTcp: tcp,
      sessionsWebsocket: websocket,
      signedIn: gate.signedIn,
      slow,
      rooms: hub.rooms,
      messagesPublished: this.#rates.messagesPublished,
      deliveries: this.#rates.deliveries,
      bytesIn: this.#rates.bytesIn,
      bytesOut: this.#rates.bytesOut,
      logins: this.#rates.logins,
      disconnects: this.#rates.disconnects,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      sendBufferUsedBytes: sendBuffers.usedBytes,
      queueBytes: queuedBytes,
      commitP50Ms: commit.p50Ms,
      commitP99Ms: commit.p99Ms,
      fanOutP99Ms: fanOut.p99Ms,
      loopDelayP50Ms: loop.p50Ms,
      loopDelayP99Ms: loop.p99Ms,
      loopDelayMaxMs: loopMaxMs,
    });
  }

  #startTimer(): { cancel(): void } {
    return this.#options.startTimer(SAMPLE_INTERVAL_MS, () => {
      this.sample();
      this.#timer = this.#startTimer();
    });
  }
}

const seriesNames = [
  "sessionsTcp",
  "sessionsWebsocket",
  "signedIn",
  "slow",
  "rooms",
  "messagesPublished",
  "deliveries",
  "bytesIn",
  "bytesOut",
  "logins",
  "disconnects",
  "rssBytes",
  "heapUsedBytes",
  "sendBufferUsedBytes",
  "queueBytes",
  "commitP50Ms",
  "commitP99Ms",
  "fanOutP99Ms",
  "loopDelayP50Ms",
  "loopDelayP99Ms",
  "loopDelayMaxMs",
] as const satisfies readonly (keyof Sample)[];

const noRates: Rates = {
  messagesPublished: 0,
  deliveries: 0,
  packetsReceived: 0,
  bytesIn: 0,
  bytesOut: 0,
  logins: 0,
  disconnects: 0,
};

function totalsOf(server: ObservedServer): Totals {
  const { gate, hub, port } = server.counters();
  return {
    messagesPublished: hub.publishedCount,
    deliveries: gate.deliveries,
    packetsReceived: gate.packetsReceived,
    bytesIn: port.receivedBytes,
    bytesOut: port.sentBytes,
    logins: gate.logins,
    disconnects: gate.ended,
    refusals: sum(Object.values(gate.refusals)),
    storeFailures: hub.storeFailureCount,
  };
}

function ratesBetween(before: Totals, after: Totals, seconds: number): Rates {
  const rate = (name: keyof Rates): number => Math.max(0, (after[name] - before[name]) / seconds);
  return {
    messagesPublished: rate("messagesPublished"),
    deliveries: rate("deliveries"),
    packetsReceived: rate("packetsReceived"),
    bytesIn: rate("bytesIn"),
    bytesOut: rate("bytesOut"),
    logins: rate("logins"),
    disconnects: rate("disconnects"),
  };
}

/** In a plot nothing is not the same as no time. */
function knownOnly(quantiles: DurationQuantiles): { readonly p50Ms: number; readonly p99Ms: number } {
  return quantiles.count > 0 ? quantiles : { p50Ms: Number.NaN, p99Ms: Number.NaN };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
