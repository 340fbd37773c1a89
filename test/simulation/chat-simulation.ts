import { SeededRandom } from "../../src/base/random.ts";
import type { ChatServer } from "../../src/chat/chat-server.ts";
import { MemoryDisk } from "../../src/chat/store/memory-disk.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { SimulatedNetwork } from "../../src/engine/simulated/simulated-network.ts";
import type { SimulatedPort } from "../../src/engine/simulated/simulated-port.ts";
import type { WebDoor } from "../support/web-transport.ts";
import type { AnswerCounts } from "./answer-check.ts";
import { checkRules, PRIVATE_ROOM } from "./rules.ts";
import { openSimulatedServer, QUEUE_BYTES, wayToServer } from "./simulated-server.ts";
import { SimulatedUser } from "./simulated-user.ts";
import { SimulationError, type SimulationOptions, type SimulationReport } from "./simulation-report.ts";
import { codesOf } from "./town/commands.ts";
import { Town } from "./town/town.ts";

export const ROOMS = [
  { name: "lobby", kind: "logged" },
  { name: "tea", kind: "logged" },
  { name: "noise", kind: "memory" },
] as const;

/** The part of what is done that people of the town do, where there is one. */
const TOWN_SHARE = 0.45;
/** What a connection that broke left on its way has come to nothing by then. */
const LAST_MOMENT_MS = 6500;
/** In this time the server has done in the background what is due. */
const SETTLING_MS = 2500;
/** What people of the town do when nothing goes wrong any more. */
const CALM_ACTIONS = 50;
/** Partitions last no longer. */
const PARTITION_MOST_MS = 6000;

/** One whole run: a server, its disk, some users, and everything that can go wrong, all from one seed. */
export async function simulateChat(options: SimulationOptions): Promise<SimulationReport> {
  const run = new Simulation(options);
  return run.run();
}

class Simulation {
  readonly #seed: number;
  readonly #actionCount: number;
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #disk = new MemoryDisk();
  readonly #users: SimulatedUser[] = [];
  /** Users whose machine crashed; what they were told still counts. */
  readonly #gone: SimulatedUser[] = [];
  readonly #breaches: string[] = [];
  readonly #answers: AnswerCounts = new Map();
  /** Every other run has no town: people talk more, and more goes wrong. Half the towns need invitations. */
  readonly #plan: { readonly hasTown: boolean; readonly hasInvitations: boolean };
  readonly #town: Town | undefined;
  #server: ChatServer | undefined;
  #serverPort: SimulatedPort | undefined;
  #door: WebDoor | undefined;
  #store: MemoryStore | undefined;
  #textCount = 0;
  #portCount = 0;
  #crashCount = 0;

