import type { Clock } from "../base/clock.ts";
import { type Random, realRandom } from "../base/random.ts";
import { TimerWheel } from "../base/timer-wheel.ts";
import type { CompletionPort, PortSocket, PortTimer } from "./completion-port.ts";
import { Connector, type ConnectorOptions, connectOnce } from "./connector.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import { type Framer, rawFramer } from "./framer.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import { SendBufferPool } from "./memory/send-buffer-pool.ts";
import { ReceiveBufferPool } from "./receive-buffer-pool.ts";
import { SendQueue } from "./send-queue.ts";
import { Session } from "./session.ts";
import type { SessionHandler, SessionOrigin } from "./session-handler.ts";
import {
  defaultServiceLimits,
  newServiceCounters,
  type RefusalReason,
  type ServiceCounters,
  type ServiceLimits,
  type SessionHost,
  type SessionSettings,
} from "./session-host.ts";
import { type SessionId, SessionPool } from "./session-pool.ts";
import type { SocketAddress } from "./socket-address.ts";
import type { ConnectOptions } from "./socket-options.ts";
import type { TlsError } from "./tls/tls-error.ts";

/**
 * What a service is for (row E6):
 *
 * - `server`: listens;
 * - `client`: connects when told to;
 * - `client-auto-reconnect`: keeps each of its connections, with capped, jittered backoff;
 * - `offline`: neither; for running a program's logic without a network.
 */
export type ServiceKind = "server" | "client" | "client-auto-reconnect" | "offline";

/** What the sessions of a service are to the program, for links between servers (row E26). */
export type SessionRole = "UNKNOWN" | "DIRECTOR" | "AUTH" | "WORLD" | "GATEWAY";

export interface ServiceOptions {
  readonly port: CompletionPort;
  readonly kind: ServiceKind;
  /** Default "UNKNOWN". */
  readonly role?: SessionRole;
  /** Makes the handler of each new session (row E7). */
  readonly createHandler: (session: Session) => SessionHandler;
  /** Default: no framing, whatever arrives is a frame. */
  readonly framer?: Framer;
  readonly limits?: Partial<ServiceLimits>;
  /** Where packets are written; share one among services that send the same chunks. Default: its own. */
  readonly sendBuffers?: SendBufferPool;
  /** Bytes to send to a connection that is refused. Default: none, it is reset. */
  readonly refusal?: (reason: RefusalReason) => Uint8Array | undefined;
  /** For backoff. Default: the machine's. */
  readonly random?: Random;
  /**
   * The lowest slot of this service's sessions; `limits.sessions` of them follow. Default 0. Services
   * whose slots do not meet have no session id in common.
   */
  readonly firstSlot?: number;
}

/** A use of a service that its kind or state does not allow. */
export class ServiceError extends Error {
  readonly code: "WRONG_SERVICE_KIND" | "SERVICE_CLOSED" | "SERVICE_FULL" | "CONNECT_TIMEOUT";
  constructor(code: ServiceError["code"], message: string) {
    super(message);
    this.name = "ServiceError";
    this.code = code;
  }
}

/** How often timeouts are looked at, milliseconds. */
const TICK_MS = 100;

/** Send queues kept for reuse. */
const KEPT_QUEUES = 1024;

