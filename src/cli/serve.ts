import { resolve } from "node:path";
import { pino } from "pino";
import { AdminConsole } from "../admin/admin-console.ts";
import type { AdminContext } from "../admin/admin-operations.ts";
import { CONTROL_PATH, ControlEndpoint } from "../admin/control-endpoint.ts";
import { removeControlFile, writeControlFile } from "../admin/control-file.ts";
import { HealthServer, type HealthServerOptions, type Readiness } from "../admin/health-server.ts";
import { realRandom } from "../base/random.ts";
import { type ChatServer, startChatServer } from "../chat/chat-server.ts";
import { Argon2PasswordHasher } from "../chat/gate/password.ts";
import { listenErrorOf } from "../chat/start-error.ts";
import { formatSocketAddress, type SocketAddress } from "../engine/index.ts";
import type { PorticoConfig } from "./config.ts";
import { serverOptions } from "./server-options.ts";
import { onReloadSignal, stopSignal } from "./signals.ts";
import { printLine } from "./standard-streams.ts";
import { packageVersion } from "./version.ts";

/** `portico serve`: runs until SIGINT or SIGTERM. Rejects with StartError when it cannot start. */
export async function runServe({ config, reload }: ServeOptions): Promise<void> {
  const log = pino(
    { level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    process.stderr,
  );
  let readiness: Readiness = "starting";
  let admin: AdminContext | undefined;
  const token = Buffer.from(realRandom.bytes(32)).toString("base64url");
  const control = new ControlEndpoint(token, () => (readiness === "serving" ? admin : undefined));
  const health = await openHealthServer({
    address: config.http.address,
    readiness: () => readiness,
    routes: { [CONTROL_PATH]: (request, response) => control.handle(request, response) },
    onFailure: (error) => log.error({ err: error }, "an administrator's request failed"),
  });
  let server: ChatServer;
  try {
    server = await startChatServer({ ...(await serverOptions(config)), log });
  } catch (error) {
    await health.close();
    throw error;
  }
  const console = new AdminConsole(server.bus);
  const { store, clock } = server;
  admin = { console, store, clock, random: realRandom, hasher: new Argon2PasswordHasher({ concurrency: 1 }) };
  const { directory } = config.data;
  writeControlFile(directory, { url: localUrl(health), token, pid: process.pid });
  readiness = "serving";
  for (const line of greeting(config, server, health)) printLine(line);

  const unwatch = onReloadSignal(() => void reloadSettings(server, log, reload));
  const signal = await stopSignal();
  unwatch();
  readiness = "draining";
  printLine(`stopping (${signal}): clients are told to come back later; once more stops at once`);
  removeControlFile(directory);
  console.close();
  await server.stop();
  await health.close();
  printLine("stopped");
}

export interface ServeOptions {
  readonly config: PorticoConfig;
  /** Reads the configuration again, as at the start. Throws ConfigError. */
  readonly reload: () => PorticoConfig;
}

/** SIGHUP: what is wrong with the new settings is logged, and the old ones stay. */
async function reloadSettings(
  server: ChatServer,
  log: pino.Logger,
  reload: () => PorticoConfig,
): Promise<void> {
  try {
    const config = reload();
    const kept = server.reload(await serverOptions(config));
    log.level = config.log.level;
    log.info(kept.length === 0 ? {} : { needRestart: kept }, "the settings were read again");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.error({ detail }, "the settings could not be read again; the old ones stay");
  }
}

/** How this machine reaches the HTTP port. */
function localUrl(health: HealthServer): string {
  return `http://${reachable(health.address)}`;
}

async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  try {
    return await HealthServer.open(options);
  } catch (error) {
    throw listenErrorOf(error, "HTTP", options.address);
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
