import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Cidr } from "../base/cidr.ts";
import { silentLogger, type Logger } from "../base/logger.ts";
import {
  type CompletionPort,
  type Listener,
  proxyHeaderFaultName,
  type RefusalReason,
  type SendBufferPool,
  Service,
  type Session,
  type SocketAddress,
  socketAddress,
  type TlsServerOptions,
} from "../engine/index.ts";
import { forwardedAddress, isTrustedAddress } from "./forwarded-address.ts";
import { HttpConnection } from "./http-connection.ts";
import { defaultHttpLimits, type HttpLimits } from "./http-limits.ts";
import { plainResponse } from "./plain-response.ts";
import { SessionStream, STREAM_QUEUE_BYTES } from "./session-stream.ts";

export interface HttpServiceOptions {
  readonly port: CompletionPort;
  /** Shared with the service whose chunks upgraded sessions send. Default: its own. */
  readonly sendBuffers?: SendBufferPool;
  /** See `ServiceOptions`. Default 0. */
  readonly firstSlot?: number;
  readonly limits?: Partial<HttpLimits>;
  /** Whose X-Forwarded-For and PROXY headers are believed. Default: nobody's. */
  readonly trustedProxies?: readonly Cidr[];
  /** Whether connections of trusted proxies begin with a PROXY protocol header. Default false. */
  readonly proxyProtocol?: boolean;
  readonly log?: Logger;
}

export interface HttpListenOptions {
  /** Whether upgrades are taken on this address. Default true. */
  readonly takesUpgrades?: boolean;
  /** HTTPS (`ListenerOptions`). Default: plain HTTP. */
  readonly tls?: TlsServerOptions;
}

/** Takes a session over: it must switch its protocol or end it before it returns. */
export type UpgradeHandler = (request: IncomingMessage, session: Session, head: Uint8Array) => void;

/** Running totals. Sessions, refusals and bytes are counted by the engine's service and port. */
export interface HttpCounters {
  requests: number;
  /** Refused before they were requests: malformed, too large, too slow. */
  badRequests: number;
  upgrades: number;
}

/** How long a close waits for responses that are under way, and then for clients to take them, milliseconds. */
const CLOSE_GRACE_MS = 2000;
/** The time a client with a slow line has for the last bytes of a response that closes the connection. */
const DRAIN_TIMEOUT_MS = 5000;
/** Seconds after which a refused client may try again. */
const RETRY_AFTER = { "Retry-After": "5" };

/**
 * HTTP on the engine: accepts connections, keeps the limits, and gives each as a stream to a server of
 * Node's (or fastify's), which never listens itself. An upgraded connection is taken back from the stream
 * and becomes an engine session of another protocol.
 *
 * A request's `socket.remoteAddress` is the client's: the connection's own, what the PROXY header said, or
 * what X-Forwarded-For of a trusted proxy says.
 */
