import type { IncomingMessage } from "node:http";
import { DurationHistogram } from "../../base/duration-histogram.ts";
import { realRandom, type Random } from "../../base/random.ts";
import { silentLogger, type Logger } from "../../base/logger.ts";
import {
  type CompletionPort,
  type Listener,
  type ListenerOptions,
  proxyHeaderFaultName,
  type RefusalReason,
  type SendBufferPool,
  Service,
  type ServiceLimits,
  type Session,
  type SocketAddress,
  type TlsServerOptions,
} from "../../engine/index.ts";
import { DisconnectCode, type DisconnectCodeName, PacketType } from "../../protocol/codes.ts";
import { encodePacketBytes, PacketEncoder } from "../../protocol/packet-encoder.ts";
import { PacketFramer } from "../../protocol/packet-framer.ts";
import type { Bus, GateEvent } from "../bus/bus.ts";
import type { ServerEvent, SessionEvent } from "../hub/event.ts";
import { SERIAL_LIMIT, sessionKey, type SessionKey } from "../names.ts";
import type { Store } from "../store/store.ts";
import { BacklogRelief } from "./backlog-relief.ts";
import { BadInputLog } from "./bad-input-log.ts";
import { DisconnectHistory } from "./disconnect-history.ts";
import { disconnectTexts, refusalCode } from "./disconnects.ts";
import { AddressRate } from "./address-rate.ts";
import { Attempts } from "./attempts.ts";
import type { DeskContext } from "./desk-context.ts";
import type { FanOut } from "./fan-out.ts";
import type { GateContext, GatePolicy } from "./gate-context.ts";
import { newGateCounters, type GateCounters } from "./gate-counters.ts";
import { GateSession } from "./gate-session.ts";
import { gatePolicy, nextSettings } from "./gate-policy.ts";
import { resolveGateSettings, type GateSettings, type GateSettingsInput } from "./gate-settings.ts";
import { LoginDesk } from "./login-desk.ts";
import type { MessageFilter } from "./message-filter.ts";
import { PasswordDesk } from "./password-desk.ts";
import type { PasswordHasher } from "./password.ts";
import { RegistrationDesk } from "./registration-desk.ts";
import { reply } from "./replies.ts";
import { RoomFanOut } from "./room-fan-out.ts";
import { ServerRules } from "./server-rules.ts";
import { SessionInspector } from "./session-inspector.ts";
import { SessionTable } from "./session-table.ts";
import { WebSocketEntrance } from "./websocket-entrance.ts";

export interface GateOptions {
  readonly port: CompletionPort;
  readonly bus: Bus;
  /** Where accounts are; the gate touches nothing else of it. */
  readonly store: Pick<Store, "ask">;
  readonly hasher: PasswordHasher;
  /** Where packets are written: the HTTP service's, when it brings WebSockets. Default: the gate's own. */
  readonly sendBuffers?: SendBufferPool;
  /** Unique among the gates of a bus, 0 … 8,000. Default 1. */
  readonly gateId?: number;
  readonly settings?: GateSettingsInput;
  /** Looks at every text, in place of the filter of words that the settings may have. */
  readonly messageFilter?: MessageFilter;
  /** What Hello calls the server. Default "portico". */
  readonly serverName?: string;
  /** Changes whenever the server starts; Hello says it. */
  readonly epoch: string;
  readonly random?: Random;
  readonly log?: Logger;
}

export type GateListenOptions = Pick<ListenerOptions, "socket" | "proxyHeader" | "tls">;

/** Clients of a server that stops come back after this long, spread out, so that they do not all come at once. */
const RETRY_LEAST_MS = 200;
const RETRY_SPREAD_MS = 1300;
/** How often a stop looks whether the hub has answered everything. */
const STOP_LOOK_MS = 10;
const MINUTE_MS = 60_000;

