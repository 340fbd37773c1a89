import { hash } from "node:crypto";
import { type Random, SeededRandom } from "../../src/base/random.ts";
import type { CompletionPort, PortTimer, SocketAddress } from "../../src/engine/index.ts";
import { SendBufferPool } from "../../src/engine/index.ts";
import type { ChatLoad } from "./arguments.ts";
import { Bot, type BotWorld } from "./bot.ts";
import { Histogram } from "./histogram.ts";
import { Ledger } from "./ledger.ts";
import { Sayings } from "./sayings.ts";

export interface CrowdCounts {
  sent: number;
  acknowledged: number;
  delivered: number;
  refused: number;
  /** Connections that were lost without the load's doing. */
  lost: number;
  /** Connections that the load cut off. */
  churned: number;
  /** Rooms that were resumed. */
  resumed: number;
  /** Times that the server said that it left something out. */
  gaps: number;
}

/** How often everything that is due is done: as seldom as can be without sending in bursts. */
const SHORTEST_TICK_MS = 1;
const LONGEST_TICK_MS = 10;
/** Messages whose time of sending is remembered. */
const REMEMBERED = 1 << 20;
const RETRY_MS = 500;
/** A slow reader reads for a while, then does not. */
const READS_MS = 300;
const STOPS_MS = 1500;

/** The users of a load: when they come, talk, lose their connection, and how it went. */
export class Crowd {
  readonly ledger = new Ledger();
  readonly ackLatency = new Histogram();
  readonly deliveryLatency = new Histogram();
  readonly refusals = new Map<string, number>();
  readonly disconnects = new Map<string, number>();
  readonly lossReasons = new Map<string, number>();
  readonly counts: CrowdCounts = {
    sent: 0,
    acknowledged: 0,
    delivered: 0,
    refused: 0,
    lost: 0,
    churned: 0,
    resumed: 0,
    gaps: 0,
  };
  address: SocketAddress;
  isTalking = false;
  isChurning = false;
  readonly #load: ChatLoad;
  readonly #port: CompletionPort;
  readonly #random: Random;
  readonly #sayings: Sayings;
  readonly #tickMs: number;
  readonly #bots: Bot[] = [];
  readonly #sentMs = new Float64Array(REMEMBERED);
  /** When each bot speaks next. */
  readonly #speaksMs: Float64Array;
  #nextMessageId = 1;
  #hereCount = 0;
  #startedCount = 0;
  #startMs = 0;
  #churnDue = 0;
  #lastTickMs = 0;
  #timer: PortTimer | undefined;
  #waiters: { readonly isSo: () => boolean; readonly resolve: () => void }[] = [];

