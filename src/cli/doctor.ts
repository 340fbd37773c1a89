import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  type BackendChoice,
  BackendUnavailableError,
  type CompletionPort,
  formatSocketAddress,
  openPort,
  PortError,
  Service,
  type SocketAddress,
  socketAddress,
  whyNotOpenssl,
} from "../engine/index.ts";
import { printLine } from "./standard-streams.ts";

export interface DoctorOptions {
  readonly version: string;
  readonly packets: SocketAddress;
  readonly http: SocketAddress;
  readonly dataDirectory: string;
}

/** `bad`: `portico serve` will not work; `poor`: it will, with less than it could have. */
type Finding = readonly [grade: "good" | "poor" | "bad", what: string, text: string];

const NODE_MAJOR = 24;
const DESCRIPTORS_WANTED = 16_384 + 256;
const ECHO_BYTES = 64;
const ECHO_TIMEOUT_MS = 3000;

/** `portico doctor`: tries everything that `portico serve` needs. True when it will work. */
export async function runDoctor(options: DoctorOptions): Promise<boolean> {
  const findings: Finding[] = [
    ["good", "portico", options.version],
    nodeFinding(),
    ["good", "system", `${process.platform} ${process.arch}${kernelText()}`],
    ...(await backendFindings()),
    tlsFinding(),
    ...limitFindings(),
    dataFinding(options.dataDirectory),
    await addressFinding("packets", options.packets),
    await addressFinding("http", options.http),
  ];
  const marks = { good: "ok  ", poor: "weak", bad: "BAD " };
  for (const [grade, what, text] of findings) printLine(`${marks[grade]}  ${what.padEnd(12)} ${text}`);
  const isFit = findings.every(([grade]) => grade !== "bad");
  printLine(isFit ? "portico serve will work here" : "portico serve will not work here: see BAD above");
  return isFit;
}

function nodeFinding(): Finding {
  const isNewEnough = Number.parseInt(process.versions.node, 10) >= NODE_MAJOR;
  const text = `${process.versions.node}${isNewEnough ? "" : `; ${NODE_MAJOR} or newer is needed`}`;
  return [isNewEnough ? "good" : "bad", "node", text];
}

function kernelText(): string {
  const release = readText("/proc/sys/kernel/osrelease")?.trim();
  return release === undefined ? "" : `, kernel ${release}`;
}

async function backendFindings(): Promise<Finding[]> {
  const findings: Finding[] = [];
  const automatic = openPort();
  const chosen = automatic.port.backend;
  await automatic.port.close();
  findings.push(["good", "backend", `auto takes ${chosen}: ${automatic.why}`]);
  const isWindows = process.platform === "win32";
  for (const backend of [isWindows ? "iocp" : "uring", "libuv"] as const) {
    findings.push(await backendFinding(backend));
  }
  findings.push(
    isWindows
      ? ["good", "uring", "is of Linux; Windows has iocp"]
      : ["good", "iocp", "is of Windows, and not looked for here"],
  );
  return findings;
}

/** Sends some bytes through the backend and back. */
async function backendFinding(backend: BackendChoice): Promise<Finding> {
  let port: CompletionPort;
  try {
    ({ port } = openPort({ backend }));
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return ["poor", backend, error.message];
  }
  try {
    await echoThrough(port);
    return ["good", backend, `works: ${ECHO_BYTES} bytes went to 127.0.0.1 and back`];
  } catch (error) {
    return [
      "bad",
      backend,
      `opens, and does not work: ${error instanceof Error ? error.message : String(error)}`,
    ];
  } finally {
    await port.close();
  }
}

/** TLS works in any case. */
function tlsFinding(): Finding {
  const why = whyNotOpenssl();
  return why === undefined
    ? ["good", "tls", `OpenSSL ${process.versions.openssl} is called directly`]
    : ["poor", "tls", `Node's TLSSocket, which costs about twice as much for each send: ${why}`];
}

async function echoThrough(port: CompletionPort): Promise<void> {
  const ignore = (): void => undefined;
  const server = new Service({
    port,
    kind: "server",
    createHandler: () => ({
      onConnected: ignore,
      onFrame: (session, bytes, start, end) => void session.sendBytes(bytes, start, end),
      onDisconnected: ignore,
    }),
  });
  const listener = await server.listen(socketAddress("127.0.0.1", 0));
  const { promise, resolve: onEchoed, reject } = Promise.withResolvers<void>();
  const timer = port.startTimer(ECHO_TIMEOUT_MS, () => reject(new Error("no echo came")));
  let receivedCount = 0;
  const client = new Service({
    port,
    kind: "client",
    createHandler: () => ({
      onConnected: (session) => void session.sendBytes(new Uint8Array(ECHO_BYTES).fill(42)),
      onFrame: (_session, _bytes, start, end) => {
        receivedCount += end - start;
        if (receivedCount === ECHO_BYTES) onEchoed();
      },
      onDisconnected: (_session, reason) => reject(new Error(`the connection ended: ${reason}`)),
    }),
  });
  try {
    await client.connect(listener.address);
    await promise;
  } finally {
    timer.cancel();
    await client.close();
    await server.close();
  }
}

function limitFindings(): Finding[] {
  const limits = readText("/proc/self/limits");
  const limitOf = (name: string): string | undefined =>
    limits
      ?.split("\n")
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim()
      .split(/\s+/)[0];
  const findings: Finding[] = [];
  const descriptors = limitOf("Max open files");
  if (descriptors !== undefined) {
    const isEnough = descriptors === "unlimited" || Number(descriptors) >= DESCRIPTORS_WANTED;
    const advice = isEnough
      ? ""
      : `; ${DESCRIPTORS_WANTED} allow as many connections as the default limit ("ulimit -n")`;
    findings.push([isEnough ? "good" : "poor", "descriptors", `${descriptors}${advice}`]);
  }
  const locked = limitOf("Max locked memory");
  if (locked !== undefined)
    findings.push(["good", "locked mem", locked === "unlimited" ? locked : `${locked} bytes`]);
  return findings;
}

function dataFinding(directory: string): Finding {
  const path = resolve(directory);
  // What is not there yet is made by the server, in the nearest directory that is.
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const made = nearest === path ? "" : " (will be made)";
  try {
    if (!statSync(nearest).isDirectory()) return ["bad", "data", `${path}: ${nearest} is not a directory`];
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return ["good", "data", `${path}${made} is writable`];
  } catch {
    return ["bad", "data", `${path}: ${nearest} is not writable`];
  }
}

async function addressFinding(what: string, address: SocketAddress): Promise<Finding> {
  const where = formatSocketAddress(address);
  const { port } = openPort({ backend: "libuv" });
  const service = new Service({
    port,
    kind: "server",
    createHandler: () => ({ onConnected: close, onFrame: none, onDisconnected: none }),
  });
  try {
    await service.listen(address);
    return ["good", what, `${where} is free`];
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    if (error.code === "EADDRINUSE")
      return ["poor", what, `${where} is in use: a server runs there already, or another program`];
    return ["bad", what, `${where}: ${error.code}`];
  } finally {
    await service.close();
    await port.close();
  }
}

function close(session: { abort(): void }): void {
  session.abort();
}

function none(): void {
  // Nothing is expected on a connection that is only refused.
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
