import { resolve } from "node:path";
import type { AdminContext } from "../admin/admin-operations.ts";
import { ControlEndpoint } from "../admin/control-endpoint.ts";
import { type Control, removeControlFile, writeControlFile } from "../admin/control-file.ts";
import type { Readiness } from "../admin/health-routes.ts";
import { realClock } from "../base/clock.ts";
import { realRandom } from "../base/random.ts";
import { type ChatServer, startChatServer } from "../chat/chat-server.ts";
import { startErrorOf } from "../chat/start-error.ts";
import {
  formatSocketAddress,
  type OpenedPort,
  openPort,
  SendBufferPool,
  type SocketAddress,
} from "../engine/index.ts";
import { AdminFront, type AdminFrontOptions } from "./admin-front.ts";
import { CliError, EXIT_FAILED } from "./cli-error.ts";
import { changedKeys, type PorticoConfig } from "./config.ts";
import { HttpFront } from "./http-front.ts";
import { type LogOutput, openLogOutput } from "./log-output.ts";
import { serverOptions } from "./server-options.ts";
import { onReloadSignal, stopSignal } from "./signals.ts";
import { printError, printLine } from "./standard-streams.ts";
import { StopDeadline } from "./stop-deadline.ts";
import { certificateWarnings, fingerprintOf, tlsSettings, type TlsSettings } from "./tls-settings.ts";
import { packageVersion } from "./version.ts";

/**
 * `portico serve`: runs until SIGINT or SIGTERM. Rejects with StartError or CliError when it cannot start. After a
 * stop the process is expected to end: one that has not when the deadline has passed is ended with status 1.
 */
export async function runServe(options: ServeOptions): Promise<void> {
  const { config } = options;
  const deadline = stopDeadline();
  const opened = openServePort(config);
  try {
    const output = await openLogOutput(config.log, opened.port);
    try {
      await serveOn(opened, output, options, deadline);
    } finally {
      deadline.reach("closing the log");
      await output.close();
    }
  } finally {
    deadline.reach("closing the port");
    await opened.port.close();
  }
  deadline.reach("ending");
  printLine("stopped");
}

function stopDeadline(): StopDeadline {
  return new StopDeadline({
    startTimer: (delayMs, onExpired) => void setTimeout(onExpired, delayMs).unref(),
    heldBy: () => process.getActiveResourcesInfo(),
    onLate: (line) => {
      printError(line);
      process.exit(EXIT_FAILED);
    },
  });
}

/** HTTP is there from before the chat starts until after it has stopped, and says which of the two it is. */
async function serveOn(
  opened: OpenedPort,
  output: LogOutput,
  options: ServeOptions,
  deadline: StopDeadline,
): Promise<void> {
  const { config } = options;
  const { port, why } = opened;
  const { log } = output;
  const sendBuffers = new SendBufferPool(port.arena);
  let readiness: Readiness = "starting";
  let admin: AdminContext | undefined;
  const token = Buffer.from(realRandom.bytes(32)).toString("base64url");
  const control = new ControlEndpoint(token, () => (readiness === "serving" ? admin : undefined));
  const front = openAdminFront({ config, output, readiness: () => readiness });
  const tls = tlsSettings(config);
  warnOfCertificates(tls, output);
  const http = await HttpFront.open({
    config,
    tls: tls.http,
    port,
    sendBuffers,
    adminAddress: config.admin.address,
    readiness: () => readiness,
    control,
    plugins: front.plugins,
    onAnswered: (route, status) => front.countRequest(route, status),
    log,
  });
  try {
    const server = await startChatServer({
      ...(await serverOptions(config, tls.packets)),
      port,
      sendBuffers,
      log,
    });
    http.setWebSocket((request, session, head) => server.acceptWebSocket(request, session, head));
    admin = front.attach(server, http, why);
    const { directory } = config.data;
    const writeControl = (): void => writeControlFile(directory, controlOf(config, http, token));
    writeControl();
    readiness = "serving";
    // Before anybody is told that the server is ready: what they send then must not end the process.
    const unwatch = onReloadSignal(() => {
      output.reopen();
      reloadCertificates(server, http, writeControl, output, options);
      void reloadSettings(server, output, options);
    });
    const stopped = stopSignal();
    for (const line of greeting({ config, server, http, front, why })) printLine(line);
    const cause = await Promise.race([stopped, front.drained.then(() => "an administrator")]);
    readiness = "draining";
    deadline.begin(config.timeouts.shutdown);
    deadline.reach("stopping the chat");
    printLine(`stopping (${cause}): clients are told to come back later; once more stops at once`);
    removeControlFile(directory);
    front.beginStop();
    await server.stop();
    unwatch();
    front.close();
  } finally {
    deadline.reach("closing HTTP");
    await http.close();
  }
}

export interface ServeOptions {
  readonly config: PorticoConfig;
  /** Reads the configuration again, as at the start. Throws ConfigError. */
  readonly reload: () => PorticoConfig;
}

