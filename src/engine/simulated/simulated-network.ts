import { ManualClock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import type { PortTimer } from "../completion-port.ts";
import { Errno, PortError } from "../port-error.ts";
import { formatSocketAddress, type SocketAddress } from "../socket-address.ts";
import { TimerQueue } from "../timer-queue.ts";
import type { BytePipe } from "./byte-pipe.ts";
import { FaultSource, noFaults, type NetworkFaults, type SimulatedOperation } from "./network-faults.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedListener } from "./simulated-listener.ts";
import { SimulatedPort } from "./simulated-port.ts";

/** How a network is made. */
export interface SimulatedNetworkOptions {
  /** The same seed, and the same program, give the same run. */
  readonly seed: number;
  /** What goes wrong; default {@link noFaults}. */
  readonly faults?: Partial<NetworkFaults>;
  /** Told of every completion, for a log of a run that failed. */
  readonly onTrace?: (line: string) => void;
}

/** How far a run goes at most. */
export interface RunLimits {
  /** Default 1,000,000. */
  readonly maxSteps?: number;
  /** Virtual time, ms. Default 3,600,000. */
  readonly maxVirtualMs?: number;
}

/**
 * Hosts, the connections between them, and the time they live in, all in memory. Nothing happens by
 * itself: `step` and the `run…` methods make it happen, in an order that the seed decides.
 */
export class SimulatedNetwork {
  readonly seed: number;
  readonly clock = new ManualClock();
  readonly faultSource: FaultSource;
  /** Steps made so far. */
  stepCount = 0;
  readonly #onTrace: ((line: string) => void) | undefined;
  readonly #events = new TimerQueue(() => {});
  readonly #ports: SimulatedPort[] = [];
  readonly #listeners = new Set<SimulatedListener>();
  readonly #disks = new Map<string, SimulatedDisk>();
  /** For each parted pair, what would have arrived. */
  readonly #parted = new Map<string, (() => void)[]>();
  #nextPort = 49_152;
  #fingerprint = 0x811c9dc5;

  constructor(options: SimulatedNetworkOptions) {
    this.seed = options.seed;
    this.faultSource = new FaultSource(new SeededRandom(options.seed), { ...noFaults, ...options.faults });
    this.#onTrace = options.onTrace;
  }

  /** What goes wrong; may be changed at any time. */
  get faults(): NetworkFaults {
    return this.faultSource.faults;
  }

  /** A number that stands for all completions so far: equal runs have equal fingerprints. */
  get fingerprint(): number {
    return this.#fingerprint >>> 0;
  }

  /** A new host, 10.0.x.y and fd00::n. `arenaLimitBytes`: default 64 MiB. */
  createPort(name: string, options: { readonly arenaLimitBytes?: number } = {}): SimulatedPort {
    const limitBytes = options.arenaLimitBytes ?? 64 * 1024 * 1024;
    const port = new SimulatedPort(this, name, this.#ports.length + 1, limitBytes);
    this.#ports.push(port);
    return port;
  }

  /** The next such operation, of whichever host, fails with this (positive) errno. */
  failNext(operation: SimulatedOperation, errno: number): void {
    this.faultSource.failNext(operation, errno);
  }

  /** From now on nothing arrives from one host at the other; it waits until `heal`. */
  partition(one: SimulatedPort, other: SimulatedPort): void {
    const key = pairKey(one.host, other.host);
    if (!this.#parted.has(key)) this.#parted.set(key, []);
  }

  /** What was held up arrives now, in order. */
  heal(one: SimulatedPort, other: SimulatedPort): void {
    const key = pairKey(one.host, other.host);
    const waiting = this.#parted.get(key) ?? [];
    this.#parted.delete(key);
    for (const arrive of waiting) this.schedule(0, arrive);
  }

  /** Makes the next event happen; false when there is none. */
  step(): boolean {
    const dueMs = this.#events.soonestMs;
    const event = this.#events.takeExpired(dueMs);
    if (event === undefined) return false;
    this.clock.advance(Math.max(0, dueMs - this.clock.monotonicMs()));
    this.stepCount++;
    event.onExpired();
    return true;
  }

  /** Steps until `predicate` holds. False when nothing is left to happen or a limit is reached. */
  runUntil(predicate: () => boolean, limits: RunLimits = {}): boolean {
    const mayGoOn = this.#limiter(limits);
    while (!predicate()) {
      if (!mayGoOn() || !this.step()) return false;
    }
    return true;
  }

  /** The same for programs that use promises: they go on between steps. */
  async runUntilAsync(predicate: () => boolean, limits: RunLimits = {}): Promise<boolean> {
    const mayGoOn = this.#limiter(limits);
    await drainPromises();
    while (!predicate()) {
      if (!mayGoOn() || !this.step()) return false;
      await drainPromises();
    }
    return true;
  }

  #limiter({ maxSteps = 1_000_000, maxVirtualMs = 3_600_000 }: RunLimits): () => boolean {
    const lastStep = this.stepCount + maxSteps;
    const endMs = this.clock.monotonicMs() + maxVirtualMs;
    return () => this.stepCount < lastStep && this.#events.soonestMs <= endMs;
  }

  /** Makes everything happen that is due within `durationMs`, and moves time there. */
  runFor(durationMs: number): void {
    const endMs = this.clock.monotonicMs() + durationMs;
    while (this.#events.soonestMs <= endMs) this.step();
    this.clock.advance(Math.max(0, endMs - this.clock.monotonicMs()));
  }

  /** Steps until nothing is left to happen. A program whose timers repeat never comes to that. */
  runUntilIdle(limits: RunLimits = {}): boolean {
    this.runUntil(() => false, limits);
    return this.#events.size === 0;
  }

  /** As {@link runUntilIdle}, and lets promises go on between steps. */
  async settle(limits: RunLimits = {}): Promise<boolean> {
    await this.runUntilAsync(() => false, limits);
    return this.#events.size === 0;
  }

  // What ports need.

  schedule(delayMs: number, run: () => void): PortTimer {
    return this.#events.add(this.clock.monotonicMs() + delayMs, run);
  }

  transmit(from: SimulatedHost, to: SimulatedHost, pipe: BytePipe, arrive: () => void): void {
    const nowMs = this.clock.monotonicMs();
    const arrivalMs = Math.max(pipe.lastArrivalMs, nowMs + this.faultSource.messageDelayMs());
    pipe.lastArrivalMs = arrivalMs;
    this.schedule(arrivalMs - nowMs, () => {
      const waiting = this.#parted.get(pairKey(from, to));
      if (waiting === undefined) arrive();
      else waiting.push(arrive);
    });
  }

  note(host: string, what: string, result: number): void {
    const line = `${this.clock.monotonicMs().toFixed(3)} ${host} ${what} ${result}`;
    for (let index = 0; index < line.length; index++) {
      this.#fingerprint = Math.imul(this.#fingerprint ^ line.charCodeAt(index), 0x01000193);
    }
    this.#onTrace?.(line);
  }

  /** The disk of the host with this name. */
  diskOf(hostName: string): SimulatedDisk {
    let disk = this.#disks.get(hostName);
    if (disk === undefined) {
      disk = new SimulatedDisk();
      this.#disks.set(hostName, disk);
    }
    return disk;
  }

  /** The address to listen on, with a port; throws PortError when it is taken. */
  bind(host: SimulatedHost, address: SocketAddress): SocketAddress {
    const bound = address.port === 0 ? { ...address, port: this.#freePort() } : address;
    for (const listener of this.#listeners) {
      if (listener.address.port !== bound.port) continue;
      const isSame = listener.address.host === bound.host;
      const overlaps = listener.matches(bound) || bound.host === "::" || bound.host === "0.0.0.0";
      if (!(listener.host === host ? isSame || overlaps : isSame && !isWildcard(bound.host))) continue;
      throw new PortError("listen", Errno.EADDRINUSE, formatSocketAddress(bound));
    }
    return bound;
  }

  addListener(listener: SimulatedListener): void {
    this.#listeners.add(listener);
  }

  forgetListener(listener: SimulatedListener): void {
    this.#listeners.delete(listener);
  }

  listenerAt(target: SocketAddress): SimulatedListener | undefined {
    for (const listener of this.#listeners) if (listener.matches(target)) return listener;
    return undefined;
  }

  /** Where a connection of `host` to `target` comes from. */
  localAddress(host: SimulatedHost, target: SocketAddress): SocketAddress {
    const isLoopback = target.host === "127.0.0.1" || target.host === "::1";
    const own = target.family === 4 ? host.ipv4 : host.ipv6;
    return { family: target.family, host: isLoopback ? target.host : own, port: this.#freePort() };
  }

  #freePort(): number {
    const port = this.#nextPort++;
    if (this.#nextPort > 65_535) this.#nextPort = 49_152;
    return port;
  }
}

function isWildcard(host: string): boolean {
  return host === "::" || host === "0.0.0.0";
}

function pairKey(one: SimulatedHost, other: SimulatedHost): string {
  return one.name < other.name ? `${one.name}\n${other.name}` : `${other.name}\n${one.name}`;
}

/** Everything that promises have to do is done when the event loop comes round. */
function drainPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
