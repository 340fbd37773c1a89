import { setTimeout as sleep } from "node:timers/promises";
import {
  type CompletionPort,
  errnoName,
  openPort,
  SendBufferPool,
  socketAddress,
  TlsClient,
} from "../../src/engine/index.ts";
import { coreIdleMs, cpuTimeBetween, cpuTimeOf, ownCpuTime } from "./cpu-time.ts";
import type { CpuTime, LoadJob, LoadResult } from "./job.ts";
import type { LoadConnection } from "./load-connection.ts";

/** Connections being made at once: below every server's backlog. */
const CONNECTING_AT_ONCE = 64;

/** How long after the drain a message too many is waited for. */
const DUPLICATE_WAIT_MS = 100;

interface Times {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly drainLimitMs: number;
}

/** What a load does with its connections. */
export interface Load {
  /** Starts sending; from now on until `stop`, whatever comes back makes the next be sent. */
  begin(): void;
  /** Sends nothing more. */
  stop(): void;
  /** Messages that have arrived so far. */
  arrived(): number;
  /** Whether everything that was sent has arrived. */
  isDrained(): boolean;
  /** What is missing, too many or wrong; undefined when all is well. */
  findFault(): string | undefined;
}

/** Everything that is read at the beginning and at the end of the measured interval. */
interface Reading {
  readonly ms: number;
  readonly arrived: number;
  readonly server: CpuTime | undefined;
  readonly generator: CpuTime;
  readonly serverCoreIdleMs: number | undefined;
  readonly generatorCoreIdleMs: number | undefined;
}

function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

/** One run of the generator: its port, its connections and its clock. */
export class LoadRun {
  readonly port: CompletionPort;
  readonly buffers: SendBufferPool;
  readonly #job: LoadJob;
  readonly #tls: TlsClient | undefined;
  readonly #connections: LoadConnection[] = [];
  readonly #failure = Promise.withResolvers<never>();
  readonly #ready = new Map<LoadConnection, () => void>();
  #onDrained: (() => void) | undefined;
  #drainingLoad: Load | undefined;
  #isClosing = false;
  #closedCount = 0;
  #onAllClosed: (() => void) | undefined;

  constructor(job: LoadJob) {
    this.#job = job;
    if (job.fingerprint !== undefined) this.#tls = new TlsClient({ fingerprint: job.fingerprint });
    this.port = openPort({ backend: job.backend }).port;
    this.buffers = new SendBufferPool(this.port.arena);
    this.#failure.promise.catch(() => undefined);
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** True while what comes in may be the last: connections then call `onProgress`. */
  get isDraining(): boolean {
    return this.#drainingLoad !== undefined;
  }

  /** The run ends with this error. */
  fail(error: Error): void {
    this.#failure.reject(error);
  }

  /** Connects `count` and resolves when each has said that it is ready. */
  async connectAll<Connection extends LoadConnection>(
    count: number,
    make: (index: number) => Connection,
  ): Promise<Connection[]> {
    const made: Connection[] = [];
    const lane = async (): Promise<void> => {
      while (made.length < count) {
        const connection = make(made.length);
        made.push(connection);
        await this.#connect(connection);
      }
    };
    await this.#orFailure(Promise.all(Array.from({ length: Math.min(CONNECTING_AT_ONCE, count) }, lane)));
    return made;
  }

  /** Connections call this when they are joined, logged in, upgraded: ready to be measured. */
  isReady(connection: LoadConnection): void {
    this.#ready.get(connection)?.();
    this.#ready.delete(connection);
  }

  /** Warms up, measures, drains; the clock stops when the last outstanding message has arrived. */
  async measure(load: Load, times: Times): Promise<LoadResult> {
    load.begin();
    await this.#orFailure(sleep(times.warmUpMs));
    const before = this.#now(load);
    await this.#orFailure(sleep(times.measureMs));
    load.stop();
    await this.#drain(load, times.drainLimitMs);
    const after = this.#now(load);
    await this.#orFailure(sleep(DUPLICATE_WAIT_MS));
    const fault = load.findFault();
    if (fault !== undefined) throw new Error(fault);
    const generator = cpuTimeBetween(before.generator, after.generator);
    return {
      messages: after.arrived - before.arrived,
      elapsedMs: after.ms - before.ms,
      server: cpuTimeBetween(before.server, after.server),
      generator: generator ?? { userMs: 0, systemMs: 0 },
      serverCoreIdleMs: between(before.serverCoreIdleMs, after.serverCoreIdleMs),
      generatorCoreIdleMs: between(before.generatorCoreIdleMs, after.generatorCoreIdleMs),
      generatorBackend: this.port.backend,
    };
  }

  /** Connections call this after receiving while `isDraining`. */
  onProgress(): void {
    if (this.#drainingLoad?.isDrained() === true) this.#onDrained?.();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#closedCount < this.#connections.length) {
      await new Promise<void>((resolve) => {
        this.#onAllClosed = resolve;
        for (const connection of this.#connections) connection.abort();
      });
    }
    this.buffers.trim();
    await this.port.close();
  }

  onConnectionClosed(): void {
    this.#closedCount++;
    if (this.#closedCount === this.#connections.length) this.#onAllClosed?.();
  }

  /** Rejects as soon as the run fails. */
  #orFailure<Value>(promise: Promise<Value>): Promise<Value> {
    return Promise.race([promise, this.#failure.promise]);
  }

  #connect(connection: LoadConnection): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready.set(connection, resolve);
      this.port.connect(
        socketAddress("127.0.0.1", this.#job.port),
        {},
        {
          onConnected: (socket) => {
            this.#connections.push(connection);
            if (this.#tls === undefined) {
              connection.attach(socket);
              return;
            }
            this.#tls.secure(this.port, this.buffers, socket, "127.0.0.1", {
              onSecured: (secured) => connection.attach(secured),
              onFailed: reject,
            });
          },
          onConnectFailed: (result) => reject(new Error(`connecting failed: ${errnoName(-result)}`)),
        },
      );
    });
  }

  async #drain(load: Load, limitMs: number): Promise<void> {
    if (load.isDrained()) return;
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    this.#drainingLoad = load;
    const limit = new AbortController();
    const tooLate = sleep(limitMs, undefined, { signal: limit.signal }).then(() => {
      throw new Error(load.findFault() ?? `the server did not answer everything within ${limitMs} ms`);
    });
    tooLate.catch(() => undefined);
    await this.#orFailure(Promise.race([drained, tooLate]));
    limit.abort();
    this.#drainingLoad = undefined;
  }

  #now(load: Load): Reading {
    const cores = this.#job.kind === "idle" ? undefined : this.#job.cores;
    return {
      ms: performance.now(),
      arrived: load.arrived(),
      server: cpuTimeOf(this.#job.serverPid),
      generator: ownCpuTime(),
      serverCoreIdleMs: coreIdleMs(cores?.server),
      generatorCoreIdleMs: coreIdleMs(cores?.generator),
    };
  }
}
