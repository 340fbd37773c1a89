import type { ChatServerCounters } from "../../src/chat/chat-server.ts";
import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPort, type SocketAddress, socketAddress } from "../../src/engine/index.ts";
import { Child } from "../child.ts";
import { cpuTimeBetween, cpuTimeOf, machineTime, machineTimeBetween, ownCpuTime } from "../load/cpu-time.ts";
import { describeMachine, machineLine } from "../machine.ts";
import { benchPath } from "../servers.ts";
import { type ChatLoad, readChatLoad } from "./arguments.ts";
import { Crowd } from "./crowd.ts";
import { makeAccounts } from "./accounts.ts";
import { type ChatResult, renderChat } from "./report.ts";

const START_LIMIT_MS = 30_000;
/** Everybody in, everything acknowledged, everybody back: not longer than this each. */
const WAIT_LIMIT_MS = 120_000;
/** People talk for this long before anything is measured: a server's first seconds are its compiler's. */
const WARM_UP_MS = 3000;
/** After the last acknowledgement, so that members have heard it too. */
const SETTLE_MS = 500;

/** `portico bench chat`. Returns the exit code: 1 when a message was lost, doubled or out of order. */
export async function runChat(args: readonly string[]): Promise<number> {
  const load = readChatLoad(args);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(machineLine(describeMachine()));
  const directory = mkdtempSync(join(tmpdir(), "portico-load-"));
  const server = load.server === undefined ? await OwnServer.start(load, directory) : undefined;
  const { port } = openPort();
  const crowd = new Crowd(load, port, server?.address ?? (load.server as SocketAddress));
  try {
    const result = await measure(load, crowd, server, print);
    for (const line of renderChat(result)) print(line);
    if (load.jsonFile !== undefined)
      writeFileSync(load.jsonFile, `${JSON.stringify(result, undefined, 2)}\n`);
    return result.faultCount === 0 && result.unacknowledged === 0 ? 0 : 1;
  } finally {
    crowd.stop();
    await port.close();
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(
  load: ChatLoad,
  crowd: Crowd,
  server: OwnServer | undefined,
  print: (line: string) => void,
): Promise<ChatResult> {
  const startMs = performance.now();
  const progress = setInterval(() => {
    if (!load.quiet) print(progressLine(crowd, load, performance.now() - startMs));
  }, 1000);
  try {
    crowd.start();
    await within(
      crowd.until(() => crowd.hereCount === load.users),
      "everybody to come in",
      crowd,
    );
    const rampMs = performance.now() - startMs;
    let restartMs: number | undefined;
    crowd.isTalking = true;
    crowd.isChurning = load.churnPerSecond > 0;
    await pause(Math.min(WARM_UP_MS, load.durationMs));
    if (load.restart && server !== undefined) {
      restartMs = await restart(load, crowd, server);
    }
    const before = { ...crowd.counts };
    crowd.ackLatency.clear();
    crowd.deliveryLatency.clear();
    const cpuBefore = server?.cpuTime();
    const ownBefore = ownCpuTime();
    const machineBefore = machineTime();
    const fromMs = performance.now();
    await pause(load.durationMs);
    const measuredMs = performance.now() - fromMs;
    const after = { ...crowd.counts };
    const serverCpu = cpuTimeBetween(cpuBefore, server?.cpuTime());
    const ownCpu = cpuTimeBetween(ownBefore, ownCpuTime());
    const machineCpu = machineTimeBetween(machineBefore, machineTime());
    const ackLatency = crowd.ackLatency.summary();
    const deliveryLatency = crowd.deliveryLatency.summary();
    crowd.isTalking = false;
    crowd.isChurning = false;
    await within(
      crowd.until(() => crowd.hereCount === load.users && crowd.unacknowledgedCount === 0),
      "everything to be acknowledged",
      crowd,
    ).catch((error: unknown) => print(String(error)));
    await pause(SETTLE_MS);
    return {
      load,
      machine: describeMachine(),
      rampMs: Math.round(rampMs),
      restartMs,
      measuredMs: Math.round(measuredMs),
      sentPerSecond: perSecond(after.sent - before.sent, measuredMs),
      acknowledgedPerSecond: perSecond(after.acknowledged - before.acknowledged, measuredMs),
      deliveredPerSecond: perSecond(after.delivered - before.delivered, measuredMs),
      ackLatency,
      deliveryLatency,
      counts: { ...crowd.counts },
      unacknowledged: crowd.unacknowledgedCount,
      refusals: Object.fromEntries(crowd.refusals),
      disconnects: Object.fromEntries(crowd.disconnects),
      losses: Object.fromEntries(crowd.lossReasons),
      faults: Object.fromEntries(crowd.ledger.faults),
      faultCount: crowd.ledger.faultCount,
      toldFaults: crowd.ledger.told,
      serverCpu,
      ownCpu,
      machineCpu,
      server: await server?.metrics(),
    };
  } finally {
    clearInterval(progress);
  }
}

/** Kills the server, starts it again on the same data, and waits until everybody is in all rooms again. */
async function restart(load: ChatLoad, crowd: Crowd, server: OwnServer): Promise<number> {
  crowd.isTalking = false;
  await server.kill();
  await within(
    crowd.until(() => crowd.hereCount === 0),
    "everybody to notice",
    crowd,
  );
  await server.startAgain();
  crowd.address = server.address;
  const readyMs = performance.now();
  await within(
    crowd.until(() => crowd.hereCount === load.users),
    "everybody to come back",
    crowd,
  );
  crowd.isTalking = true;
  return Math.round(performance.now() - readyMs);
}

function progressLine(crowd: Crowd, { users }: ChatLoad, elapsedMs: number): string {
  const { counts, hereCount, ackLatency, ledger } = crowd;
  const seconds = `${Math.round(elapsedMs / 1000)} s`.padStart(6);
  return (
    `${seconds}  ${hereCount}/${users} here  ${counts.acknowledged} acknowledged  ${counts.delivered} delivered  ` +
    `p99 ${ackLatency.quantileMs(0.99).toFixed(1)} ms  ${ledger.faultCount} faults`
  );
}

async function within(done: Promise<void>, what: string, crowd: Crowd): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const refusals = JSON.stringify(Object.fromEntries([...crowd.refusals, ...crowd.lossReasons]));
      reject(new Error(`waited ${WAIT_LIMIT_MS / 1000} s for ${what}: ${crowd.hereCount} here; ${refusals}`));
    }, WAIT_LIMIT_MS);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function perSecond(count: number, ms: number): number {
  return Math.round((count / ms) * 1000);
}