/** Of the others the server says that they need a restart; so does the gate, of some of these. */
const RELOADABLE =
  /^(?:tls|limits|timeouts|rates|login|jwt|moderation|websocket)\.|^http\.origins$|^log\.level$/;

/** SIGHUP: new connections get the certificates that are in the files now. When these are no good, nothing changes. */
function reloadCertificates(
  server: ChatServer,
  http: HttpFront,
  writeControl: () => void,
  { log }: LogOutput,
  { config: started, reload }: ServeOptions,
): void {
  if (!started.packets.tls && !started.http.tls) return;
  try {
    const config = reload();
    // What is over TLS stays so, and what is not stays so, too.
    const tls = tlsSettings({ ...config, packets: started.packets, http: started.http });
    warnOfCertificates(tls, { log });
    if (tls.http !== undefined) http.service.reloadTls(tls.http);
    if (tls.packets !== undefined) server.reloadTls(tls.packets);
    writeControl();
    log.info({}, "the certificates were read again");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.error({ detail }, "the certificates could not be read again; the old ones stay");
  }
}

/** They are used all the same: clients that know them by their fingerprint take them. */
function warnOfCertificates(tls: TlsSettings, { log }: Pick<LogOutput, "log">): void {
  for (const warning of certificateWarnings(tls, realClock.wallMs())) log.warn({}, warning);
}

/** How the command line on this machine reaches the server, and knows it again. */
function controlOf(
  { http: { tls }, tls: { certificate } }: PorticoConfig,
  http: HttpFront,
  token: string,
): Control {
  const control = { url: urlOf(http.address, tls), token, pid: process.pid };
  return tls ? { ...control, fingerprint: fingerprintOf(certificate) } : control;
}

/** SIGHUP: what is wrong with the new settings is logged, and the old ones stay. */
async function reloadSettings(
  server: ChatServer,
  output: LogOutput,
  { config: started, reload }: ServeOptions,
): Promise<void> {
  const { log } = output;
  try {
    const config = reload();
    const others = changedKeys(started, config).filter((path) => !RELOADABLE.test(path));
    const kept = [...server.reload(await serverOptions(config)), ...others];
    output.level = config.log.level;
    log.info(kept.length === 0 ? {} : { needRestart: kept }, "the settings were read again");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.error({ detail }, "the settings could not be read again; the old ones stay");
  }
}

/** The port that packets and HTTP run on. Throws StartError. */
function openServePort({ engine }: PorticoConfig): OpenedPort {
  try {
    return openPort({ backend: engine.backend, arenaLimitBytes: engine.arenaLimit });
  } catch (error) {
    throw startErrorOf(error);
  }
}

/** Throws CliError when the token cannot be kept. */
function openAdminFront(options: AdminFrontOptions): AdminFront {
  try {
    return new AdminFront(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `data directory ${options.config.data.directory} cannot be used: no admin token can be kept there: ${why}`,
      EXIT_FAILED,
      { cause: error },
    );
  }
}

/** How this machine reaches what listens there. */
function urlOf(address: SocketAddress, isTls: boolean): string {
  return `${isTls ? "https" : "http"}://${reachable(address)}`;
}

interface Started {
  readonly config: PorticoConfig;
  readonly server: ChatServer;
  readonly http: HttpFront;
  readonly front: AdminFront;
  readonly why: string;
}

/** Everything that a person wants to know, then a line for scripts. */
function greeting({ config, server, http, front, why }: Started): string[] {
  const packets = formatSocketAddress(server.addresses.packets);
  const isUsual = packets === "127.0.0.1:9000";
  const isTls = config.packets.tls;
  const join = `npm run portico -- chat --user mina${isUsual ? "" : ` --server ${reachable(server.addresses.packets)}`}${isTls ? " --tls" : ""}`;
  const entries: readonly (readonly [string, string])[] = [
    ["web", urlOf(http.address, config.http.tls)],
    ["admin", `${urlOf(http.adminAddress, config.http.tls)}/admin`],
    ["token", config.admin.token === "" ? front.token : "admin.token of the settings"],
    ["packets", isTls ? `${packets} (TLS)` : packets],
    ["backend", `${server.backend} (${why})`],
    ["data", resolve(config.data.directory)],
    ["to chat", join],
    ["to stop", "Ctrl-C"],
  ];
  return [
    `Portico ${packageVersion()}`,
    ...entries.map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    `ready packets ${packets} http ${formatSocketAddress(http.address)}`,
  ];
}

/** An address that a client on this machine can connect to: not the one that means "all of them". */
function reachable(address: SocketAddress): string {
  if (address.host === "0.0.0.0") return formatSocketAddress({ ...address, host: "127.0.0.1" });
  if (address.host === "::") return formatSocketAddress({ ...address, host: "::1" });
  return formatSocketAddress(address);
}
