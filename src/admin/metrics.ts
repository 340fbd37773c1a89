import { collectDefaultMetrics, Counter, type Metric, Registry } from "prom-client";
import type { DurationHistogram } from "../base/duration-histogram.ts";
import { gauges, type HttpFigures, httpFigures, type Read, type Reading, totals } from "./metric-tables.ts";
import type { ObservedServer } from "./observed-server.ts";

/** What the metrics are read from. */
export interface MetricsSource {
  /** undefined while the chat server starts: then there are those of the process only. */
  readonly server: () => ObservedServer | undefined;
  readonly loopDelay: () => DurationHistogram | undefined;
  readonly isReady: () => boolean;
  /** Of the log. */
  readonly log: () => { readonly queuedBytes: number; readonly lostLineCount: number };
  /** undefined before HTTP is served. */
  readonly http: () => HttpFigures | undefined;
  readonly connectionLimit: number;
  readonly version: string;
}

/** The longest time that the library's timer takes: 24 days. */
const NEVER_MS = 2_147_483_647;

/**
 * The server's metrics for Prometheus (text format 0.0.4). Names follow its conventions: `portico_`, the unit,
 * `_total` for what only grows. Everything is read when it is asked for, from counters that are kept anyway.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"route" | "status">;
  readonly #source: MetricsSource;

  constructor(source: MetricsSource) {
    this.#source = source;
    this.#addProcess();
    this.#gauge("portico_build_info", "Always 1; the labels say what runs.", () => {
      const backend = source.server()?.backend ?? "";
      return [[1, { version: source.version, node: process.version, backend }]];
    });
    this.#gauge("portico_ready", "1 while clients are taken, as /readyz says.", () => [
      [source.isReady() ? 1 : 0],
    ]);
    for (const [name, help, read] of gauges) this.#gauge(name, help, this.#ofServer(read));
    for (const [name, help, read] of totals) this.#total(name, help, this.#ofServer(read));
    this.#gauge("portico_session_limit", "Connections at once that clients may have.", () => [
      [source.connectionLimit],
    ]);
    this.#gauge("portico_log_queue_bytes", "Log lines that wait to be written.", () => [
      [source.log().queuedBytes],
    ]);
    this.#total("portico_log_lines_lost_total", "Log lines that could not be written.", () => [
      [source.log().lostLineCount],
    ]);
    for (const [name, help, type, read] of httpFigures) {
      this.#add(name, help, type, () => {
        const http = source.http();
        return http === undefined ? [] : [[read(http)]];
      });
    }
    this.#durations(
      "portico_publish_commit_seconds",
      "From handing messages to the store to their commit.",
      () => source.server()?.histograms.commitSeconds,
    );
    this.#durations(
      "portico_fanout_seconds",
      "Encoding and queueing a turn's events for all rooms.",
      () => source.server()?.histograms.fanOutSeconds,
    );
    this.#durations(
      "portico_loop_delay_seconds",
      "How much later than asked the event loop ran a timer.",
      source.loopDelay,
    );
    this.#requests = new Counter({
      name: "portico_http_requests_total",
      help: "HTTP requests that were answered, by route and status.",
      labelNames: ["route", "status"],
      registers: [this.#registry],
    });
  }

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** `route` as it was declared, never the path that was asked for: labels must be few. */
  countRequest(route: string, status: number): void {
    this.#requests.inc({ route, status: String(status) });
  }

  /**
   * What the library knows of the process, without its event-loop lag: that is a timer of 100 times a second, which
   * is most of what an idle server does, and portico_loop_delay_seconds says it better. It cannot be left out, so
   * its timer is set to never and its metrics are taken away.
   */
  #addProcess(): void {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: NEVER_MS });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (name.startsWith("nodejs_eventloop_lag_")) this.#registry.removeSingleMetric(name);
    }
  }

  #ofServer(read: Read): () => readonly Reading[] {
    return () => {
      const server = this.#source.server();
      return server === undefined ? [] : read(server, this.#source.http());
    };
  }

  #gauge(name: string, help: string, read: () => readonly Reading[]): void {
    this.#add(name, help, "gauge", read);
  }

  #total(name: string, help: string, read: () => readonly Reading[]): void {
    this.#add(name, help, "counter", read);
  }

  #durations(name: string, help: string, histogram: () => DurationHistogram | undefined): void {
    this.#register(name, help, "histogram", () => {
      const read = histogram();
      return read === undefined ? [] : histogramValues(name, read);
    });
  }

  #add(name: string, help: string, type: "gauge" | "counter", read: () => readonly Reading[]): void {
    this.#register(name, help, type, () => read().map(([value, labels = {}]) => ({ value, labels })));
  }

  /** The library's own counters only count up by themselves; these are counted elsewhere, and read. */
  #register(name: string, help: string, type: string, values: () => readonly MetricValue[]): void {
    const get = () => Promise.resolve({ name, help, type, values: values(), aggregator: "sum" });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the registry asks for no more than this
    this.#registry.registerMetric({ name, help, type, get, reset: () => undefined } as unknown as Metric);
  }
}

interface MetricValue {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

function histogramValues(name: string, histogram: DurationHistogram): MetricValue[] {
  const { boundsSeconds, counts, sumSeconds } = histogram;
  let below = 0;
  const buckets = boundsSeconds.map((bound, index) => {
    below += counts[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le: String(bound) }, value: below };
  });
  const count = below + (counts[boundsSeconds.length] ?? 0);
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: count },
    { metricName: `${name}_sum`, labels: {}, value: sumSeconds },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
