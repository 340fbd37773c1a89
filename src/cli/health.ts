import { Agent, request } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { Duplex } from "node:stream";
import { formatSocketAddress, type SocketAddress } from "../engine/index.ts";
import { isTrustedAddress } from "../http/forwarded-address.ts";
import { CliError } from "./cli-error.ts";
import type { PorticoConfig } from "./config-schema.ts";

/** For whoever connects from the proxy's own place, without a client behind it (PROXY protocol, 2.1). */
const PROXY_HEADER = "PROXY UNKNOWN\r\n";
/** The answers are a line; more is not read. */
const ANSWER_LIMIT = 1000;

export interface HealthOptions {
  readonly config: Pick<PorticoConfig, "http">;
  /** Whether clients are taken (/readyz), not only whether the process lives (/livez). */
  readonly ready: boolean;
  /** Milliseconds, all together. */
  readonly timeoutMs: number;
}

/**
 * `portico health`: asks the server that runs with these settings on this machine how it is, and returns its
 * answer. Rejects with CliError when it does not answer, or not with 200. The certificate is not looked at:
 * nothing secret is sent, and one that has expired is no reason to end a server that lives.
 */
export async function runHealth({ config, ready, timeoutMs }: HealthOptions): Promise<string> {
  const { http } = config;
  const address = reachable(http.address);
  if (address.port === 0) throw new CliError("http.address has no port of its own: it cannot be known here");
  const scheme = http.tls ? "https" : "http";
  const url = `${scheme}://${formatSocketAddress(address)}${ready ? "/readyz" : "/livez"}`;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, text } = await answerOf(url, () => openStream(config, address), signal);
    if (status !== 200) throw new CliError(`${url} answers ${status}: ${text}`);
    return text;
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = signal.aborted ? `nothing within ${timeoutMs} ms` : reasonOf(error);
    throw new CliError(`${url} does not answer: ${why}`, undefined, { cause: error });
  }
}

function answerOf(
  url: string,
  createConnection: () => Duplex,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const path = new URL(url).pathname;
    const sent = request(
      { path, createConnection, signal, headers: { Host: host, Connection: "close" } },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text = (text + piece).slice(0, ANSWER_LIMIT);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: lineOf(text) }));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

/** A connection as Node's own agents make it, with a PROXY header first where the server waits for one. */
function openStream({ http }: HealthOptions["config"], { host, port }: SocketAddress): Duplex {
  const socket = new Agent().createConnection({ host, port });
  if (!socket) throw new CliError("no connection could be made");
  if (http.proxyProtocol && isTrustedAddress(host, http.trustedProxies)) socket.write(PROXY_HEADER);
  if (!http.tls) return socket;
  const options = { socket, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] };
  const tls = new SecureAgent().createConnection(options);
  if (!tls) throw new CliError("no connection could be made");
  // Errors before the handshake are the socket's own, and TLS does not always pass them on.
  socket.on("error", (error: Error) => tls.destroy(error));
  return tls;
}

/** An address that can be connected to from here: not the one that means "all of them". */
function reachable(address: SocketAddress): SocketAddress {
  if (address.host === "0.0.0.0") return { ...address, host: "127.0.0.1" };
  if (address.host === "::") return { ...address, host: "::1" };
  return address;
}

/** The first line, with nothing in it that a terminal would obey. */
function lineOf(text: string): string {
  return (text.split("\n", 1)[0] as string).replaceAll(/[^\x20-\x7e]/g, "").slice(0, 200);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) return "it does not speak TLS";
  if (code === "ECONNRESET")
    return "the connection was reset (are http.tls and http.address those of the server?)";
  return lineOf(error instanceof Error ? error.message : String(error));
}