/** Sessions of one kind on one port: makes them, finds them, limits them, ends them. */
export class Service implements SessionHost {
  readonly port: CompletionPort;
  readonly kind: ServiceKind;
  readonly role: SessionRole;
  readonly limits: ServiceLimits;
  /** How sessions begin where their listener does not say otherwise. */
  readonly sessionSettings: SessionSettings;
  readonly sendBuffers: SendBufferPool;
  readonly receiveBuffers: ReceiveBufferPool;
  readonly wheel: TimerWheel;
  readonly counters: ServiceCounters = newServiceCounters();
  readonly sendQueueLimitBytes: number;
  readonly receivePauseBytes: number;
  readonly drainTimeoutMs: number;
  readonly #options: ServiceOptions;
  readonly #sessions: SessionPool<Session>;
  readonly #freeQueues: SendQueue[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #connectors = new Set<Connector>();
  #nowMs: number;
  #tick: PortTimer | undefined;
  #isClosing = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.port = options.port;
    this.kind = options.kind;
    this.role = options.role ?? "UNKNOWN";
    this.limits = { ...defaultServiceLimits, ...options.limits };
    this.sendBuffers = options.sendBuffers ?? new SendBufferPool(options.port.arena);
    this.receiveBuffers = new ReceiveBufferPool(this.limits.receiveBufferBytes);
    this.sendQueueLimitBytes = this.limits.sendQueueBytes;
    this.receivePauseBytes = this.limits.receivePauseBytes;
    this.drainTimeoutMs = this.limits.drainTimeoutMs;
    this.sessionSettings = {
      createHandler: options.createHandler,
      framer: options.framer ?? rawFramer,
      handshakeTimeoutMs: this.limits.handshakeTimeoutMs,
      idleTimeoutMs: this.limits.idleTimeoutMs,
    };
    this.#sessions = new SessionPool(this.limits.sessions, options.firstSlot);
    this.#nowMs = wholeMs(options.port.clock);
    this.wheel = new TimerWheel({ tickMs: TICK_MS, slots: 512, nowMs: this.#nowMs });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** What sessions begin with where their listener does not say otherwise, milliseconds. */
  get idleTimeoutMs(): number {
    return this.sessionSettings.idleTimeoutMs;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get sessionCount(): number {
    return this.#sessions.aliveCount;
  }

  get random(): Random {
    return this.#options.random ?? realRandom;
  }

  /** Every live session. */
  sessions(): Generator<Session> {
    return this.#sessions.alive();
  }

  /** The live session with this id, or undefined. */
  find(id: SessionId): Session | undefined {
    return this.#sessions.find(id);
  }

  /** The live session with this id; throws StaleSessionError when it has ended. */
  get(id: SessionId): Session {
    return this.#sessions.get(id);
  }

  /** Listens on one more address. Rejects with PortError (EADDRINUSE, …). Kind `server` only. */
  async listen(address: SocketAddress, options: ListenerOptions = {}): Promise<Listener> {
    this.#requireKind("listen", "server");
    const listener = await Listener.open(this, address, options);
    this.#listeners.add(listener);
    return listener;
  }

  /**
   * Connects once. Rejects with PortError (ECONNREFUSED, …) or ServiceError (CONNECT_TIMEOUT,
   * SERVICE_FULL). Kind `client` only.
   */
  async connect(address: SocketAddress, options: ConnectorOptions = {}): Promise<Session> {
    this.#requireKind("connect", "client");
    return connectOnce(this, address, options);
  }

  /** Connects and stays connected until stopped. Kind `client-auto-reconnect` only. */
  keepConnected(address: SocketAddress, options: ConnectorOptions = {}): Connector {
    this.#requireKind("keepConnected", "client-auto-reconnect");
    const connector = new Connector(this, address, options, () => this.#connectors.delete(connector));
    this.#connectors.add(connector);
    return connector;
  }

  /**
   * Stops listening and reconnecting, lets every session send what is queued (SHUTDOWN), and resolves
   * when all have ended; those that take longer than the drain timeout are reset.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const connector of this.#connectors) connector.stop();
    const listenersClosed = [...this.#listeners].map((listener) => listener.close());
    for (const session of this.#sessions.alive()) session.disconnect("SHUTDOWN");
    await Promise.all(listenersClosed);
    // A session that was accepted while the listeners closed was refused, so none is added now.
    if (this.#sessions.aliveCount > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    this.#tick?.cancel();
    this.#tick = undefined;
    this.sendBuffers.trim();
  }

  /** Only listeners and connectors call this: makes a session of a connected socket. */
  adopt(
    socket: PortSocket,
    inbound: boolean,
    origin?: SessionOrigin,
    settings: SessionSettings = this.sessionSettings,
  ): Session | undefined {
    if (this.#isClosing) return undefined;
    this.#readClock();
    // While there was no session nothing told the wheel the time.
    if (this.#tick === undefined) this.wheel.advanceTo(this.#nowMs);
    const session = this.#sessions.acquire((id) => new Session(this, id, socket, inbound, origin, settings));
    if (session === undefined) return undefined;
    this.counters.sessionsOpened++;
    session.start(inbound ? settings.handshakeTimeoutMs : 0);
    this.#keepTicking();
    return session;
  }

  /** Only listeners and connectors call this. */
  countTlsError({ code }: TlsError): void {
    this.counters.tlsErrors[code] = (this.counters.tlsErrors[code] ?? 0) + 1;
  }

  /** Only listeners call this: counts a refusal and gives what is sent for it. */
  refusalBytes(
    reason: RefusalReason,
    refusal: ServiceOptions["refusal"] = this.#options.refusal,
  ): Uint8Array | undefined {
    this.counters.refused[reason]++;
    return refusal?.(reason);
  }

  rentQueue(): SendQueue {
    return this.#freeQueues.pop() ?? new SendQueue();
  }

  giveBackQueue(queue: SendQueue): void {
    if (this.#freeQueues.length < KEPT_QUEUES) this.#freeQueues.push(queue);
  }

  onSessionClosed(session: Session, reason: DisconnectReason, detail: number): void {
    this.#sessions.release(session);
    this.counters.sessionsClosed++;
    this.counters.disconnects[reason] = (this.counters.disconnects[reason] ?? 0) + 1;
    session.origin?.onSessionClosed(session, reason, detail);
    if (this.#sessions.aliveCount === 0) this.#onEmpty?.();
  }

  /** Only listeners call this, when one of them is closed. */
  forgetListener(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  connectOptions(options: ConnectorOptions): ConnectOptions {
    return options.socket === undefined ? {} : { socket: options.socket };
  }

  #requireKind(operation: string, kind: ServiceKind): void {
    if (this.kind !== kind) {
      throw new ServiceError(
        "WRONG_SERVICE_KIND",
        `${operation} needs a service of kind "${kind}", this one is "${this.kind}"`,
      );
    }
    if (this.#isClosing) throw new ServiceError("SERVICE_CLOSED", `${operation}: the service is closed`);
  }

  #readClock(): void {
    this.#nowMs = wholeMs(this.port.clock);
  }

  /** The tick runs only while there are sessions, so that a service without any costs nothing. */
  #keepTicking(): void {
    if (this.#tick !== undefined || this.#sessions.aliveCount === 0) return;
    this.#tick = this.port.startTimer(TICK_MS, () => {
      this.#tick = undefined;
      this.#readClock();
      this.wheel.advanceTo(this.#nowMs);
      this.#keepTicking();
    });
  }
}

/** Whole, because each session keeps times in its fields, where a fraction takes sixteen bytes more. */
function wholeMs(clock: Clock): number {
  return Math.floor(clock.monotonicMs());
}