  constructor(options: SimulationOptions) {
    this.#seed = options.seed;
    this.#actionCount = options.actionCount ?? 150;
    this.#random = new SeededRandom(options.seed ^ 0x5eed);
    this.#network = new SimulatedNetwork({
      seed: options.seed,
      faults: {
        ...roughFaults,
        maxDelayMs: 5,
        resetChance: this.#random.chance(0.5) ? 0.002 : 0,
        refuseChance: 0.05,
      },
      ...(options.onTrace === undefined ? {} : { onTrace: options.onTrace }),
    });
    this.#plan = { hasTown: options.seed % 2 === 1, hasInvitations: options.seed % 4 === 1 };
    if (this.#plan.hasTown) this.#town = this.#newTown();
  }

  async run(): Promise<SimulationReport> {
    await this.#startServer();
    const userCount = 3 + this.#random.below(5);
    for (let index = 0; index < userCount; index++) this.#users.push(this.#newUser(`user${index}`, true));
    for (let action = 0; action < this.#actionCount; action++) {
      if (this.#town !== undefined && this.#random.chance(TOWN_SHARE)) this.#town.act();
      else await this.#act();
      await this.#pass(this.#random.below(60));
      this.#failOnBreach();
    }
    await this.#makePeace();
    checkRules({
      disk: this.#disk,
      users: this.#users,
      gone: this.#gone,
      breach: (rule, what) => this.#breach(rule, what),
    });
    this.#failOnBreach();
    await this.#endAtRest();
    this.#failOnBreach();
    const everybody = [...this.#users, ...this.#gone];
    return {
      seed: this.#seed,
      fingerprint: this.#network.fingerprint,
      stepCount: this.#network.stepCount,
      virtualMs: Math.round(this.#network.clock.monotonicMs()),
      acknowledgedCount: everybody.reduce((count, user) => count + user.acknowledged.length, 0),
      heardCount: everybody.reduce(
        (count, user) => count + [...user.records.values()].flatMap(({ segments }) => segments.flat()).length,
        0,
      ),
      crashCount: this.#crashCount,
      answers: this.#answers,
    };
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const user = this.#users[random.below(this.#users.length)] as SimulatedUser;
    const room = ROOMS[random.below(ROOMS.length)] as (typeof ROOMS)[number];
    const dice = random.next();
    if (dice < 0.42) {
      for (let count = 1 + random.below(4); count > 0; count--) user.say(room.name, this.#newText(user));
    } else if (dice < 0.52) {
      user.change(room.name, random, ++this.#textCount);
    } else if (dice < 0.57) {
      this.#actInPrivate(user);
    } else if (dice < 0.65) {
      const other = this.#users[random.below(this.#users.length)] as SimulatedUser;
      if (other !== user) user.whisper(random.chance(0.9) ? other.name : "nobody", this.#newText(user));
    } else if (dice < 0.75) user.join(room.name, room.kind === "memory" ? "memory" : "logged");
    else if (dice < 0.78) user.leave(room.name === "lobby" ? "tea" : room.name);
    else if (dice < 0.84) user.look(room.name);
    else if (dice < 0.88) this.#partition(user);
    else if (dice < 0.91) this.#store?.failNextAppend(random.chance(0.5) ? "writeFails" : "diesAfterCommit");
    else if (dice < 0.94) this.#crashUser(user);
    else if (dice < 0.97) await this.#crashServer();
    else this.#network.failNext("accept", 24);
  }

  /** The first user has a room of its own; the others try to get in, and are let in or thrown out. */
  #actInPrivate(user: SimulatedUser): void {
    const random = this.#random;
    const owner = this.#users[0] as SimulatedUser;
    const dice = random.next();
    if (dice < 0.25) owner.createPrivate(PRIVATE_ROOM);
    else if (dice < 0.45) owner.invite(PRIVATE_ROOM, user.name);
    else if (dice < 0.65) user.enter(PRIVATE_ROOM);
    else if (dice < 0.85) user.say(PRIVATE_ROOM, this.#newText(user));
    else if (user !== owner) {
      const actions = ["kick", "mute", "unmute"] as const;
      owner.moderate(PRIVATE_ROOM, user.name, actions[random.below(3)] as "kick");
    }
  }

  #newText(user: SimulatedUser): string {
    this.#textCount++;
    return `${user.name} says ${this.#textCount}${this.#random.chance(0.1) ? " ".padEnd(2000, "x") : ""}`;
  }

  #partition(user: SimulatedUser): void {
    const server = this.#serverPort;
    if (server === undefined) return;
    const device = this.#random.chance(0.4) ? this.#town?.pickOr(this.#town.devices, undefined) : undefined;
    const { port } = device ?? user;
    this.#network.partition(port, server);
    this.#network.schedule(this.#random.below(PARTITION_MOST_MS), () => this.#network.heal(port, server));
  }

  #crashUser(user: SimulatedUser): void {
    user.crash();
    this.#gone.push(user);
    this.#users.splice(this.#users.indexOf(user), 1, this.#newUser(user.name, false, user));
  }

  async #crashServer(): Promise<void> {
    this.#crashCount++;
    this.#serverPort?.crash();
    this.#store?.crash();
    this.#town?.ledger.noteCrash();
    await this.#pass(this.#random.below(800));
    await this.#startServer();
  }

  async #startServer(): Promise<void> {
    const port = this.#network.createPort(`server-${++this.#portCount}`);
    const delays = new SeededRandom(this.#seed * 31 + this.#portCount);
    const store = new MemoryStore({
      disk: this.#disk,
      random: delays,
      defer: (action) => void port.startTimer(delays.below(4), action),
    });
    this.#serverPort = port;
    this.#store = store;
    const { hasInvitations } = this.#plan;
    const { door, starting } = openSimulatedServer({ port, store, random: delays, hasInvitations });
    this.#door = door;
    let isUp = false;
    starting.then(
      async (server) => {
        this.#server = server;
        await door.open(server);
        isUp = true;
      },
      (error: unknown) => this.#breach(0, `the server does not start: ${String(error)}`),
    );
    await this.#until(() => isUp || this.#breaches.length > 0, "the server starts");
  }

  #newUser(name: string, register: boolean, before?: SimulatedUser): SimulatedUser {
    // Whoever crashed before the account was made has to make it now.
    const port = this.#network.createPort(`${name}-${++this.#portCount}`);
    if (this.#plan.hasInvitations) this.#makeAccount(name);
    const mustRegister =
      !this.#plan.hasInvitations &&
      (register || (before !== undefined && this.#disk.findAccount(name) === undefined));
    return new SimulatedUser({
      name,
      port,
      transport: wayToServer(port, this.#random),
      random: new SeededRandom(this.#seed * 131 + this.#portCount),
      breach: (rule, what) => this.#breach(rule, what),
      answers: { counts: this.#answers, codes: codesOf },
      register: mustRegister,
    });
  }

  /** Where an invitation is needed, they have registered before. */
  #makeAccount(name: string): void {
    const passwordHash = `quick:password of ${name}`;
    this.#disk.ask("createAccount", { name, nameKey: name, passwordHash, nowMs: 0 });
  }

  #newTown(): Town {
    return new Town({
      random: new SeededRandom(this.#seed ^ 0x70_3a),
      disk: this.#disk,
      breach: (rule, what) => this.#breach(rule, what),
      counts: this.#answers,
      isInvitationRequired: this.#plan.hasInvitations,
      wallMs: () => this.#network.clock.wallMs(),
      newMachine: (name) => {
        const port = this.#network.createPort(`${name}-${++this.#portCount}`);
        const random = new SeededRandom(this.#seed * 131 + this.#portCount);
        return { port, transport: wayToServer(port, this.#random), random };
      },
      isLockdownHarmless: () => this.#users.every(({ isKnown }) => isKnown),
    });
  }

  /** Nothing goes wrong any more: everybody comes back, and everything that waits is delivered. */
  async #makePeace(): Promise<void> {
    Object.assign(this.#network.faults, { resetChance: 0, refuseChance: 0 });
    // What a machine has sent before it crashed may be on its way still.
    for (const { port } of [...this.#users, ...this.#gone, ...(this.#town?.devices ?? [])])
      if (this.#serverPort !== undefined) this.#network.heal(port, this.#serverPort);
    await this.#until(
      () =>
        this.#town?.isQuiet !== false &&
        this.#users.every((user) => user.isQuiet || user.givenUp !== undefined),
      "everybody is back and quiet",
    );
    await this.#pass(100);
    for (const user of this.#users)
      if (user.givenUp !== undefined) this.#breach(0, `${user.name} gave up: ${user.givenUp}`);
    this.#failOnBreach();
    for (const user of this.#users) user.say("lobby", `${user.name} says goodbye`);
    const last = (): number => this.#disk.findRoom("lobby")?.lastOffset ?? 0;
    await this.#until(
      () =>
        this.#users.every(
          (user) => user.isQuiet && user.records.get("lobby")?.segments.at(-1)?.at(-1)?.offset === last(),
        ),
      "everybody has heard the last goodbye",
    );
    await this.#pass(500);
    if (this.#town !== undefined) await this.#checkTown(this.#town);
  }

  /** Rules 10 to 18. */
  async #checkTown(town: Town): Promise<void> {
    await this.#pass(LAST_MOMENT_MS);
    await this.#until(() => town.isQuiet, "the town is quiet");
    town.ledger.order.noteEnd();
    town.arrivals.callBack();
    await this.#until(() => town.isQuiet, "everybody who may come back is there");
    // Where nothing breaks each outcome is certain.
    for (let action = 0; action < CALM_ACTIONS; action++) {
      town.act();
      await this.#pass(this.#random.below(40));
    }
    await this.#until(() => town.isQuiet, "the town is quiet again");
    await this.#pass(100);
    town.arrivals.callBack();
    await this.#pass(SETTLING_MS);
    await this.#until(() => town.isQuiet, "everybody is back");
    town.ledger.order.noteEnd();
    this.#failOnBreach();
    let isChecked = false;
    town.check().then(
      () => (isChecked = true),
      (error: unknown) => this.#breach(0, error instanceof Error ? `${error.stack}` : String(error)),
    );
    await this.#until(() => isChecked || this.#breaches.length > 0, "the town is looked at");
    this.#failOnBreach();
  }

  /** Rule 6: when all have gone, nothing is left. */
  async #endAtRest(): Promise<void> {
    const server = this.#server as ChatServer;
    const door = this.#door as WebDoor;
    const people = [...this.#users, ...(this.#town?.devices.filter((device) => !device.isCrashed) ?? [])];
    const closing = Promise.all([...people.map(({ client }) => client.close()), server.stop(5000)]);
    let isClosed = false;
    void closing
      .then(() => door.close())
      .then(() => {
        isClosed = true;
      });
    await this.#until(() => isClosed, "everything closes");
    const counters = server.counters();
    if (counters.connections !== 0) this.#breach(6, `${counters.connections} connections are left`);
    const { sessionsOpened, sessionsClosed } = door.service.counters;
    if (sessionsOpened !== sessionsClosed || counters.gate.webSockets !== 0)
      this.#breach(6, "a WebSocket was not closed once");
    if (counters.service.sessionsOpened !== counters.service.sessionsClosed)
      this.#breach(6, "a session was not closed once");
    if (counters.sendBuffers.usedBytes !== 0)
      this.#breach(6, `${counters.sendBuffers.usedBytes} bytes of send buffers are held`);
    if (counters.hub.sessions !== 0 || counters.hub.users !== 0)
      this.#breach(6, "the hub still knows somebody");
    for (const port of [this.#serverPort as SimulatedPort, ...people.map((user) => user.port)]) {
      if (port.counters.outstandingOperations !== 0)
        this.#breach(6, `${port.name} has operations without an end`);
      if (port.counters.openSockets !== 0) this.#breach(6, `${port.name} has open sockets`);
    }
  }

  async #pass(durationMs: number): Promise<void> {
    const endMs = this.#network.clock.monotonicMs() + durationMs;
    this.#network.schedule(durationMs, () => undefined);
    await this.#until(() => this.#network.clock.monotonicMs() >= endMs, "time passes");
    this.#checkQueues();
  }

  /** Rule 7: whatever readers do, the server's queues hold no more than their limits allow. */
  #checkQueues(): void {
    if (this.#server === undefined || this.#serverPort?.host.hasCrashed === true) return;
    const { sendBuffers, connections } = this.#server.counters();
    const limitBytes = (connections + 1) * QUEUE_BYTES * 2 + 4 * QUEUE_BYTES;
    if (sendBuffers.usedBytes > limitBytes)
      this.#breach(7, `${sendBuffers.usedBytes} bytes are queued for ${connections} sessions`);
  }

  async #until(predicate: () => boolean, what: string): Promise<void> {
    const came = await this.#network.runUntilAsync(predicate, { maxSteps: 2_000_000, maxVirtualMs: 600_000 });
    if (!came) {
      const states = this.#users.map(
        (user) =>
          `${user.name}: ${user.client.state.name}, ${user.client.pendingCount} pending, ${user.givenUp ?? ""}`,
      );
      throw new SimulationError(this.#seed, `it never comes to this: ${what}\n  ${states.join("\n  ")}`);
    }
  }

  #breach(rule: number, what: string): void {
    this.#breaches.push(rule === 0 ? what : `rule ${rule}: ${what}`);
  }

  #failOnBreach(): void {
    if (this.#breaches.length > 0)
      throw new SimulationError(this.#seed, this.#breaches.slice(0, 5).join("\n  "));
  }
}
