import { assert } from "../../base/assert.ts";
import { realRandom, type Random } from "../../base/random.ts";
import { silentLogger, type Logger } from "../../base/logger.ts";
import {
  type CompletionPort,
  type Listener,
  type RefusalReason,
  Service,
  type ServiceLimits,
  slotOf,
  type SocketAddress,
  type SocketOptions,
} from "../../engine/index.ts";
import { DisconnectCode, PacketType } from "../../protocol/codes.ts";
import { encodePacketBytes, PacketEncoder } from "../../protocol/packet-encoder.ts";
import { PacketFramer } from "../../protocol/packet-framer.ts";
import type { Bus, GateEvent } from "../bus/bus.ts";
import { SERIAL_LIMIT, sessionKey, type SessionKey } from "../names.ts";
import type { Store } from "../store/store.ts";
import { BacklogRelief } from "./backlog-relief.ts";
import { BadInputLog } from "./bad-input-log.ts";
import { disconnectTexts, refusalCode } from "./disconnects.ts";
import type { GateContext } from "./gate-context.ts";
import { newGateCounters, type GateCounters } from "./gate-counters.ts";
import { GateSession } from "./gate-session.ts";
import { resolveGateSettings, type GateSettings, type GateSettingsInput } from "./gate-settings.ts";
import { LoginDesk } from "./login-desk.ts";
import { packetLimits } from "./packet-rate.ts";
import type { PasswordHasher } from "./password.ts";
import { reply } from "./replies.ts";
import { RoomFanOut } from "./room-fan-out.ts";

export interface GateOptions {
  readonly port: CompletionPort;
  readonly bus: Bus;
  /** Where accounts are; the gate touches nothing else of it. */
  readonly store: Pick<Store, "createAccount" | "findAccount">;
  readonly hasher: PasswordHasher;
  /** Unique among the gates of a bus, 0 … 8,000. Default 1. */
  readonly gateId?: number;
  readonly settings?: GateSettingsInput;
  /** What Hello calls the server. Default "portico". */
  readonly serverName?: string;
  /** Changes whenever the server starts; Hello says it. */
  readonly epoch: string;
  readonly random?: Random;
  readonly log?: Logger;
}

/** Clients of a server that stops come back after this long, spread out, so that they do not all come at once. */
const RETRY_LEAST_MS = 200;
const RETRY_SPREAD_MS = 1300;
/** How often a stop looks whether the hub has answered everything. */
const STOP_LOOK_MS = 10;

/**
 * The chat's front: holds the connections, knows who they are, turns their packets into commands for the
 * hub and the hub's events into packets, and keeps every limit. There may be several on one bus.
 */
export class Gate {
  readonly settings: GateSettings;
  readonly service: Service;
  readonly counters: GateCounters = newGateCounters();
  readonly #options: GateOptions;
  readonly #gateId: number;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #fanOut: RoomFanOut;
  readonly #relief: BacklogRelief;
  readonly #context: GateContext;
  /** By slot of the service: 8 bytes or so for each, of which a map takes 30. */
  readonly #sessions: (GateSession | undefined)[] = [];
  readonly #listeners: Listener[] = [];
  #state: "running" | "stopping" | "stopped" = "running";
  #stopped: Promise<void> | undefined;

