import { assert } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import { DurationHistogram } from "../../base/duration-histogram.ts";
import type { Bus, HubLink } from "../bus/bus.ts";
import type { Appended, Store, StoreRequestName, StoreRequests } from "../store/store.ts";
import { StoreError } from "../store/store.ts";
import { AppendPipeline, type AppendBatch, type AppendReply } from "./append-pipeline.ts";
import type { Command, StoreReply } from "./command.ts";
import type { HubTime } from "./effect-sink.ts";
import { Hub, type HubCounts } from "./hub.ts";
import type { HubSettings } from "./hub-options.ts";
import type { OpenRoom } from "./room.ts";
import { ServiceSink } from "./service-sink.ts";
import { StoreFailureLog, type HubLog } from "./store-failure-log.ts";

/** What a hub service works with. */
export interface HubServiceOptions {
  readonly hub: HubSettings;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: HubLog;
  /** Calls `onExpired` once, `delayMs` from now: the completion port's method. */
  readonly startTimer: (delayMs: number, onExpired: () => void) => ServiceTimer;
  /** The hub is told that time goes on once in this time, while the service runs. Default 1,000. */
  readonly tickIntervalMs?: number;
  /** Messages one `store.append` takes at most. Default 1,024. */
  readonly appendBatchLimit?: number;
  /** Calls of `store.append` under way at once; while they are, messages gather for the next. Default 2. */
  readonly appendsInFlight?: number;
  /** A kind of store failure is logged once in this time. Default 10,000. */
  readonly failureLogIntervalMs?: number;
}

/** A timer that can be taken back; harmless when it has expired. */
export interface ServiceTimer {
  cancel(): void;
}

export interface HubCounters extends HubCounts {
  /** Commands taken since the start. */
  readonly commandCount: number;
  /** Messages that wait for the store or are with it. */
  readonly pendingAppends: number;
  /** Store requests that failed since the start. */
  readonly storeFailureCount: number;
}

/**
 * Hosts a {@link Hub}: feeds it from the bus, does what it asks of the store, and feeds the answers
 * back. The messages of one turn go to the store in one call, so they share a transaction.
 */
export class HubService {
  /** What the store took for a group of messages, from asked to answered; failures are not in it. */
  readonly commitSeconds = new DurationHistogram();
  readonly #options: HubServiceOptions;
  readonly #hub: Hub;
  readonly #sink: ServiceSink;
  readonly #appends: AppendPipeline;
  readonly #failures: StoreFailureLog;
  #state: "new" | "running" | "stopping" | "stopped" = "new";
  #link: HubLink | undefined;
  #ticker: ServiceTimer | undefined;
  #commandCount = 0;
  #asksInFlight = 0;
  #waiters: Waiter[] = [];

  constructor(options: HubServiceOptions) {
    this.#options = options;
    this.#hub = new Hub(options.hub);
    const { clock, log, appendBatchLimit = 1_024, appendsInFlight = 2 } = options;
    this.#failures = new StoreFailureLog(log, clock, options.failureLogIntervalMs ?? 10_000);
    this.#appends = new AppendPipeline({
      batchLimit: appendBatchLimit,
      inFlightLimit: appendsInFlight,
      send: (batch) => void this.#append(batch),
      onReplies: (replies) => this.#feedAppended(replies),
    });
    this.#sink = new ServiceSink(
      this.#appends,
      (ticket, name, request) => void this.#ask(ticket, name, request),
    );
  }

  get counters(): HubCounters {
    return {
      ...this.#hub.counts,
      commandCount: this.#commandCount,
      pendingAppends: this.#appends.pendingCount,
      storeFailureCount: this.#failures.count,
    };
  }

  /** The rooms that are open, the lobby included, in no order. */
  openRooms(): Iterable<OpenRoom> {
    return this.#hub.openRooms();
  }

  /**
   * Takes the hub's place on the bus and opens the lobby; resolves when it is open. Rejects with a
   * StoreError (STORE_UNUSABLE) when it cannot be opened; the service is stopped then.
   */
  async start(): Promise<void> {
    assert(this.#state === "new", "a hub service starts once");
    this.#state = "running";
    this.#link = this.#options.bus.attachHub((commands) => this.#feedCommands(commands));
    this.#sink.link = this.#link;
    this.#hub.start(this.#now(), this.#sink);
    // Until the lobby is open nothing else is asked of the store.
    await this.#until(() => this.#hub.isReady || this.#isIdle());
    if (this.#hub.isReady) {
      this.#startTicker();
      return;
    }
    this.#detach();
    throw new StoreError("STORE_UNUSABLE", "the lobby could not be opened; the log says why");
  }

  /**
   * Refuses new requests with BUSY, waits until the store has answered everything asked before and the
   * answers are published, then leaves the bus. Does not close the store.
   */
  async stop(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.#ticker?.cancel();
    this.#hub.drain();
    await this.#until(() => this.#isIdle());
    this.#detach();
  }

  #startTicker(): void {
    if (this.#state !== "running") return;
    this.#ticker = this.#options.startTimer(this.#options.tickIntervalMs ?? 1_000, () => this.#tick());
  }

  #tick(): void {
    if (this.#state !== "running") return;
    this.#hub.apply({ type: "tick" }, this.#now(), this.#sink);
    this.#appends.flush();
    this.#startTicker();
  }

  #detach(): void {
    this.#state = "stopped";
    this.#link?.detach();
  }

  #now(): HubTime {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }

  #feedCommands(commands: readonly Command[]): void {
    const now = this.#now();
    this.#commandCount += commands.length;
    for (const command of commands) this.#hub.apply(command, now, this.#sink);
    this.#appends.flush();
  }

  async #append(batch: AppendBatch): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    let results: readonly Appended[];
    try {
      results = await this.#options.store.append(batch.messages);
    } catch (error) {
      this.#failures.report("append", error);
      this.#appends.failed(batch, isBusy(error));
      return;
    }
    this.commitSeconds.observe((clock.monotonicMs() - startMs) / 1000);
    this.#appends.answered(batch, results);
  }

  #feedAppended(replies: readonly AppendReply[]): void {
    const now = this.#now();
    for (const reply of replies) this.#hub.apply(reply, now, this.#sink);
    this.#appends.flush();
    this.#tellWaiters();
  }

  /** Anything but an append: answers may come in any order. */
  async #ask<Name extends StoreRequestName>(
    ticket: number,
    name: Name,
    request: StoreRequests[Name]["request"],
  ): Promise<void> {
    this.#asksInFlight += 1;
    let reply: StoreReply;
    try {
      reply = { type: "answered", ticket, result: await this.#options.store.ask(name, request) };
    } catch (error) {
      this.#failures.report(name, error);
      reply = { type: "askFailed", ticket, busy: isBusy(error) };
    }
    this.#asksInFlight -= 1;
    this.#hub.apply(reply, this.#now(), this.#sink);
    this.#appends.flush();
    this.#tellWaiters();
  }

  /** Resolves when an answer of the store has made it so. */
  #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ isSo, resolve });
    });
  }

  /** Nothing is asked of the store. */
  #isIdle(): boolean {
    return this.#asksInFlight === 0 && this.#appends.pendingCount === 0;
  }

  #tellWaiters(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ isSo }) => !isSo());
    for (const waiter of waiters) if (!this.#waiters.includes(waiter)) waiter.resolve();
  }
}

interface Waiter {
  readonly isSo: () => boolean;
  readonly resolve: () => void;
}

function isBusy(error: unknown): boolean {
  return error instanceof StoreError && error.code === "STORE_BUSY";
}
