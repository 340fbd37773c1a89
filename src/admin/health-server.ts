import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { formatSocketAddress, type SocketAddress, socketAddress } from "../engine/index.ts";

/** What the process is doing, as /readyz tells it. */
export type Readiness = "starting" | "serving" | "draining";

export interface HealthServerOptions {
  readonly address: SocketAddress;
  /** Asked for each request. */
  readonly readiness: () => Readiness;
  /** Answers what comes to a path of its own. What it rejects with becomes a 500. */
  readonly routes?: Readonly<Record<string, RequestHandler>>;
  /** Told what a route's handler rejected with. */
  readonly onFailure?: (error: unknown) => void;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A request's head must be here after this long, the whole request after twice as long. */
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 5000;
const HEADER_BYTES = 8192;
const CONNECTIONS_AT_ONCE = 256;

/**
 * Answers whether the process lives (`/livez`: 200) and whether it takes clients (`/readyz`: 200, or 503
 * while it starts or drains). Anything else: 404; methods other than GET and HEAD: 405.
 */
export class HealthServer {
  readonly address: SocketAddress;
  readonly #server: Server;

  private constructor(server: Server, address: SocketAddress) {
    this.#server = server;
    this.address = address;
  }

  /** Listens; rejects with Node's own error (`code` EADDRINUSE, EACCES, …). */
  static open(options: HealthServerOptions): Promise<HealthServer> {
    const server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        connectionsCheckingInterval: 1000,
        maxHeaderSize: HEADER_BYTES,
      },
      (request, response) => answer(request, response, options),
    );
    server.maxConnections = CONNECTIONS_AT_ONCE;
    const { host, port } = options.address;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => {
        server.off("error", reject);
        // An accept that fails (EMFILE, …) must not end the process: the kernel's queue keeps the connection.
        server.on("error", () => undefined);
        resolve(new HealthServer(server, socketAddress(host, portOf(server))));
      });
    });
  }

  /** "http://127.0.0.1:8080" */
  get url(): string {
    return `http://${formatSocketAddress(this.address)}`;
  }

  /** Answers what is under way, closes every connection, and resolves when all are closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      // Whoever has not sent a whole request by now is not waited for.
      setImmediate(() => this.#server.closeAllConnections());
    });
  }
}

/** The port that the kernel chose. */
function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

function answer(request: IncomingMessage, response: ServerResponse, options: HealthServerOptions): void {
  const path = request.url?.split("?", 1)[0] ?? "";
  const { routes = {} } = options;
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route !== undefined) {
    route(request, response).catch((error: unknown) => {
      options.onFailure?.(error);
      if (response.headersSent) response.destroy();
      else send(request, response, 500, "something failed inside the server");
    });
    return;
  }
  request.resume();
  const readiness = options.readiness();
  if (path !== "/livez" && path !== "/readyz") return send(request, response, 404, "not found");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return send(request, response, 405, "method not allowed");
  }
  if (path === "/livez" || readiness === "serving") return send(request, response, 200, "ok");
  return send(request, response, 503, readiness);
}

function send(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  const body = `${text}\n`;
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
