import type { TestContext } from "node:test";
import fastify, { type FastifyInstance } from "fastify";
import { addAdminApi } from "../../src/admin/api/admin-api.ts";
import { AdminGuard } from "../../src/admin/api/admin-guard.ts";
import type { AdminApiContext, ServerControls } from "../../src/admin/api/admin-handlers.ts";
import type { LogLevel } from "../../src/admin/api/schemas.ts";
import { AdminConsole } from "../../src/admin/admin-console.ts";
import { Statistics } from "../../src/admin/statistics.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { InProcessBus } from "../../src/chat/bus/in-process-bus.ts";
import { HubService } from "../../src/chat/hub/hub-service.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { nameKey } from "../../src/protocol/names.ts";
import { FakeHasher, LogKeeper } from "./chat-test-server.ts";
import { FakeObservedServer } from "./observed-server.ts";

export const ADMIN_TOKEN = "a-token-for-tests-0123456789";

/** Timers that run when the test says so. */
export class HandTimers {
  readonly #timers = new Set<{ atMs: number; readonly onExpired: () => void }>();
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  readonly start = (delayMs: number, onExpired: () => void): { cancel(): void } => {
    const timer = { atMs: this.#clock.monotonicMs() + delayMs, onExpired };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  };

  get count(): number {
    return this.#timers.size;
  }

  /** Lets time go on; each timer runs at its time, plus `lateMs`. */
  advance(byMs: number, lateMs = 0): void {
    const endMs = this.#clock.monotonicMs() + byMs;
    for (;;) {
      const [next] = [...this.#timers].sort((left, right) => left.atMs - right.atMs);
      if (next === undefined || next.atMs + lateMs > endMs) break;
      this.#timers.delete(next);
      this.#clock.advance(Math.max(0, next.atMs + lateMs - this.#clock.monotonicMs()));
      next.onExpired();
    }
    this.#clock.advance(Math.max(0, endMs - this.#clock.monotonicMs()));
  }
}

/** The admin API over a hub and a store in memory; what it watches is a fake. */
export class AdminWorld {
  readonly clock = new ManualClock();
  readonly timers = new HandTimers(this.clock);
  readonly store = new MemoryStore();
  readonly server = new FakeObservedServer();
  readonly log = new LogKeeper();
  readonly controls = new FakeControls(this.clock.wallMs());
  readonly app: FastifyInstance;
  readonly guard = new AdminGuard({
    token: ADMIN_TOKEN,
    clock: this.clock,
    log: this.log,
    wrongPerMinute: 3,
    origins: ["https://ops.example.com"],
  });
  statistics = new Statistics(this.server, {
    clock: this.clock,
    startTimer: this.timers.start,
    memoryUsage: () => this.controls.memoryUsage(),
  });
  context: AdminApiContext | undefined;

  private constructor() {
    this.app = fastify();
  }

  static async open(test: TestContext): Promise<AdminWorld> {
    const world = new AdminWorld();
    const { clock, store } = world;
    const bus = new InProcessBus((task) => void setImmediate(task));
    const hub = new HubService({
      hub: { bootEpoch: "test", normalizeName: nameKey },
      bus,
      store,
      clock,
      log: silentLogger,
      startTimer: () => ({ cancel: () => undefined }),
    });
    await hub.start();
    const console = new AdminConsole(bus);
    const hasher = new FakeHasher();
    const operations = { console: console.page, store, hasher, clock, random: new SeededRandom(1) };
    const { server, statistics, log, controls } = world;
    world.context = { server, statistics, console, operations, log, controls };
    await addAdminApi(world.app, {
      guard: world.guard,
      context: () => world.context,
      version: "1.2.3",
      log,
    });
    test.after(async () => {
      await world.app.close();
      console.close();
      await hub.stop();
      await store.close();
    });
    return world;
  }

  async get(url: string, headers: Readonly<Record<string, string>> = {}) {
    return this.app.inject({ method: "GET", url, headers: { ...bearer, ...headers } });
  }

  async post(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
    return this.app.inject({ method: "POST", url, headers: { ...bearer, ...headers }, payload: body });
  }

  async addAccount(name: string): Promise<void> {
    const nowMs = this.clock.wallMs();
    await this.store.ask("createAccount", { name, nameKey: nameKey(name), passwordHash: "hash", nowMs });
  }
}

class FakeControls implements ServerControls {
  readonly version = "1.2.3";
  readonly why = "a test asked for it";
  readonly startedMs: number;
  readonly addresses = { packets: "127.0.0.1:9000", http: "127.0.0.1:8080", admin: "127.0.0.1:8080" };
  readonly connectionLimit = 1000;
  readonly readiness = "serving";
  readonly logLinesLost = 0;
  logLevel: LogLevel = "info";
  drainCount = 0;

  constructor(startedMs: number) {
    this.startedMs = startedMs;
  }

  memoryUsage() {
    return { rss: 100, heapUsed: 40, heapTotal: 60, external: 5 };
  }

  drain(): void {
    this.drainCount++;
  }
}

const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` };
