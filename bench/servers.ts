import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Dialect, RoomsJob } from "./load/job.ts";
import type { Scenario } from "./scenarios.ts";

/** A server of the benchmark. */
export interface BenchServer {
  /** Names it in tables, in JSON and on the command line; the same name in every scenario it is in. */
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Which peer it is, for `--peers`; "portico" for our own. */
  readonly peer: "portico" | "node-net" | "bun" | "ws" | "socket.io";
  /** Packages of bench/node_modules it needs. */
  readonly needs: readonly string[];
  readonly runtime: "node" | "bun";
  /** What the runtime is started with. */
  readonly flags: readonly string[];
  /** In bench/servers/. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly dialect: Dialect;
  readonly roomKind: RoomsJob["roomKind"];
  /** Needs io_uring. */
  readonly uring: boolean;
  /** Calls OpenSSL directly, which is done on Linux alone. */
  readonly openssl: boolean;
  readonly about: string;
}

type Optional = "needs" | "runtime" | "flags" | "arguments" | "dialect" | "roomKind" | "uring" | "openssl";

function server(given: Omit<BenchServer, Optional> & Partial<Pick<BenchServer, Optional>>): BenchServer {
  return {
    needs: [],
    runtime: "node",
    flags: [],
    arguments: [],
    dialect: "relay",
    roomKind: "memory",
    uring: false,
    openssl: false,
    ...given,
  };
}

function echoOn(backend: "uring" | "libuv"): BenchServer {
  return server({
    name: `portico-engine-${backend}`,
    scenarios: ["echo", "memory"],
    peer: "portico",
    program: "portico-echo.ts",
    arguments: ["--backend", backend],
    uring: backend === "uring",
    about: `Portico's engine on ${backend}`,
  });
}

function relayOn(backend: "uring" | "libuv"): BenchServer {
  return server({
    name: `portico-relay-${backend}`,
    scenarios: ["fanout", "rooms"],
    peer: "portico",
    program: "portico-relay.ts",
    arguments: ["--backend", backend],
    uring: backend === "uring",
    about: `rooms on Portico's engine alone, on ${backend}`,
  });
}

/** The same relay without TLS, and over it as it is done here and as Node does it. */
function relayOverTls(backend: "uring" | "libuv", tls: "none" | "node" | "openssl"): BenchServer {
  return server({
    name: `portico-${tls === "none" ? "plain" : `tls-${tls}`}-${backend}`,
    scenarios: ["tls"],
    peer: "portico",
    program: "portico-relay.ts",
    arguments: ["--backend", backend, "--tls", tls],
    uring: backend === "uring",
    openssl: tls === "openssl",
    about: `rooms on Portico's engine alone, on ${backend}, ${tls === "none" ? "without TLS" : `TLS by ${tls}`}`,
  });
}

function chatOn(backend: "uring" | "libuv", roomKind: RoomsJob["roomKind"]): BenchServer {
  return server({
    name: `portico-chat-${backend}${roomKind === "logged" ? "-logged" : ""}`,
    scenarios: ["fanout", "rooms", "publish", ...(roomKind === "logged" ? [] : (["memory"] as const))],
    peer: "portico",
    program: "portico-chat.ts",
    flags: ["--max-semi-space-size=16"], // as `npm start` has it
    arguments: ["--backend", backend],
    dialect: "portico",
    roomKind,
    uring: backend === "uring",
    about: `Portico's whole chat server on ${backend}, rooms ${roomKind === "logged" ? "logged to disk" : "in memory"}`,
  });
}

function chatOverWebSocket(backend: "uring" | "libuv"): BenchServer {
  return server({
    name: `portico-chat-ws-${backend}`,
    scenarios: ["fanout"],
    peer: "portico",
    program: "portico-chat-ws.ts",
    flags: ["--max-semi-space-size=16"],
    arguments: ["--backend", backend],
    dialect: "portico-websocket",
    uring: backend === "uring",
    about: `Portico's whole chat server on ${backend}, over WebSocket, rooms in memory`,
  });
}