export class HttpService {
  readonly service: Service;
  readonly limits: HttpLimits;
  readonly counters: HttpCounters = { requests: 0, badRequests: 0, upgrades: 0 };
  readonly #trustedProxies: readonly Cidr[];
  readonly #proxyProtocol: boolean;
  readonly #log: Logger;
  readonly #queueBytes: number;
  /** Those that are not upgraded, by their stream. */
  readonly #connections = new Map<Duplex, HttpConnection>();
  readonly #upgrades = new Map<string, UpgradeHandler | undefined>();
  readonly #servers = new Set<Server>();
  readonly #listeners: Listener[] = [];
  readonly #tlsListeners: Listener[] = [];
  #isClosing = false;
  #onConnectionGone: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: HttpServiceOptions) {
    this.limits = { ...defaultHttpLimits, ...options.limits };
    this.#trustedProxies = options.trustedProxies ?? [];
    this.#proxyProtocol = options.proxyProtocol ?? false;
    this.#log = options.log ?? silentLogger;
    this.#queueBytes = Math.min(STREAM_QUEUE_BYTES, this.limits.sendQueueBytes);
    const { limits } = this;
    const startTimer = options.port.startTimer.bind(options.port);
    this.service = new Service({
      port: options.port,
      kind: "server",
      ...(options.sendBuffers === undefined ? {} : { sendBuffers: options.sendBuffers }),
      ...(options.firstSlot === undefined ? {} : { firstSlot: options.firstSlot }),
      limits: {
        sessions: limits.connections + limits.upgradedConnections,
        sessionsPerAddress: limits.connectionsPerAddress,
        acceptsPerSecond: limits.acceptsPerSecond,
        acceptsPerSecondPerAddress: limits.acceptsPerSecondPerAddress,
        sendQueueBytes: limits.sendQueueBytes,
        handshakeTimeoutMs: limits.headersTimeoutMs,
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
      },
      refusal: refusalBytes,
      // Each listener has its own.
      createHandler: (session) => new SessionStream(session, { startTimer }),
    });
  }

  /** Connections that are not upgraded. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Serves `server` on one more address; the same server may be given for several. It must have been made
   * by `createHttpServer`, and its 'clientError' listeners are replaced. Rejects with PortError
   * (EADDRINUSE, EACCES, …).
   */
  async listen(
    address: SocketAddress,
    server: Server,
    { takesUpgrades = true, tls }: HttpListenOptions = {},
  ): Promise<SocketAddress> {
    if (!this.#servers.has(server)) this.#prepare(server, takesUpgrades);
    const listener = await this.service.listen(address, {
      socket: { noDelay: true },
      createHandler: (session) => this.#makeStream(session, server),
      admit: () => (this.#connections.size >= this.limits.connections ? "SERVER_FULL" : undefined),
      isExempt: (host) => isTrustedAddress(host, this.#trustedProxies),
      ...(this.#proxyProtocol ? { proxyHeader: (host) => isTrustedAddress(host, this.#trustedProxies) } : {}),
      onProxyHeaderFault: (peer, fault) =>
        this.#log.warn(
          { peer: peer.host, fault: proxyHeaderFaultName(fault) },
          "a connection of a trusted proxy had no PROXY header",
        ),
      onAcceptFailed: (result) => this.#log.warn({ result }, "an HTTP connection could not be accepted"),
      ...(tls === undefined ? {} : { tls: { applicationProtocols: ["http/1.1"], ...tls } }),
      onTlsError: (peer, { code, message }) =>
        this.#log.debug({ peer: peer.host, code, detail: message }, "a TLS handshake failed"),
    });
    this.#listeners.push(listener);
    if (tls !== undefined) this.#tlsListeners.push(listener);
    return listener.address;
  }

  /** Other certificates for connections from now on. Throws TlsSettingsError, changing nothing. */
  reloadTls(options: TlsServerOptions): void {
    for (const listener of this.#tlsListeners) {
      listener.reloadTls({ applicationProtocols: ["http/1.1"], ...options });
    }
  }

  /**
   * What is done with WebSocket upgrades on a path, on all addresses that take upgrades; undefined: they
   * are answered 503. Upgrades on other paths, with a body, or behind a request that is not answered yet
   * are ordinary requests.
   */
  setUpgrade(path: string, onUpgrade: UpgradeHandler | undefined): void {
    this.#upgrades.set(path, onUpgrade);
  }

  /**
   * Stops listening, answers what is under way (for two seconds at most) and closes every connection,
   * upgraded ones too; those that have not taken everything after two seconds more are reset. Resolves when
   * all are closed.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const connection of this.#connections.values()) connection.endWhenIdle();
    await this.#untilAnswered();
    for (const { stream } of this.#connections.values()) stream.destroy();
    const closed = this.service.close();
    const timer = this.service.port.startTimer(CLOSE_GRACE_MS, () => {
      for (const session of this.service.sessions()) session.abort("SHUTDOWN");
    });
    await closed;
    timer.cancel();
    // They never listened: this only ends the timers by which Node looks for slow requests.
    for (const server of this.#servers) server.close(() => undefined);
  }

  /** Resolves when no response is under way, or when the time is up. */
  #untilAnswered(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.service.port.startTimer(CLOSE_GRACE_MS, resolve);
      this.#onConnectionGone = () => {
        if (this.#connections.size > 0) return;
        timer.cancel();
        resolve();
      };
      this.#onConnectionGone();
    });
  }

  #prepare(server: Server, takesUpgrades: boolean): void {
    this.#servers.add(server);
    // Before the application's own listener, which reads the remote address.
    server.prependListener("request", (request, response) => this.#onRequest(request, response));
    server.removeAllListeners("clientError");
    server.on("clientError", (error, stream) => this.#onClientError(error, stream));
    server.on("connect", (_request, stream) => stream.end(plainResponse(405, "method not allowed")));
    server.on("upgrade", (request, stream, head) => this.#onUpgrade(request, stream, head));
    Object.assign(server, {
      // A client may finish sending before it is answered (RFC 9112, 9.6 speaks of the other half only).
      httpAllowHalfOpen: true,
      shouldUpgradeCallback: (request: IncomingMessage) => takesUpgrades && this.#isUpgrade(request),
    });
    // Node watches over the time limits of a server that listens. This one does, if not by itself.
    server.emit("listening");
  }

  #makeStream(session: Session, server: Server): SessionStream {
    const { port } = this.service;
    const stream = new SessionStream(session, {
      startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
      queueBytes: this.#queueBytes,
      onConnected: () => {
        server.emit("connection", stream);
      },
      onReleased: () => {
        this.#connections.delete(stream);
        this.#onConnectionGone?.();
      },
    });
    // What breaks is told by the stream's end; without a listener it would end the process.
    stream.on("error", () => undefined);
    const isFromProxy = isTrustedAddress(session.remote.host, this.#trustedProxies);
    const { requestsPerConnection } = this.limits;
    this.#connections.set(stream, new HttpConnection(stream, isFromProxy, requestsPerConnection));
    return stream;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.counters.requests++;
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    connection.stream.setForwardedFor(this.#forwardedFor(connection, request));
    connection.onRequest(request, response);
  }

  #forwardedFor({ isFromProxy }: HttpConnection, { headers }: IncomingMessage): string | undefined {
    if (!isFromProxy) return undefined;
    const header = headers["x-forwarded-for"];
    return forwardedAddress(Array.isArray(header) ? header.join(",") : header, this.#trustedProxies);
  }

  #onClientError(error: Error, stream: Duplex): void {
    const code = "code" in error ? String(error.code) : "";
    const refusal = refusalOf(code);
    const connection = this.#connections.get(stream);
    if (refusal === undefined || connection === undefined) {
      stream.destroy(error);
      return;
    }
    this.counters.badRequests++;
    this.#log.debug({ code, address: connection.stream.remoteAddress }, "a bad HTTP request was refused");
    connection.refuse(...refusal);
  }

  #isUpgrade(request: IncomingMessage): boolean {
    const { headers } = request;
    return (
      request.method === "GET" &&
      /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? "") &&
      headers["content-length"] === undefined &&
      headers["transfer-encoding"] === undefined &&
      this.#upgrades.has(pathOf(request)) &&
      // Responses come in order; what is upgraded could not wait for those before it.
      this.#connections.get(request.socket)?.responseCount === 0
    );
  }

  #onUpgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const connection = this.#connections.get(duplex);
    if (connection === undefined || !this.#isUpgrade(request)) {
      duplex.end(plainResponse(404, "not found"));
      return;
    }
    const { stream } = connection;
    const onUpgrade = this.#upgrades.get(pathOf(request));
    if (onUpgrade === undefined || this.#isClosing) {
      stream.end(plainResponse(503, "not now", RETRY_AFTER));
      return;
    }
    const refused = this.#nameRemote(connection, request);
    if (refused !== undefined) {
      stream.end(refusalBytes(refused));
      return;
    }
    stream.takeBack((session, rest) => {
      this.counters.upgrades++;
      onUpgrade(request, session, rest);
    }, head);
  }

  /** From now on the session is counted for the client, no longer for its proxy. */
  #nameRemote(connection: HttpConnection, request: IncomingMessage): RefusalReason | undefined {
    const host = this.#forwardedFor(connection, request);
    return host === undefined ? undefined : connection.stream.session?.setRemote(socketAddress(host, 0));
  }
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0] as string;
}

/** What a client is told before its connection is closed; undefined: nothing, the connection itself broke. */
function refusalOf(code: string): readonly [status: number, text: string] | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return [431, "the headers are too large"];
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return [413, "the chunk extensions are too large"];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [408, "the request took too long"];
  return code.startsWith("HPE_") ? [400, "this is no request that can be understood"] : undefined;
}

function refusalBytes(reason: RefusalReason): Uint8Array {
  const isOfAddress = reason === "ADDRESS_LIMIT" || reason === "ADDRESS_ACCEPT_RATE";
  if (isOfAddress) return plainResponse(429, "too many connections from this address", RETRY_AFTER);
  return plainResponse(
    503,
    reason === "SHUTDOWN" ? "the server is stopping" : "the server is busy",
    RETRY_AFTER,
  );
}
