import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { realClock } from "../../src/base/clock.ts";
import {
  type CertificateRequest,
  type CompletionPort,
  type DisconnectReason,
  type Listener,
  type ListenerOptions,
  type MadeCertificate,
  makeCertificate,
  openPort,
  Service,
  type ServiceLimits,
  type Session,
  type TlsDetails,
  type TlsError,
  tlsOf,
  type TlsServerOptions,
} from "../../src/engine/index.ts";
import { loadOpenssl } from "../../src/engine/openssl/openssl-calls.ts";
import { type TestBackend, testBackends } from "./chat-test-server.ts";

/** Where TLS is tested: on which port, and done by whom. "auto" is OpenSSL called directly, where that can be. */
export interface TlsWay {
  readonly backend: TestBackend;
  readonly driver: "auto" | "node";
}

export const tlsWays: readonly TlsWay[] = testBackends.flatMap((backend) =>
  (isOpensslHere() ? (["auto", "node"] as const) : (["auto"] as const)).map((driver) => ({
    backend,
    driver,
  })),
);

function isOpensslHere(): boolean {
  try {
    loadOpenssl();
    return true;
  } catch {
    return false;
  }
}

const DAY_MS = 86_400_000;
const nowMs = realClock.wallMs();

/** A certificate that is valid today, unless told otherwise. */
export function certificateFor(
  names: readonly string[],
  request: Partial<CertificateRequest> = {},
): MadeCertificate {
  return makeCertificate({ names, validFromMs: nowMs - DAY_MS, validToMs: nowMs + DAY_MS, ...request });
}

export const authority = certificateFor(["portico-test-authority"], { isAuthority: true });
export const otherAuthority = certificateFor(["another-authority"], { isAuthority: true });
export const localCertificate = certificateFor(["localhost", "127.0.0.1", "::1"], { issuer: authority });
export const expiredCertificate = certificateFor(["localhost", "127.0.0.1"], {
  issuer: authority,
  validFromMs: nowMs - 3 * DAY_MS,
  validToMs: nowMs - 2 * DAY_MS,
});
export const clientCertificate = certificateFor(["a-service"], { issuer: authority });

/** Looks every few milliseconds; throws, naming `what`, when it never comes. */
export async function eventually(predicate: () => boolean, what: string): Promise<void> {
  const startedMs = realClock.monotonicMs();
  while (!predicate()) {
    if (realClock.monotonicMs() - startedMs > 60_000) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server that sends back what it gets, over TLS. */
export interface TlsEcho {
  readonly port: CompletionPort;
  readonly service: Service;
  readonly listener: Listener;
  readonly tcpPort: number;
  readonly sessions: Session[];
  readonly details: (TlsDetails | undefined)[];
  readonly ends: { reason: DisconnectReason; detail: number }[];
  readonly errors: TlsError[];
}

export async function startTlsEcho(
  test: TestContext,
  { backend, driver }: TlsWay,
  tls: Partial<TlsServerOptions> = {},
  options: ListenerOptions = {},
  limits: Partial<ServiceLimits> = {},
): Promise<TlsEcho> {
  const { port } = openPort({ backend });
  const kept: Pick<TlsEcho, "sessions" | "details" | "ends" | "errors"> = {
    sessions: [],
    details: [],
    ends: [],
    errors: [],
  };
  const service = new Service({
    port,
    kind: "server",
    limits,
    createHandler: (made) => {
      kept.details.push(tlsOf(made));
      return {
        onConnected: (session) => void kept.sessions.push(session),
        onFrame: (session, bytes, start, end) => void session.sendBytes(bytes, start, end),
        onDisconnected: (_session, reason, detail) => void kept.ends.push({ reason, detail }),
      };
    },
  });
  const listener = await service.listen(
    { family: 4, host: "127.0.0.1", port: 0 },
    {
      tls: { certificates: [localCertificate], driver, ...tls },
      onTlsError: (_peer, error) => void kept.errors.push(error),
      ...options,
    },
  );
  test.after(async () => {
    await service.close();
    await port.close();
  });
  return { port, service, listener, tcpPort: listener.address.port, ...kept };
}

/** A TLS client of Node's, connected and trusted. */
export function openTls(tcpPort: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port: tcpPort, ca: authority.certificate, ...options });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

/** Sends `text` and resolves with as many bytes as were sent. */
export function echoOf(socket: TLSSocket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const onClosed = (): void => reject(new Error(`the connection was closed after "${heard}"`));
    const onData = (bytes: Buffer): void => {
      heard += bytes.toString("latin1");
      if (heard.length < text.length) return;
      socket.off("data", onData).off("close", onClosed);
      resolve(heard);
    };
    socket.on("data", onData).once("close", onClosed);
    socket.write(text);
  });
}

/** Sends bytes over plain TCP; resolves with what came back when the connection has ended. */
export function sendPlain(
  tcpPort: number,
  bytes: Uint8Array | string,
  { thenEnds = false }: { readonly thenEnds?: boolean } = {},
): Promise<Buffer> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = connectPlain({ host: "127.0.0.1", port: tcpPort, allowHalfOpen: true }, () => {
      if (thenEnds) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.on("data", (piece: Buffer) => heard.push(piece));
    socket.on("end", () => socket.end());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(heard)));
  });
}

/** A directory for a test's files, gone with it. */
export function testDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "portico-tls-"));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function writePair(directory: string, name: string, pair: MadeCertificate): [string, string] {
  const certificate = join(directory, `${name}.pem`);
  const key = join(directory, `${name}.key`);
  writeFileSync(certificate, pair.certificate);
  writeFileSync(key, pair.key);
  return [certificate, key];
}

/**
 * Runs `openssl`; `input` is written, then what each of `steps` has when what it waits for was printed, and
 * the end of it said when `until` was.
 */
export function runOpenssl(
  args: readonly string[],
  input: string | undefined = "",
  until?: RegExp,
  steps: readonly (readonly [heard: RegExp, then: string])[] = [],
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    const left = [...steps];
    const read = (bytes: Buffer): void => {
      output += bytes.toString("latin1");
      if (left[0]?.[0].test(output) === true) child.stdin.write(left.shift()?.[1] ?? "");
      if (until?.test(output) === true) child.stdin.end();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.stdin.on("error", () => undefined);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
    if (until === undefined) child.stdin.end(input);
    else child.stdin.write(input);
  });
}
