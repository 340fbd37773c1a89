import { createServer, type RequestListener, type Server } from "node:http";

/** Limits of an {@link HttpService}; each with its answer when it is reached. */
export interface HttpLimits {
  /** Connections at once that are not upgraded. Reached: 503. Default 1024. */
  readonly connections: number;
  /** Upgraded connections at once, beside the others. Reached: 503. Default 16,384. */
  readonly upgradedConnections: number;
  /** Connections at once from one address, upgraded ones included. Reached: 429. Default: no limit. */
  readonly connectionsPerAddress: number;
  /** Accepted connections per second. Above: 503. 0: no limit (default). */
  readonly acceptsPerSecond: number;
  /** The same from one address. Above: 429. 0: no limit (default). */
  readonly acceptsPerSecondPerAddress: number;
  /** A request's line and headers together. Above: 431. Default 16 KiB. */
  readonly headerBytes: number;
  /** Time from a request's first byte, of the first request from connecting, to the end of its headers. Above: 408. Default 10 s. */
  readonly headersTimeoutMs: number;
  /** Time to the end of a request's body. Above: 408. Default 30 s. */
  readonly requestTimeoutMs: number;
  /** Time without a request after which a connection is closed. Default 10 s. */
  readonly keepAliveTimeoutMs: number;
  /** Time in which nothing of a response is taken by the client. Above: the connection ends. Default 60 s. */
  readonly stallTimeoutMs: number;
  /** Requests of one connection; the last one's response closes it. Default 1000. */
  readonly requestsPerConnection: number;
  /** Send queue of an upgraded connection. Reached: it is disconnected. Default 1 MiB. */
  readonly sendQueueBytes: number;
}

export const defaultHttpLimits: HttpLimits = {
  connections: 1024,
  upgradedConnections: 16_384,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
  acceptsPerSecond: 0,
  acceptsPerSecondPerAddress: 0,
  headerBytes: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  requestsPerConnection: 1000,
  sendQueueBytes: 1_048_576,
};

/** How often Node looks for requests whose time is up. */
const MOST_CHECK_INTERVAL_MS = 1000;
/** Header lines of one request; more are dropped by the parser. */
const HEADER_COUNT = 200;

/** A server of Node's, not listening, with these limits: for {@link HttpService.listen}. */
export function createHttpServer(limits: HttpLimits, onRequest?: RequestListener): Server {
  const { headersTimeoutMs, requestTimeoutMs } = limits;
  const shortestMs = Math.min(...[headersTimeoutMs, requestTimeoutMs].filter((each) => each > 0));
  const server = createServer(
    {
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: Math.max(requestTimeoutMs, headersTimeoutMs),
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.max(Math.min(MOST_CHECK_INTERVAL_MS, shortestMs / 2), 10),
    },
    onRequest,
  );
  server.maxHeadersCount = HEADER_COUNT;
  server.timeout = limits.stallTimeoutMs;
  return server;
}
