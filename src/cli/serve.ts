import { resolve } from "node:path";
import { pino } from "pino";
import { HealthServer, type Readiness } from "../admin/health-server.ts";
import { type ChatServer, startChatServer } from "../chat/chat-server.ts";
import { listenErrorOf } from "../chat/start-error.ts";
import { formatSocketAddress, type SocketAddress } from "../engine/index.ts";
import type { PorticoConfig } from "./config.ts";
import { serverOptions } from "./server-options.ts";
import { stopSignal } from "./signals.ts";
import { printLine } from "./standard-streams.ts";
import { packageVersion } from "./version.ts";

/** `portico serve`: runs until SIGINT or SIGTERM. Rejects with StartError when it cannot start. */
export async function runServe(config: PorticoConfig): Promise<void> {
  const log = pino(
    { level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    process.stderr,
  );
  let readiness: Readiness = "starting";
  const health = await openHealthServer(config.http.address, () => readiness);
  let server: ChatServer;
  try {
    server = await startChatServer({ ...serverOptions(config), log });
  } catch (error) {
    await health.close();
    throw error;
  }
  readiness = "serving";
  for (const line of greeting(config, server, health)) printLine(line);

  const signal = await stopSignal();
  readiness = "draining";
  printLine(`stopping (${signal}): clients are told to come back later; once more stops at once`);
  await server.stop();
  await health.close();
  printLine("stopped");
}

async function openHealthServer(address: SocketAddress, readiness: () => Readiness): Promise<HealthServer> {
  try {
    return await HealthServer.open({ address, readiness });
  } catch (error) {
    throw listenErrorOf(error, "HTTP", address);
  }
}

/** Everything that a person wants to know, then a line for scripts. */
function greeting(config: PorticoConfig, server: ChatServer, health: HealthServer): string[] {
  const packets = formatSocketAddress(server.addresses.packets);
  const isUsual = packets === "127.0.0.1:9000";
  const join = `npm run portico -- chat --user mina${isUsual ? "" : ` --server ${reachable(server.addresses.packets)}`}`;
  const entries: readonly (readonly [string, string])[] = [
    ["packets", packets],
    ["http", `${health.url} (/livez, /readyz)`],
    ["backend", `${server.backend} (${server.why})`],
    ["data", resolve(config.data.directory)],
    ["to chat", join],
    ["to stop", "Ctrl-C"],
  ];
  return [
    `Portico ${packageVersion()}`,
    ...entries.map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    `ready packets ${packets} http ${formatSocketAddress(health.address)}`,
  ];
}

/** An address that a client on this machine can connect to: not the one that means "all of them". */
function reachable(address: SocketAddress): string {
  if (address.host === "0.0.0.0") return formatSocketAddress({ ...address, host: "127.0.0.1" });
  if (address.host === "::") return formatSocketAddress({ ...address, host: "::1" });
  return formatSocketAddress(address);
}
