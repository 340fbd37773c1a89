import { AdminConsole } from "../admin/admin-console.ts";
import type { AdminContext } from "../admin/admin-operations.ts";
import { keptAdminToken } from "../admin/admin-token.ts";
import { addAdminApi } from "../admin/api/admin-api.ts";
import { AdminGuard } from "../admin/api/admin-guard.ts";
import type { AdminApiContext, ServerControls } from "../admin/api/admin-handlers.ts";
import type { Readiness } from "../admin/health-routes.ts";
import type { HttpPlugin } from "../admin/http-app.ts";
import { addMetricsRoute } from "../admin/metrics-route.ts";
import { Metrics } from "../admin/metrics.ts";
import { Statistics } from "../admin/statistics.ts";
import { TokenCheck } from "../admin/token-check.ts";
import { type Clock, realClock } from "../base/clock.ts";
import { type Random, realRandom } from "../base/random.ts";
import type { ChatServer } from "../chat/chat-server.ts";
import { Argon2PasswordHasher } from "../chat/gate/password.ts";
import { formatSocketAddress } from "../engine/index.ts";
import type { PorticoConfig } from "./config-schema.ts";
import type { HttpFront } from "./http-front.ts";
import type { LogOutput } from "./log-output.ts";
import { packageVersion } from "./version.ts";

export interface AdminFrontOptions {
  readonly config: PorticoConfig;
  readonly output: LogOutput;
  readonly readiness: () => Readiness;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Administration of `portico serve`: the token, the API and the metrics, which are there from the first moment
 * on, and what they tell of once the chat server runs.
 */
export class AdminFront {
  /** What the admin page asks for. */
  readonly token: string;
  readonly plugins: readonly HttpPlugin[];
  /** Resolves when an administrator stops the server. */
  readonly drained: Promise<void>;
  readonly #options: AdminFrontOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #startedMs: number;
  readonly #metrics: Metrics;
  #drain: () => void = () => undefined;
  #console: AdminConsole | undefined;
  #http: HttpFront | undefined;
  #context: AdminApiContext | undefined;

  /** Throws Node's own error when the token can neither be read nor kept. */
  constructor(options: AdminFrontOptions) {
    this.#options = options;
    const { config, output } = options;
    const { log } = output;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? realRandom;
    this.#startedMs = this.#clock.wallMs();
    const { admin, metrics } = config;
    this.token = admin.token === "" ? keptAdminToken(config.data.directory, this.#random) : admin.token;
    this.drained = new Promise((resolve) => {
      this.#drain = resolve;
    });
    this.#metrics = this.#makeMetrics();
    const guard = new AdminGuard({
      token: this.token,
      clock: this.#clock,
      log,
      wrongPerMinute: admin.wrongTokens,
      origins: config.http.origins,
    });
    const api = { guard, context: () => this.#context, version: packageVersion(), log };
    const metricsToken = new TokenCheck(metrics.token === "" ? this.token : metrics.token);
    const access = metrics.access === "open" ? undefined : { guard, token: metricsToken };
    this.plugins = [
      { part: "admin", add: (app) => addAdminApi(app, api) },
      { part: "metrics", add: (app) => addMetricsRoute(app, { metrics: this.#metrics, access }) },
    ];
  }

  /** An HTTP request was answered. */
  countRequest(route: string, status: number): void {
    this.#metrics.countRequest(route, status);
  }

  /** The chat server runs; `why`: on this backend. Gives what the command line's administration works with. */
  attach(server: ChatServer, http: HttpFront, why: string): AdminContext {
    const { store, clock } = server;
    const console = new AdminConsole(server.bus);
    this.#console = console;
    this.#http = http;
    const hasher = new Argon2PasswordHasher({ concurrency: 1 });
    const common = { store, clock, random: this.#random, hasher };
    const statistics = new Statistics(server, {
      clock,
      startTimer,
      memoryUsage: () => process.memoryUsage(),
    });
    statistics.start();
    this.#context = {
      server,
      statistics,
      console,
      controls: this.#controls(server, http, why),
      operations: { ...common, console: console.page },
      log: this.#options.output.log,
    };
    return { ...common, console };
  }

  /** The server stops: looking goes on, acting is refused. */
  beginStop(): void {
    this.#console?.close();
  }

  /** The server has stopped. */
  close(): void {
    this.#context?.statistics.stop();
    this.#context = undefined;
  }

  #controls(server: ChatServer, http: HttpFront, why: string): ServerControls {
    const { config, output, readiness } = this.#options;
    const drain = this.#drain;
    return {
      version: packageVersion(),
      why,
      startedMs: this.#startedMs,
      addresses: {
        packets: formatSocketAddress(server.addresses.packets),
        http: formatSocketAddress(http.address),
        admin: formatSocketAddress(http.adminAddress),
      },
      connectionLimit: config.limits.connections,
      get readiness() {
        return readiness();
      },
      get logLevel() {
        return output.level;
      },
      set logLevel(level) {
        output.level = level;
      },
      get logLinesLost() {
        return output.lostLineCount;
      },
      memoryUsage: () => process.memoryUsage(),
      drain,
    };
  }

  #makeMetrics(): Metrics {
    const { config, output, readiness } = this.#options;
    return new Metrics({
      server: () => this.#context?.server,
      loopDelay: () => this.#context?.statistics.loopDelay.histogram,
      isReady: () => readiness() === "serving",
      log: () => output,
      http: () => this.#http?.service,
      connectionLimit: config.limits.connections,
      version: packageVersion(),
    });
  }
}

/** Watching alone does not keep the process alive. */
function startTimer(delayMs: number, onExpired: () => void): { cancel(): void } {
  const timer = setTimeout(onExpired, delayMs);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
}