  /** Attaches to the bus. Throws GateSettingsError. */
  constructor(options: GateOptions) {
    this.#options = options;
    this.settings = resolveGateSettings(options.settings);
    this.#gateId = options.gateId ?? 1;
    this.#random = options.random ?? realRandom;
    this.#log = options.log ?? silentLogger;
    this.service = new Service({
      port: options.port,
      kind: "server",
      role: "GATEWAY",
      framer: new PacketFramer(this.settings.limits.packetBytes),
      limits: serviceLimits(this.settings),
      random: this.#random,
      refusal: (reason) => this.#farewell(reason),
      createHandler: (session) => {
        const made = new GateSession(this.#context, session);
        this.#sessions[slotOf(session.id)] = made;
        return made;
      },
    });
    const encoder = new PacketEncoder(this.service.sendBuffers, this.settings.limits.packetBytes);
    this.#fanOut = new RoomFanOut(encoder, this.counters, (key) => this.#find(key));
    this.#relief = new BacklogRelief(this.service, this.counters);
    this.#context = this.#makeContext(encoder);
  }

  /** Connections that are open. */
  get sessionCount(): number {
    return this.service.sessionCount;
  }

  /** Starts to accept on one address more; rejects with PortError (EADDRINUSE, EACCES, …). */
  async listen(address: SocketAddress, socket?: SocketOptions): Promise<SocketAddress> {
    const listener = await this.service.listen(address, {
      ...(socket === undefined ? {} : { socket }),
      onAcceptFailed: (result) => this.#log.warn({ result }, "a connection could not be accepted"),
    });
    this.#listeners.push(listener);
    return listener.address;
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
    for (const session of this.#sessions) session?.end("SHUTDOWN", this.#retryAfterMs());
    await this.service.close();
    this.#state = "stopped";
    this.#context.link.detach();
  }

  /** Resolves when the hub has answered every request, or when the time is up. */
  #untilAnswered(timeoutMs: number): Promise<void> {
    const { port } = this.#options;
    const deadlineMs = port.clock.monotonicMs() + timeoutMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const isDone = this.counters.requestsOutstanding === 0 && this.#context.loginDesk.attemptCount === 0;
        if (isDone || port.clock.monotonicMs() >= deadlineMs) resolve();
        else port.startTimer(STOP_LOOK_MS, look);
      };
      look();
    });
  }

  #onEvents(events: readonly GateEvent[]): void {
    const { counters } = this;
    counters.eventBatches++;
    counters.events += events.length;
    this.#relief.look();
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as GateEvent;
      if (event.type === "message" || event.type === "userJoined" || event.type === "userLeft") {
        this.#fanOut.add(event);
        continue;
      }
      const session = this.#find(event.session);
      if (session !== undefined) reply(session, event);
    }
    this.#fanOut.flushAll();
  }

  #find(key: SessionKey): GateSession | undefined {
    // Slots are the lowest bits of a key, too.
    const found = this.#sessions[slotOf(key)];
    return found?.key === key ? found : undefined;
  }

  #makeContext(encoder: PacketEncoder): GateContext {
    const { bus, port, store, hasher, epoch, serverName = "portico" } = this.#options;
    const { settings, counters, service } = this;
    const log = this.#log;
    const { clock } = port;
    const link = bus.attachGate(this.#gateId, (events) => this.#onEvents(events));
    link.send({ type: "gateReset", gateId: this.#gateId });
    const isStopping = (): boolean => this.#state !== "running";
    return {
      settings,
      service,
      encoder,
      link,
      fanOut: this.#fanOut,
      loginDesk: new LoginDesk({ settings, store, hasher, clock, counters, log }),
      badInput: new BadInputLog(log, clock),
      counters,
      clock,
      log,
      serverName,
      epoch,
      packetLimits: packetLimits(settings.rates),
      keyOf: (id) => sessionKey(this.#gateId, id < SERIAL_LIMIT ? id : id % SERIAL_LIMIT),
      get isStopping() {
        return isStopping();
      },
      forget: (session) => {
        const slot = slotOf(session.session.id);
        assert(
          this.#sessions[slot] === session,
          "a session is forgotten once, before its slot is used again",
        );
        this.#sessions[slot] = undefined;
      },
      onAnswered: (count) => {
        counters.requestsOutstanding -= count;
      },
    };
  }

  #farewell(reason: RefusalReason): Uint8Array {
    const code = refusalCode(reason);
    const { disconnects } = this.counters;
    disconnects[code] = (disconnects[code] ?? 0) + 1;
    return encodePacketBytes(PacketType.DISCONNECT, {
      code: DisconnectCode[code],
      reason: disconnectTexts[code],
      retryAfterMs: this.#retryAfterMs(),
    });
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
