import type { TimerWheel } from "../base/timer-wheel.ts";
import type { CompletionPort } from "./completion-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import type { Framer } from "./framer.ts";
import type { SendBufferPool } from "./memory/send-buffer-pool.ts";
import type { ReceiveBufferPool } from "./receive-buffer-pool.ts";
import type { SendQueue } from "./send-queue.ts";
import type { Session } from "./session.ts";
import type { SessionHandler } from "./session-handler.ts";
import type { SocketAddress } from "./socket-address.ts";
import type { TlsErrorCode } from "./tls/tls-error.ts";

/** What a session has from its service: everything that sessions share. */
export interface SessionHost {
  readonly port: CompletionPort;
  readonly sendBuffers: SendBufferPool;
  readonly receiveBuffers: ReceiveBufferPool;
  readonly wheel: TimerWheel;
  readonly counters: ServiceCounters;
  /** The time of the last tick: exact enough for timeouts, and free to read. */
  readonly nowMs: number;
  readonly sendQueueLimitBytes: number;
  readonly receivePauseBytes: number;
  readonly drainTimeoutMs: number;
  rentQueue(): SendQueue;
  giveBackQueue(queue: SendQueue): void;
  onSessionClosed(session: Session, reason: DisconnectReason, detail: number): void;
}

/** How a session begins: as its listener says, else as its service does. */
export interface SessionSettings {
  readonly createHandler: (session: Session) => SessionHandler;
  readonly framer: Framer;
  /** Milliseconds; 0: none. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds; 0: none. */
  readonly idleTimeoutMs: number;
  /** What a trusted proxy told of the peer before there was a session. */
  readonly remote?: SocketAddress;
}

/** Limits of a service and its sessions. Each has a default, and a documented answer when reached. */
export interface ServiceLimits {
  /** Sessions at once. Reached: refused with "SERVER_FULL". Default 16,384. */
  readonly sessions: number;
  /** Inbound sessions at once from one address. Reached: refused, "ADDRESS_LIMIT". Default: `sessions`. */
  readonly sessionsPerAddress: number;
  /** Accepted connections per second. Above: refused, "ACCEPT_RATE". 0: no limit (default). */
  readonly acceptsPerSecond: number;
  /** The same for one address. Above: refused, "ADDRESS_ACCEPT_RATE". 0: no limit (default). */
  readonly acceptsPerSecondPerAddress: number;
  /** Bytes waiting in one session's send queue. Reached: SEND_QUEUE_FULL. Default 1 MiB. */
  readonly sendQueueBytes: number;
  /** Bytes of all incomplete frames together. Reached: RECV_BUFFER_OVER_FULL. Default 64 MiB. */
  readonly receiveBufferBytes: number;
  /**
   * Stop receiving from a session while more than this waits in its send queue, so that a peer that
   * does not read is not read from either. 0: never (default).
   */
  readonly receivePauseBytes: number;
  /** Time for the handshake of an inbound session, ms; see `ListenerOptions`. 0: no limit (default). */
  readonly handshakeTimeoutMs: number;
  /** Time without a received byte until `onIdle`. 0: no limit (default). */
  readonly idleTimeoutMs: number;
  /** Time that a session being disconnected may take to send what is queued. Default 2,000 ms. */
  readonly drainTimeoutMs: number;
}

export const defaultServiceLimits: ServiceLimits = {
  sessions: 16_384,
  sessionsPerAddress: Number.POSITIVE_INFINITY,
  acceptsPerSecond: 0,
  acceptsPerSecondPerAddress: 0,
  sendQueueBytes: 1_048_576,
  receiveBufferBytes: 67_108_864,
  receivePauseBytes: 0,
  handshakeTimeoutMs: 0,
  idleTimeoutMs: 0,
  drainTimeoutMs: 2000,
};

/** Why a connection was refused before it became a session. */
export type RefusalReason =
  "SERVER_FULL" | "ADDRESS_LIMIT" | "ACCEPT_RATE" | "ADDRESS_ACCEPT_RATE" | "SHUTDOWN";

/** Running totals of a service, and one that goes up and down. */
export interface ServiceCounters {
  sessionsOpened: number;
  sessionsClosed: number;
  framesReceived: number;
  sendQueueOverflows: number;
  acceptErrors: number;
  connectErrors: number;
  refused: Record<RefusalReason, number>;
  /** TLS handshakes of listeners that ended well. */
  tlsHandshakes: number;
  /** TLS handshakes of listeners that are under way now. */
  tlsHandshakesUnderWay: number;
  /** TLS handshakes that came to nothing, of listeners and connectors. */
  tlsErrors: Partial<Record<TlsErrorCode, number>>;
  disconnects: Partial<Record<DisconnectReason, number>>;
}

export function newServiceCounters(): ServiceCounters {
  return {
    sessionsOpened: 0,
    sessionsClosed: 0,
    framesReceived: 0,
    sendQueueOverflows: 0,
    acceptErrors: 0,
    connectErrors: 0,
    refused: { SERVER_FULL: 0, ADDRESS_LIMIT: 0, ACCEPT_RATE: 0, ADDRESS_ACCEPT_RATE: 0, SHUTDOWN: 0 },
    tlsHandshakes: 0,
    tlsHandshakesUnderWay: 0,
    tlsErrors: {},
    disconnects: {},
  };
}