const servers: readonly BenchServer[] = [
  echoOn("uring"),
  echoOn("libuv"),
  chatOn("uring", "memory"),
  chatOn("uring", "logged"),
  chatOn("libuv", "memory"),
  chatOn("libuv", "logged"),
  chatOverWebSocket("uring"),
  chatOverWebSocket("libuv"),
  relayOn("uring"),
  relayOn("libuv"),
  relayOverTls("uring", "none"),
  relayOverTls("uring", "node"),
  relayOverTls("uring", "openssl"),
  relayOverTls("libuv", "none"),
  relayOverTls("libuv", "node"),
  relayOverTls("libuv", "openssl"),
  server({
    name: "node-net",
    scenarios: ["echo", "memory"],
    peer: "node-net",
    program: "node-net-echo.ts",
    about: "node:net, written at once",
  }),
  server({
    name: "node-net-relay",
    scenarios: ["fanout", "rooms"],
    peer: "node-net",
    program: "node-net-relay.ts",
    about: "node:net, one write per member per message, at once",
  }),
  server({
    name: "bun",
    scenarios: ["echo", "memory"],
    peer: "bun",
    needs: ["bun"],
    runtime: "bun",
    program: "bun-echo.ts",
    about: "Bun.listen, written at once",
  }),
  server({
    name: "bun-relay",
    scenarios: ["rooms"],
    peer: "bun",
    needs: ["bun"],
    runtime: "bun",
    program: "bun-relay.ts",
    about: "Bun.listen, one write per member per message, at once",
  }),
  server({
    name: "bun-publish",
    scenarios: ["fanout"],
    peer: "bun",
    needs: ["bun"],
    runtime: "bun",
    program: "bun-publish.ts",
    dialect: "websocket",
    about: "Bun.serve WebSocket with its own publish",
  }),
  server({
    name: "ws",
    scenarios: ["fanout"],
    peer: "ws",
    needs: ["ws"],
    program: "ws-rooms.ts",
    dialect: "websocket",
    about: "ws, send for each client of the room",
  }),
  server({
    name: "socket.io",
    scenarios: ["fanout"],
    peer: "socket.io",
    needs: ["socket.io"],
    program: "socket-io-rooms.ts",
    dialect: "socket.io",
    about: "Socket.IO rooms over WebSocket",
  }),
];

export function serverNames(): readonly string[] {
  return servers.map((each) => each.name);
}

export function findServer(name: string): BenchServer | undefined {
  return servers.find((each) => each.name === name);
}

export interface ServerChoice {
  readonly peers: readonly string[] | undefined;
  readonly only: readonly string[] | undefined;
  readonly uringAvailable: boolean;
}

/** The servers of a scenario that can run here, and why the others cannot. */
export function serversFor(
  scenario: Scenario,
  choice: ServerChoice,
): { run: BenchServer[]; left: Map<string, string> } {
  const run: BenchServer[] = [];
  const left = new Map<string, string>();
  for (const each of servers) {
    if (!each.scenarios.includes(scenario)) continue;
    if (choice.only !== undefined && !choice.only.includes(each.name)) continue;
    if (choice.peers !== undefined && each.peer !== "portico" && !choice.peers.includes(each.peer)) continue;
    const missing = each.needs.filter((name) => !isInstalled(name));
    if (missing.length > 0) left.set(each.name, `${missing.join(", ")} not installed`);
    else if (each.openssl && process.platform !== "linux") {
      left.set(each.name, "OpenSSL is called directly on Linux alone");
    } else if (each.uring && !choice.uringAvailable) left.set(each.name, "io_uring is not available here");
    else run.push(each);
  }
  return { run, left };
}

export function isInstalled(name: string): boolean {
  return existsSync(benchPath(`node_modules/${name}/package.json`));
}

/** An absolute path of something in bench/. */
export function benchPath(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
