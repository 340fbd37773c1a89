import { readFileSync } from "node:fs";
import type { Child } from "./child.ts";
import type { MemoryFigure } from "./results.ts";
import { type Bench, startGenerator, startServer } from "./rounds.ts";
import { idleConnections } from "./scenarios.ts";
import type { BenchServer } from "./servers.ts";

/** The part of the sessions that comes and goes before memory is first read. */
const WARM_UP_PART = 3;

const CONNECT_LIMIT_MS = 180_000;

/**
 * Resident bytes per idle session: (after − before) ÷ sessions, each read after a full collection.
 * `before` is read when a third as many sessions have come and gone, so that code, pools and tables are
 * in place and V8's young generation has its size. What the kernel holds for a socket is in no process's
 * resident memory and not counted.
 */
export async function measureMemory(bench: Bench, servers: readonly BenchServer[]): Promise<MemoryFigure[]> {
  const connections = idleConnections(bench.arguments.quick);
  const figures: MemoryFigure[] = [];
  for (const server of servers) {
    const { child, port } = await startServer(bench, server);
    try {
      await withIdleSessions(bench, server, child, port, Math.ceil(connections / WARM_UP_PART), () =>
        Promise.resolve(),
      );
      const before = await readMemory(child);
      let after = before;
      await withIdleSessions(bench, server, child, port, connections, async () => {
        after = await readMemory(child);
      });
      const bytesPerSession = Math.round((after.residentBytes - before.residentBytes) / connections);
      figures.push({
        server: server.name,
        connections,
        beforeBytes: before.residentBytes,
        afterBytes: after.residentBytes,
        bytesPerSession,
        heapBytesPerSession: Math.round((after.heapBytes - before.heapBytes) / connections),
      });
      bench.log(`  ${server.name}  ${bytesPerSession.toLocaleString("en")} B per session`);
    } finally {
      await child.end();
    }
  }
  return figures;
}

async function withIdleSessions(
  bench: Bench,
  server: BenchServer,
  child: Child,
  port: number,
  connections: number,
  whileIdle: () => Promise<void>,
): Promise<void> {
  const generator = startGenerator(bench, {
    kind: "idle",
    port,
    serverPid: child.pid,
    backend: bench.arguments.generator,
    dialect: server.dialect === "portico" ? "portico" : undefined,
    connections,
  });
  try {
    await generator.line(CONNECT_LIMIT_MS);
    await whileIdle();
  } finally {
    await generator.end();
  }
}

interface MemoryReading {
  readonly residentBytes: number;
  readonly heapBytes: number;
}

async function readMemory(child: Child): Promise<MemoryReading> {
  child.tell("collect");
  let collected: RegExpExecArray | null = null;
  while (collected === null) collected = /^collected (\d+)$/.exec(await child.line(60_000));
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error("the system does not tell a process's resident memory");
  return { residentBytes: Number(kibibytes) * 1024, heapBytes: Number(collected[1]) };
}