/** A server of the load's own: the whole chat server in another process, its limits set for this. */
class OwnServer {
  readonly #load: ChatLoad;
  readonly #directory: string;
  #child: Child;
  #port = 0;

  private constructor(load: ChatLoad, directory: string) {
    this.#load = load;
    this.#directory = directory;
    this.#child = this.#spawn();
  }

  static async start(load: ChatLoad, directory: string): Promise<OwnServer> {
    if (load.accounts) await makeAccounts(directory, load.users);
    const server = new OwnServer(load, directory);
    await server.#untilReady();
    return server;
  }

  get address(): SocketAddress {
    return socketAddress("127.0.0.1", this.#port);
  }

  cpuTime() {
    return cpuTimeOf(this.#child.pid);
  }

  /** Its own counters. */
  async metrics(): Promise<ChatServerCounters> {
    this.#child.tell("counters");
    for (;;) {
      const line = await this.#child.line(START_LIMIT_MS);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's (bench/servers/portico-chat.ts)
      if (line.startsWith("counters "))
        return JSON.parse(line.slice("counters ".length)) as ChatServerCounters;
    }
  }

  async kill(): Promise<void> {
    process.kill(this.#child.pid, "SIGKILL");
    await this.#child.end();
  }

  async startAgain(): Promise<void> {
    this.#child = this.#spawn();
    await this.#untilReady();
  }

  async stop(): Promise<void> {
    await this.#child.end();
  }

  #spawn(): Child {
    return new Child("server", undefined, process.execPath, [
      "--max-semi-space-size=16",
      benchPath("servers/portico-chat.ts"),
      "--backend",
      this.#load.backend,
      "--data",
      this.#directory,
      "--connections",
      String(this.#load.users + 100),
    ]);
  }

  async #untilReady(): Promise<void> {
    for (;;) {
      const said = /^ready (\d+)$/.exec(await this.#child.line(START_LIMIT_MS));
      if (said?.[1] === undefined) continue;
      this.#port = Number(said[1]);
      return;
    }
  }
}