/**
 * The chat's front: holds the connections, knows who they are, turns their packets into commands for the
 * hub and the hub's events into packets, and keeps every limit. There may be several on one bus.
 */
export class Gate {
  readonly service: Service;
  readonly counters: GateCounters = newGateCounters();
  /** What handling a batch of events took: replies, encoding, queueing. */
  readonly fanOutSeconds = new DurationHistogram();
  readonly inspector: SessionInspector;
  readonly #options: GateOptions;
  readonly #gateId: number;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #rules = new ServerRules();
  readonly #attempts: Attempts;
  readonly #passwordUses: AddressRate;
  readonly #fanOut: FanOut;
  readonly #relief: BacklogRelief;
  readonly #context: GateContext;
  #policy: GatePolicy;
  readonly #sessions = new SessionTable();
  readonly #disconnects: DisconnectHistory;
  readonly #entrance: WebSocketEntrance;
  readonly #listeners: Listener[] = [];
  #state: "running" | "stopping" | "stopped" = "running";
  #stopped: Promise<void> | undefined;

  /** Attaches to the bus. Throws GateSettingsError. */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#policy = gatePolicy(resolveGateSettings(options.settings), options.messageFilter);
    this.#gateId = options.gateId ?? 1;
    this.#random = options.random ?? realRandom;
    this.#log = options.log ?? silentLogger;
    this.#attempts = new Attempts(() => this.settings, this.#log);
    this.#passwordUses = new AddressRate(this.settings.rates.loginsPerMinutePerAddress, MINUTE_MS);
    this.#disconnects = new DisconnectHistory(options.port.clock);
    const framer = new PacketFramer(this.settings.limits.packetBytes);
    this.service = new Service({
      port: options.port,
      kind: "server",
      role: "GATEWAY",
      framer,
      ...(options.sendBuffers === undefined ? {} : { sendBuffers: options.sendBuffers }),
      limits: serviceLimits(this.settings),
      random: this.#random,
      refusal: (reason) => this.#farewell(reason),
      createHandler: (session) => {
        const made = new GateSession(this.#context, session);
        this.#sessions.add(made);
        return made;
      },
    });
    this.#entrance = this.#makeEntrance(framer);
    this.inspector = new SessionInspector(this.#sessions, options.port.clock, this.#disconnects);
    const encoder = new PacketEncoder(this.service.sendBuffers, this.settings.limits.packetBytes);
    const fanOut = new RoomFanOut({
      encoder,
      sendBuffers: this.service.sendBuffers,
      counters: this.counters,
      sendQueueBytes: this.settings.limits.sendQueueBytes,
      startTimer: (delayMs, onExpired) => options.port.startTimer(delayMs, onExpired),
      findMember: (key) => this.#find(key),
    });
    this.#fanOut = fanOut;
    this.#relief = new BacklogRelief(this.service, this.#sessions, this.counters, fanOut);
    this.#context = this.#makeContext(encoder);
  }

  /** As they are now: `reload` changes them. */
  get settings(): GateSettings {
    return this.#policy.settings;
  }

  /** Connections that are open, over TCP and over WebSocket. */
  get sessionCount(): number {
    return this.service.sessionCount + this.#entrance.count;
  }

  /** Starts to accept on one address more; rejects with PortError (EADDRINUSE, EACCES, …). */
  async listen(address: SocketAddress, options: GateListenOptions = {}): Promise<SocketAddress> {
    const listener = await this.service.listen(address, {
      ...options,
      admit: () => (this.sessionCount >= this.settings.limits.connections ? "SERVER_FULL" : undefined),
      onAcceptFailed: (result) => this.#log.warn({ result }, "a connection could not be accepted"),
      onProxyHeaderFault: (peer, fault) =>
        this.#log.warn(
          { peer: peer.host, fault: proxyHeaderFaultName(fault) },
          "a connection of a trusted proxy had no PROXY header",
        ),
      onTlsError: (peer, { code, message }) =>
        this.#log.debug({ peer: peer.host, code, detail: message }, "a TLS handshake failed"),
    });
    this.#listeners.push(listener);
    return listener.address;
  }