  constructor(load: ChatLoad, port: CompletionPort, address: SocketAddress) {
    this.#load = load;
    this.#port = port;
    this.address = address;
    this.#random = new SeededRandom(load.seed);
    this.#sayings = new Sayings(load.textFile, load.textBytes, this.#random);
    this.#speaksMs = new Float64Array(load.users);
    this.#tickMs = Math.min(Math.max(load.thinkMs / 10, SHORTEST_TICK_MS), LONGEST_TICK_MS);
    const world: BotWorld = {
      port,
      buffers: new SendBufferPool(port.arena),
      crowd: this,
      roomKind: load.roomKind,
      isGuests: !load.accounts,
    };
    const chooser = new ZipfChooser(load.rooms, load.zipf, this.#random);
    for (let index = 0; index < load.users; index++) {
      const rooms = chooser.chooseSome(Math.min(load.roomsPerUser, load.rooms));
      const isSlow = this.#random.next() < load.slowShare;
      this.#bots.push(new Bot(index, rooms, isSlow, keyOf(index), world));
    }
  }

  get hereCount(): number {
    return this.#hereCount;
  }

  get unacknowledgedCount(): number {
    return this.#bots.reduce((sum, bot) => sum + bot.unacknowledgedCount, 0);
  }

  /** Begins the ramp. */
  start(): void {
    this.#startMs = this.#now();
    this.#lastTickMs = this.#startMs;
    for (let index = 0; index < this.#speaksMs.length; index++) this.#speaksMs[index] = this.#nextTime();
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const bot of this.#bots) bot.loseConnection();
  }

  /** Resolves when it is so; looked at each tick. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ isSo, resolve }));
  }

  /** When message `id` was sent; undefined when that is not known any more. */
  sentAt(id: number): number | undefined {
    return id > 0 && this.#nextMessageId - id < REMEMBERED ? this.#sentMs[id % REMEMBERED] : undefined;
  }

  onHere(_bot: Bot): void {
    this.#hereCount++;
  }

  onLost(bot: Bot, wasHere: boolean, why: string): void {
    if (wasHere) this.#hereCount--;
    this.counts.lost++;
    this.lossReasons.set(why, (this.lossReasons.get(why) ?? 0) + 1);
    this.#comeBack(bot, RETRY_MS * this.#random.next());
  }

  onRefused(what: string, code: string): void {
    this.counts.refused++;
    const key = `${what} ${code}`;
    this.refusals.set(key, (this.refusals.get(key) ?? 0) + 1);
  }

  onDisconnected(code: string): void {
    this.disconnects.set(code, (this.disconnects.get(code) ?? 0) + 1);
  }

  #tick(): void {
    const nowMs = this.#now();
    this.#letIn(nowMs);
    if (this.isTalking) this.#talk(nowMs);
    if (this.isChurning) this.#churn(nowMs);
    if (this.#load.slowShare > 0) this.#read(nowMs);
    this.#lastTickMs = nowMs;
    const ready = this.#waiters.filter(({ isSo }) => isSo());
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
    this.#timer = this.#port.startTimer(this.#tickMs, () => this.#tick());
  }

  #letIn(nowMs: number): void {
    const { rampMs, users } = this.#load;
    const share = rampMs === 0 ? 1 : (nowMs - this.#startMs) / rampMs;
    const due = Math.min(users, Math.ceil(share * users));
    while (this.#startedCount < due) this.#bots[this.#startedCount++]?.come(this.address);
  }

  #talk(nowMs: number): void {
    for (let index = 0; index < this.#bots.length; index++) {
      if ((this.#speaksMs[index] ?? 0) > nowMs) continue;
      const bot = this.#bots[index] as Bot;
      this.#speaksMs[index] = nowMs + this.#thinkMs();
      if (!bot.isHere) continue;
      const id = this.#nextMessageId++;
      this.#sentMs[id % REMEMBERED] = nowMs;
      bot.speak(id, this.#sayings.text(id), this.#random.next());
    }
  }

  #churn(nowMs: number): void {
    this.#churnDue += ((nowMs - this.#lastTickMs) / 1000) * this.#load.churnPerSecond;
    while (this.#churnDue >= 1) {
      this.#churnDue--;
      const bot = this.#bots[Math.floor(this.#random.next() * this.#bots.length)] as Bot;
      if (!bot.isHere) continue;
      this.#hereCount--;
      this.counts.churned++;
      bot.loseConnection();
      this.#comeBack(bot, 1000 * this.#random.next());
    }
  }

  #read(nowMs: number): void {
    const period = READS_MS + STOPS_MS;
    for (const bot of this.#bots) {
      // Each in its own rhythm.
      if (bot.isSlow) bot.setReading((nowMs + bot.index * 37) % period < READS_MS);
    }
  }

  #comeBack(bot: Bot, delayMs: number): void {
    this.#port.startTimer(delayMs, () => {
      if (bot.isAway) bot.come(this.address);
    });
  }

  #nextTime(): number {
    return this.#now() + this.#load.thinkMs * this.#random.next();
  }

  /** Exponentially distributed, as independent people are. */
  #thinkMs(): number {
    return -Math.log(1 - this.#random.next()) * this.#load.thinkMs;
  }

  #now(): number {
    return this.#port.clock.monotonicMs();
  }
}

/** What bot `index` logs in with: the same in every run. */
export function keyOf(index: number): Uint8Array {
  return new Uint8Array(hash("sha256", `bot ${index}`, "buffer"));
}

/** Room k of n with a weight of 1 / k^exponent. */
class ZipfChooser {
  readonly #cumulative: number[] = [];
  readonly #random: Random;

  constructor(count: number, exponent: number, random: Random) {
    this.#random = random;
    let sum = 0;
    for (let rank = 1; rank <= count; rank++) this.#cumulative.push((sum += rank ** -exponent));
  }

  /** Names of `count` different rooms. */
  chooseSome(count: number): string[] {
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.#choose());
    return [...chosen].map((index) => `load${index + 1}`);
  }

  #choose(): number {
    const target = this.#random.next() * (this.#cumulative.at(-1) ?? 0);
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#cumulative[middle] ?? 0) <= target) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
