import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextRound, setTimeout as delay } from "node:timers/promises";
import type { CompletionPort } from "../../src/engine/completion-port.ts";
import { openLibuvPort } from "../../src/engine/libuv/libuv-port.ts";
import type { NetworkFaults } from "../../src/engine/simulated/network-faults.ts";
import { SimulatedNetwork } from "../../src/engine/simulated/simulated-network.ts";
import type { SocketAddress } from "../../src/engine/socket-address.ts";
import type { SessionEnvironment } from "./session-world.ts";

/** The files that the server's port writes, as somebody else sees them. */
export interface FileEnvironment {
  /** A directory that is there and empty. */
  readonly directory: string;
  /** Throws when the file is not there. */
  read(path: string): Buffer;
  rename(from: string, to: string): void;
}

/** Two ports of one kind that reach each other, and a way to wait that suits them. */
export interface PortEnvironment extends SessionEnvironment {
  /** Lets everything happen that happens by itself. */
  pause(): Promise<void>;
  /** Only where the network is simulated: faults can be asked for. */
  readonly network?: SimulatedNetwork;
  readonly files: FileEnvironment;
  /** How many bytes a test of large transfers moves. */
  readonly bulkBytes: number;
}

/** One kind of port for the suites. */
export interface PortSubject {
  readonly name: string;
  /** Why the suites cannot run here. */
  readonly skipReason?: string | undefined;
  create(): Promise<PortEnvironment>;
}

/**
 * The subjects that the suites are to run on: all, or those whose ports PORTICO_TEST_BACKENDS names,
 * separated by commas.
 */
export function selected(subjects: readonly PortSubject[]): PortSubject[] {
  const names = process.env.PORTICO_TEST_BACKENDS?.split(",");
  return subjects.filter(({ name }) => names?.includes(name.replace(/,.*/, "")) ?? true);
}

const loopback: SocketAddress = { family: 4, host: "127.0.0.1", port: 0 };

/** After this a test that waits is given up as hung; not a measure of anything. Wine is slow. */
const HUNG_MS = process.platform === "win32" ? 300_000 : 60_000;

/** Ports on the machine's own network, served by this thread's event loop. */
export function realEnvironment(open: () => CompletionPort): PortEnvironment {
  const server = open();
  const client = open();
  const directory = mkdtempSync(join(tmpdir(), "portico-port-"));
  return {
    files: { directory, read: (path) => readFileSync(path), rename: renameSync },
    server,
    client,
    listenAddress: loopback,
    bulkBytes: 4 * 1024 * 1024,
    async until(predicate, what) {
      const startedMs = server.clock.monotonicMs();
      while (!predicate()) {
        assert.ok(server.clock.monotonicMs() - startedMs < HUNG_MS, `hung: ${what}`);
        await nextRound();
      }
    },
    settled: (promise) => promise,
    pause: () => delay(50),
    async close() {
      await Promise.all([client.close(), server.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Ports in memory; time moves when a test waits. */
export function simulatedEnvironment(seed: number, faults: Partial<NetworkFaults> = {}): PortEnvironment {
  const network = new SimulatedNetwork({ seed, faults });
  const server = network.createPort("server");
  const client = network.createPort("client");
  const until = async (predicate: () => boolean, what: string): Promise<void> => {
    const holds = await network.runUntilAsync(predicate, { maxSteps: 20_000_000 });
    assert.ok(holds, `seed ${seed}: nothing is left to happen, and still not: ${what}`);
  };
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    promise.then(
      () => (isSettled = true),
      () => (isSettled = true),
    );
    await until(() => isSettled, "a promise is settled");
    return promise;
  };
  const directory = "/files";
  server.disk.makeDirectory(directory);
  return {
    network,
    files: {
      directory,
      read: (path) => server.disk.read(path),
      rename: (from, to) => server.disk.rename(from, to),
    },
    server,
    client,
    listenAddress: loopback,
    bulkBytes: network.faults.windowBytes * 16,
    until,
    settled,
    pause: async () => {
      await network.runUntilAsync(() => false, { maxVirtualMs: 1000 });
    },
    async close() {
      await settled(Promise.all([client.close(), server.close()]));
    },
  };
}

/** The libuv port; it works everywhere. */
export const libuvSubject: PortSubject = {
  name: "libuv",
  create: () => Promise.resolve(realEnvironment(openLibuvPort)),
};

/** The same as it reads where net.Socket's handle cannot be had. */
export const libuvDataEventsSubject: PortSubject = {
  name: "libuv, data events",
  create: () => Promise.resolve(realEnvironment(() => openLibuvPort({ usesDataEvents: true }))),
};

/** The simulated port with one seed and one kind of network. */
export function simulatedSubject(
  name: string,
  seed: number,
  faults: Partial<NetworkFaults> = {},
): PortSubject {
  return { name, create: () => Promise.resolve(simulatedEnvironment(seed, faults)) };
}

/** The io_uring port; without one, the reason is printed. */
export async function uringSubject(): Promise<PortSubject> {
  const { openUringPort, probeUring } = await loadUring();
  const probe = probeUring();
  return {
    name: "uring",
    skipReason: probe.available ? undefined : `io_uring does not work here: ${probe.reason}`,
    create: () => Promise.resolve(realEnvironment(openUringPort)),
  };
}

async function loadUring() {
  // Loaded here alone, so that the suites of the other ports run where koffi does not load.
  const [{ openUringPort }, { probeUring }] = await Promise.all([
    import("../../src/engine/uring/uring-port.ts"),
    import("../../src/engine/uring/probe.ts"),
  ]);
  return { openUringPort, probeUring };
}

/** The port on Windows' completion ports; without them, the reason is printed. */
export async function iocpSubject(): Promise<PortSubject> {
  const [{ openIocpPort }, { probeIocp }] = await Promise.all([
    import("../../src/engine/iocp/iocp-port.ts"),
    import("../../src/engine/iocp/probe.ts"),
  ]);
  const probe = probeIocp();
  return {
    name: "iocp",
    skipReason: probe.available ? undefined : `IOCP does not work here: ${probe.reason}`,
    create: () => Promise.resolve(realEnvironment(openIocpPort)),
  };
}