  /** Other certificates for connections from now on. Throws TlsSettingsError, changing nothing. */
  reloadTls(options: TlsServerOptions): void {
    for (const listener of this.#listeners) listener.reloadTls(options);
  }

  /**
   * Takes a connection on which an HTTP request to become a WebSocket has come (RFC 6455, 4.2), and
   * nothing was answered; `head`: what came after the request. It is answered here, and the session is the
   * gate's from now on. `session` is of a service on the same port, with the same send buffers, whose slots
   * begin where the gate's own end: at `limits.connections`.
   */
  acceptWebSocket(request: IncomingMessage, session: Session, head: Uint8Array): void {
    this.#entrance.accept(request, session, head);
  }

  /**
   * Goes over to other settings for what comes from now on. A group (limits, timeouts, rates, login,
   * filter) that is left out stays as it is; in one that is given, what is left out has its default. Gives those that differ and need a restart ("limits.packetBytes").
   * Throws GateSettingsError, and changes nothing then.
   */
  reload(input: GateSettingsInput): readonly string[] {
    const { settings, needRestart } = nextSettings(this.settings, input);
    const policy = gatePolicy(settings, this.#options.messageFilter);
    this.#context.loginDesk.reload(settings);
    this.#context.registrationDesk.reload(settings);
    this.#passwordUses.setCount(settings.rates.loginsPerMinutePerAddress);
    this.#policy = policy;
    Object.assign(this.#context, policy);
    this.#entrance.reload();
    return needRestart;
  }

  /**
   * Stops: no new connections, no new requests (BUSY); what was asked before is answered; then every
   * client is told SHUTDOWN and when to come back, what is queued is sent, and the connections close. It
   * takes `timeoutMs` at most, and as long as connections may drain after that.
   */
  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#state = "stopping";
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#untilAnswered(timeoutMs);
    for (const session of this.#sessions) session.end("SHUTDOWN", this.#retryAfterMs());
    await Promise.all([this.service.close(), this.#entrance.untilEmpty()]);
    this.#state = "stopped";
    this.#context.link.detach();
  }

  /** Resolves when the hub has answered every request, or when the time is up. */
  #untilAnswered(timeoutMs: number): Promise<void> {
    const { port } = this.#options;
    const deadlineMs = port.clock.monotonicMs() + timeoutMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const isDone = this.counters.requestsOutstanding === 0 && this.#attempts.count === 0;
        if (isDone || port.clock.monotonicMs() >= deadlineMs) resolve();
        else port.startTimer(STOP_LOOK_MS, look);
      };
      look();
    });
  }

  #onEvents(events: readonly GateEvent[]): void {
    const { counters } = this;
    const { clock } = this.#options.port;
    const startMs = clock.monotonicMs();
    counters.eventBatches++;
    counters.events += events.length;
    this.#relief.look();
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as GateEvent;
      if (event.type === "message") this.#fanOut.add(event);
      else if ("session" in event) this.#reply(event);
      else if (event.type === "serverRules") this.#applyRules(event);
      else this.#fanOut.add(event);
    }
    this.#fanOut.flushAll();
    this.fanOutSeconds.observe((clock.monotonicMs() - startMs) / 1000);
  }

  #reply(event: SessionEvent): void {
    const session = this.#find(event.session);
    if (session !== undefined) reply(session, event);
  }

  /** Sessions from addresses that are banned now end. */
  #applyRules(event: ServerEvent): void {
    this.#rules.apply(event);
    if (event.addressBans.length === 0) return;
    const wallMs = this.#options.port.clock.wallMs();
    for (const session of this.#sessions) {
      const refused = this.#rules.banRefusal(session.address, wallMs);
      if (refused !== undefined) session.end("BANNED", refused.retryAfterMs, refused.detail);
    }
  }

  #find(key: SessionKey): GateSession | undefined {
    const found = this.#sessions.at(key);
    return found?.key === key ? found : undefined;
  }

  #makeEntrance(framer: PacketFramer): WebSocketEntrance {
    const { counters } = this;
    const { clock } = this.#options.port;
    return new WebSocketEntrance({
      framer,
      settings: () => this.settings,
      isStopping: () => this.#state !== "running",
      connectionCount: () => this.sessionCount,
      makeSession: (link) => {
        const made = new GateSession(this.#context, link);
        this.#sessions.add(made);
        return made;
      },
      onCount: (count) => {
        counters.webSockets = count;
      },
      banRefusal: (host) => this.#rules.banRefusal(host, clock.wallMs()),
      retryAfterMs: () => this.#retryAfterMs(),
      countRefused: (code) => this.#countDisconnect(code),
    });
  }

  #makeDesk(): DeskContext {
    const { port, store, hasher } = this.#options;
    const settings = (): GateSettings => this.settings;
    return {
      get settings() {
        return settings();
      },
      store,
      hasher,
      clock: port.clock,
      random: this.#random,
      counters: this.counters,
      log: this.#log,
      rules: this.#rules,
      attempts: this.#attempts,
      passwordUses: this.#passwordUses,
    };
  }

  #makeContext(encoder: PacketEncoder): GateContext {
    const { bus, port, epoch, serverName = "portico" } = this.#options;
    const { counters, service } = this;
    const { clock } = port;
    const desk = this.#makeDesk();
    const desks = {
      loginDesk: new LoginDesk(desk),
      registrationDesk: new RegistrationDesk(desk),
      passwordDesk: new PasswordDesk(desk),
    };
    const link = bus.attachGate(this.#gateId, (events) => this.#onEvents(events));
    link.send({ type: "gateReset", gateId: this.#gateId });
    const isStopping = (): boolean => this.#state !== "running";
    return {
      ...this.#policy,
      ...desks,
      service,
      encoder,
      link,
      fanOut: this.#fanOut,
      rules: this.#rules,
      badInput: new BadInputLog(this.#log, clock),
      disconnects: this.#disconnects,
      counters,
      clock,
      random: this.#random,
      log: this.#log,
      serverName,
      epoch,
      keyOf: (id) => sessionKey(this.#gateId, id < SERIAL_LIMIT ? id : id % SERIAL_LIMIT),
      get isStopping() {
        return isStopping();
      },
      forget: (session) => this.#sessions.remove(session),
      onAnswered: (count) => {
        counters.requestsOutstanding -= count;
      },
    };
  }

  #farewell(reason: RefusalReason): Uint8Array {
    const code = refusalCode(reason);
    this.#countDisconnect(code);
    return encodePacketBytes(PacketType.DISCONNECT, {
      code: DisconnectCode[code],
      reason: disconnectTexts[code],
      retryAfterMs: this.#retryAfterMs(),
    });
  }

  #countDisconnect(code: DisconnectCodeName): void {
    const { disconnects } = this.counters;
    disconnects[code] = (disconnects[code] ?? 0) + 1;
  }

  #retryAfterMs(): number {
    return Math.round(RETRY_LEAST_MS + this.#random.next() * RETRY_SPREAD_MS);
  }
}

function serviceLimits({ limits, timeouts }: GateSettings): Partial<ServiceLimits> {
  return {
    sessions: limits.connections,
    ...(limits.connectionsPerAddress > 0 ? { sessionsPerAddress: limits.connectionsPerAddress } : {}),
    acceptsPerSecond: limits.acceptsPerSecond,
    acceptsPerSecondPerAddress: limits.acceptsPerSecondPerAddress,
    sendQueueBytes: limits.sendQueueBytes,
    handshakeTimeoutMs: timeouts.handshakeMs,
    idleTimeoutMs: timeouts.pingMs,
  };
}
