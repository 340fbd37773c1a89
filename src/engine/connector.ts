import { Backoff, type BackoffOptions } from "../base/backoff.ts";
import type { PortConnect, PortSocket, PortTimer } from "./completion-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import { Errno, PortError } from "./port-error.ts";
import { type Service, ServiceError } from "./service.ts";
import type { Session } from "./session.ts";
import type { SessionOrigin } from "./session-handler.ts";
import type { SessionSettings } from "./session-host.ts";
import { formatSocketAddress, type SocketAddress } from "./socket-address.ts";
import type { SocketOptions } from "./socket-options.ts";
import { noteTls } from "./tls/session-tls.ts";
import { TlsClient } from "./tls/tls-client.ts";
import type { TlsClientOptions } from "./tls/tls-options.ts";
import type { TlsPortSocket } from "./tls/tls-port-socket.ts";

export interface ConnectorOptions {
  readonly socket?: SocketOptions;
  /** Time for one attempt, the TLS handshake included. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /**
   * Connections are encrypted, and the server has to show a certificate that is trusted. What fails is a TlsError.
   * Give a TlsClient where several connects shall resume one another's TLS sessions. Default: plain.
   */
  readonly tls?: TlsClientOptions | TlsClient;
  /** Delays between attempts of `keepConnected`. */
  readonly backoff?: BackoffOptions;
  /** `keepConnected`: told of each failed attempt and how long the next one waits. */
  readonly onConnectFailed?: (error: Error, retryInMs: number) => void;
  /** `keepConnected`: asked after a disconnect; false ends it. Default: always true. */
  readonly shouldReconnect?: (reason: DisconnectReason, detail: number) => boolean;
}

/** One attempt. */
export function connectOnce(
  service: Service,
  address: SocketAddress,
  options: ConnectorOptions,
): Promise<Session> {
  return new Promise((resolve, reject) => {
    startConnect(service, address, options, resolve, reject);
  });
}

function startConnect(
  service: Service,
  address: SocketAddress,
  options: ConnectorOptions,
  onSession: (session: Session) => void,
  onFailed: (error: Error) => void,
  origin?: SessionOrigin,
): PortConnect {
  let timedOut = false;
  const where = formatSocketAddress(address);
  const tls = options.tls === undefined ? undefined : tlsClientOf(options.tls);
  const fail = (error: Error): void => {
    service.counters.connectErrors++;
    onFailed(error);
  };
  const timeoutMs = options.timeoutMs ?? 10_000;
  const timedOutError = (): ServiceError =>
    new ServiceError("CONNECT_TIMEOUT", `connect ${where}: no answer within ${timeoutMs} ms`);
  const timer: PortTimer = service.port.startTimer(timeoutMs, () => {
    timedOut = true;
    handshake?.cancel();
    attempt.cancel();
  });
  let handshake: { cancel(): void } | undefined;
  const onReady = (socket: PortSocket | TlsPortSocket): void => {
    timer.cancel();
    const session = service.adopt(socket, false, origin, settingsFor(service, socket));
    if (session !== undefined) {
      onSession(session);
      return;
    }
    socket.close(true);
    fail(
      service.isClosing
        ? new ServiceError("SERVICE_CLOSED", "connect: the service is closed")
        : new ServiceError(
            "SERVICE_FULL",
            `connect: the service has its ${service.limits.sessions} sessions already`,
          ),
    );
  };
  const attempt = service.port.connect(address, service.connectOptions(options), {
    onConnected: (socket) => {
      if (tls === undefined) {
        onReady(socket);
        return;
      }
      handshake = tls.secure(service.port, service.sendBuffers, socket, address.host, {
        onSecured: onReady,
        onFailed: (error) => {
          timer.cancel();
          service.countTlsError(error);
          error.message = `connect ${where}: ${error.message}`;
          fail(timedOut ? timedOutError() : error);
        },
      });
    },
    onConnectFailed: (result) => {
      timer.cancel();
      fail(
        timedOut && result === -Errno.ECANCELED ? timedOutError() : new PortError("connect", result, where),
      );
    },
  });
  return {
    cancel: () => {
      if (handshake === undefined) attempt.cancel();
      else handshake.cancel();
    },
  };
}

/** A TlsClient for these options, always the same, so that a connection that is made again resumes. */
function tlsClientOf(options: TlsClientOptions | TlsClient): TlsClient {
  if (options instanceof TlsClient) return options;
  let client = tlsClients.get(options);
  if (client === undefined) {
    client = new TlsClient(options);
    tlsClients.set(options, client);
  }
  return client;
}

const tlsClients = new WeakMap<TlsClientOptions, TlsClient>();

function settingsFor(service: Service, socket: PortSocket | TlsPortSocket): SessionSettings {
  const { sessionSettings } = service;
  if (!("details" in socket)) return sessionSettings;
  return {
    ...sessionSettings,
    createHandler: (session) => {
      noteTls(session, socket.details);
      return sessionSettings.createHandler(session);
    },
  };
}

/** A connection that lasted this long was a success: the next delays are short again. */
const STABLE_MS = 5000;

/** A connection that is made again whenever it ends, until `stop`. */
export class Connector implements SessionOrigin {
  readonly address: SocketAddress;
  readonly #service: Service;
  readonly #options: ConnectorOptions;
  readonly #backoff: Backoff;
  readonly #onStopped: () => void;
  #attempt: PortConnect | undefined;
  #timer: PortTimer | undefined;
  #session: Session | undefined;
  #connectedAtMs = 0;
  #isStopped = false;

  /** Only services make connectors. */
  constructor(service: Service, address: SocketAddress, options: ConnectorOptions, onStopped: () => void) {
    this.address = address;
    this.#service = service;
    this.#options = options;
    this.#onStopped = onStopped;
    this.#backoff = new Backoff(service.random, options.backoff);
    this.#connect();
  }

  /** The session, while connected. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Makes no further attempt. A session that is open goes on. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#attempt?.cancel();
    this.#onStopped();
  }

  /** Only the service calls this. */
  onSessionClosed(_session: Session, reason: DisconnectReason, detail: number): void {
    this.#session = undefined;
    if (this.#isStopped) return;
    // A server that accepts and hangs up at once is no success: the delays go on growing.
    if (this.#service.nowMs - this.#connectedAtMs >= STABLE_MS) this.#backoff.reset();
    if (this.#options.shouldReconnect?.(reason, detail) === false) {
      this.stop();
      return;
    }
    this.#retry(undefined);
  }

  #connect(): void {
    this.#timer = undefined;
    this.#attempt = startConnect(
      this.#service,
      this.address,
      this.#options,
      (session) => {
        this.#attempt = undefined;
        this.#session = session;
        this.#connectedAtMs = this.#service.nowMs;
      },
      (error) => {
        this.#attempt = undefined;
        if (!this.#isStopped) this.#retry(error);
      },
      this,
    );
  }

  #retry(error: Error | undefined): void {
    const delayMs = this.#backoff.nextMs();
    if (error !== undefined) this.#options.onConnectFailed?.(error, delayMs);
    this.#timer = this.#service.port.startTimer(delayMs, () => this.#connect());
  }
}
