import type { IncomingMessage } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { DurationHistogram } from "../base/duration-histogram.ts";
import { silentLogger, type Logger } from "../base/logger.ts";
import { realRandom, type Random } from "../base/random.ts";
import {
  type Backend,
  type BackendChoice,
  CHUNK_BYTES,
  type CompletionPort,
  type OpenedPort,
  openPort,
  type PortCounters,
  type SendBufferPool,
  type ServiceCounters,
  type Session,
  type SocketAddress,
  type TlsServerOptions,
} from "../engine/index.ts";
import { nameKey } from "../protocol/names.ts";
import { APPLICATION_PROTOCOL } from "../protocol/version.ts";
import type { Bus } from "./bus/bus.ts";
import { InProcessBus } from "./bus/in-process-bus.ts";
import type { GateCounters } from "./gate/gate-counters.ts";
import type { GateSettingsInput } from "./gate/gate-settings.ts";
import type { MessageFilter } from "./gate/message-filter.ts";
import { Gate } from "./gate/gate.ts";
import type { SessionInspector } from "./gate/session-inspector.ts";
import { Argon2PasswordHasher, type PasswordHasher } from "./gate/password.ts";
import type { HubOptions } from "./hub/hub-options.ts";
import { HubService, type HubCounters } from "./hub/hub-service.ts";
import { RoomInspector } from "./room-inspector.ts";
import { listenErrorOf, startErrorOf } from "./start-error.ts";
import { openSqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { Store } from "./store/store.ts";

export { StartError, type StartErrorCode } from "./start-error.ts";

/** A chat server as plain data, and what it may be given instead of making it itself. */
export interface ChatServerOptions {
  /** Where clients connect. */
  readonly packets: {
    readonly address: SocketAddress;
    /** Hosts whose connections begin with a PROXY protocol header (`ListenerOptions`). Default: none. */
    readonly proxyHeader?: (host: string) => boolean;
    /** Connections are encrypted (`ListenerOptions`). Default: plain. */
    readonly tls?: TlsServerOptions;
  };
  /** Where accounts and messages are kept. Needed unless a store is given. */
  readonly data?: {
    readonly directory?: string;
    /** How often retention, expiry and the search index are seen to. Default 10 s. */
    readonly maintenanceMs?: number;
  };
  readonly engine?: { readonly backend?: BackendChoice; readonly arenaLimitBytes?: number };
  readonly limits?: GateSettingsInput["limits"] & {
    /** Rooms one session may be in, the lobby included. Default 32. */
    readonly roomsPerSession?: number;
    /** Messages a memory room keeps. Default 256. */
    readonly memoryRoomTail?: number;
    /** Logged rooms one user may own. Default 20. */
    readonly roomsOwnedPerUser?: number;
    /** Users in one room at once. Default 20,000. */
    readonly roomMembers?: number;
    /** Users that one user may block. Default 500. */
    readonly blocksPerUser?: number;
  };
  readonly timeouts?: GateSettingsInput["timeouts"] & {
    /** The most that `stop` waits for answers that are under way. Default 30 s. */
    readonly shutdownMs?: number;
  };
  readonly rates?: GateSettingsInput["rates"];
  readonly login?: GateSettingsInput["login"] &
    Partial<Pick<HubOptions, "duplicates" | "maxSessionsPerUser">>;
  readonly lobby?: { readonly kind?: HubOptions["lobbyKind"] };
  /** Whether a whisper to an account that is not signed in is kept for it. Default "store". */
  readonly whispers?: { readonly offline?: HubOptions["offlineWhispers"] };
  /** Words that no text may have. Default: none. */
  readonly filter?: GateSettingsInput["filter"];
  /** Of connections that come through `acceptWebSocket`. */
  readonly websocket?: GateSettingsInput["websocket"];
  /** Looks at each text before it is published, instead of `filter`. */
  readonly messageFilter?: MessageFilter;
  /** Rooms with more users than `maxMembers` have no join and leave notices. Default 200. */
  readonly notices?: { readonly maxMembers?: number };
  /** What Hello calls the server. Default "portico". */
  readonly serverName?: string;

  /** A port to run on; the caller closes it. Default: opened as `engine` says, closed by `stop`. */
  readonly port?: CompletionPort;
  /**
   * Where packets are written, on that port: the same as the HTTP service's whose connections
   * `acceptWebSocket` is given, so that a room's messages are written once for both. Default: its own.
   */
  readonly sendBuffers?: SendBufferPool;
  /** A store to keep things in; the caller closes it. Default: SQLite in `data.directory`. */
  readonly store?: Store;
  readonly hasher?: PasswordHasher;
  readonly random?: Random;
  readonly log?: Logger;
}

export interface ChatServerCounters {
  readonly gate: Readonly<GateCounters>;
  readonly service: Readonly<ServiceCounters>;
  readonly hub: HubCounters;
  readonly port: Readonly<PortCounters>;
  /** Commands and events of the bus that had nobody to go to. */
  readonly busDropped: number;
  readonly sendBuffers: {
    readonly usedBytes: number;
    readonly allocatedBytes: number;
    readonly limitBytes: number;
  };
  /** Connections that are open, over TCP and over WebSocket. */
  readonly connections: number;
}

/** What administrators look at. Each look costs as much as there is to look at; nothing is done between them. */
export interface ChatInspection
  extends
    Pick<
      SessionInspector,
      "sessions" | "find" | "totals" | "addresses" | "measureRoundTrips" | "endSession" | "disconnects"
    >,
    Pick<RoomInspector, "rooms"> {}

export interface ChatHistograms {
  /** From handing a group of messages to the store to its answer that they are kept. */
  readonly commitSeconds: DurationHistogram;
  /** The gate's handling of a batch of events: encoding, and queueing for the members. */
  readonly fanOutSeconds: DurationHistogram;
}

/** A chat server that runs. */
export interface ChatServer {
  /** Where it listens, with the port that the kernel chose. */
  readonly addresses: { readonly packets: SocketAddress };
  readonly backend: Backend;
  /** Why this backend; for a log line. */
  readonly why: string;
  readonly store: Store;
  readonly clock: Clock;
  /** The bus that gates and hub are on: for an administrator's console (src/admin/admin-console.ts). */
  readonly bus: Bus;
  counters(): ChatServerCounters;
  readonly inspect: ChatInspection;
  readonly histograms: ChatHistograms;
  /**
   * Takes a connection on which an HTTP request to become a WebSocket has come and was not answered;
   * `head`: what came after the request. Answers it, and owns the session from then on. The session is of a
   * service on this server's port, with its `sendBuffers`, and with `firstSlot` at `limits.connections`.
   */
  acceptWebSocket(request: IncomingMessage, session: Session, head: Uint8Array): void;
  /**
   * Takes other limits, rates, timeouts, login settings and another filter from now on; the rest of the
   * settings stay as they were. Throws GateSettingsError, changing nothing. The settings that differ and
   * need a restart are returned by name.
   */
  reload(settings: ReloadableSettings): readonly string[];
  /**
   * Other certificates for new connections; those that are open go on. Throws TlsSettingsError, changing
   * nothing. Only where `packets.tls` was given.
   */
  reloadTls(options: TlsServerOptions): void;
  /** Answers what was asked, tells every client, closes everything that the server opened. */
  stop(timeoutMs?: number): Promise<void>;
}

export type ReloadableSettings = Pick<
  ChatServerOptions,
  "limits" | "timeouts" | "rates" | "login" | "filter" | "websocket"
>;

const DEFAULT_SHUTDOWN_MS = 30_000;
const EPOCH_BYTES = 9;

/**
 * Starts a chat server: a port, a gate on it, a hub, a store, and the bus between gate and hub. Resolves
 * when clients can connect; rejects with StartError, having closed what it had opened.
 */
export async function startChatServer(options: ChatServerOptions): Promise<ChatServer> {
  const server = new RunningServer(options);
  try {
    await server.start();
  } catch (error) {
    await server.abandon();
    throw startErrorOf(error);
  }
  return server;
}

class RunningServer implements ChatServer {
  readonly #options: ChatServerOptions;
  readonly #log: Logger;
  readonly #opened: OpenedPort;
  #store: Store | undefined;
  #bus: InProcessBus | undefined;
  #hub: HubService | undefined;
  #gate: Gate | undefined;
  #inspect: ChatInspection | undefined;
  #address: SocketAddress | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ChatServerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    try {
      this.#opened =
        options.port === undefined ? openPort(options.engine) : { port: options.port, why: "given" };
    } catch (error) {
      throw startErrorOf(error);
    }
  }

  get addresses(): { readonly packets: SocketAddress } {
    return { packets: this.#address ?? this.#options.packets.address };
  }

  get backend(): Backend {
    return this.#opened.port.backend;
  }

  get why(): string {
    return this.#opened.why;
  }

  async start(): Promise<void> {
    const { packets, limits, login, lobby, notices, whispers, serverName } = this.#options;
    const { port } = this.#opened;
    const random = this.#options.random ?? realRandom;
    const epoch = Buffer.from(random.bytes(EPOCH_BYTES)).toString("base64url");
    const store = await this.#openStore(random);
    this.#store = store;
    const bus = new InProcessBus((task) => port.atTurnEnd(task));
    this.#bus = bus;
    const hub = new HubService({
      hub: {
        bootEpoch: epoch,
        normalizeName: nameKey,
        ...given("lobbyKind", lobby?.kind),
        ...given("duplicates", login?.duplicates),
        ...given("maxSessionsPerUser", login?.maxSessionsPerUser),
        ...given("maxRoomsPerSession", limits?.roomsPerSession),
        ...given("memoryTailMessages", limits?.memoryRoomTail),
        ...given("maxRoomsOwnedPerUser", limits?.roomsOwnedPerUser),
        ...given("maxRoomMembers", limits?.roomMembers),
        ...given("maxBlocksPerUser", limits?.blocksPerUser),
        ...given("offlineWhispers", whispers?.offline),
        ...given("maintenanceIntervalMs", this.#options.data?.maintenanceMs),
        ...given("noticeMaxMembers", notices?.maxMembers),
      },
      bus,
      store,
      clock: port.clock,
      startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
      log: this.#log,
    });
    this.#hub = hub;
    await hub.start();
    const gate = new Gate({
      port,
      bus,
      store,
      hasher: this.#options.hasher ?? new Argon2PasswordHasher({ random }),
      settings: gateSettings(this.#options),
      ...given("sendBuffers", this.#options.sendBuffers),
      ...given("messageFilter", this.#options.messageFilter),
      ...given("serverName", serverName),
      epoch,
      random,
      log: this.#log,
    });
    this.#gate = gate;
    this.#inspect = inspection(gate, new RoomInspector(port.clock, () => hub.openRooms()));
    try {
      this.#address = await gate.listen(packets.address, {
        ...given("proxyHeader", packets.proxyHeader),
        ...given("tls", packets.tls && { applicationProtocols: [APPLICATION_PROTOCOL], ...packets.tls }),
      });
    } catch (error) {
      throw listenErrorOf(error, "packets", packets.address);
    }
  }

  get store(): Store {
    return this.#store as Store;
  }

  get bus(): Bus {
    return this.#bus as Bus;
  }

  get clock(): Clock {
    return this.#opened.port.clock;
  }

  get inspect(): ChatInspection {
    return this.#inspect as ChatInspection;
  }

  get histograms(): ChatHistograms {
    const { commitSeconds } = this.#hub as HubService;
    const { fanOutSeconds } = this.#gate as Gate;
    return { commitSeconds, fanOutSeconds };
  }

  acceptWebSocket(request: IncomingMessage, session: Session, head: Uint8Array): void {
    (this.#gate as Gate).acceptWebSocket(request, session, head);
  }

  reload(settings: ReloadableSettings): readonly string[] {
    return (this.#gate as Gate).reload(gateSettings(settings));
  }

  reloadTls(options: TlsServerOptions): void {
    (this.#gate as Gate).reloadTls({ applicationProtocols: [APPLICATION_PROTOCOL], ...options });
  }

  counters(): ChatServerCounters {
    const gate = this.#gate as Gate;
    const { port } = this.#opened;
    return {
      gate: gate.counters,
      service: gate.service.counters,
      hub: (this.#hub as HubService).counters,
      port: port.counters,
      busDropped: this.#bus?.droppedCount ?? 0,
      sendBuffers: {
        usedBytes: gate.service.sendBuffers.usedCount * CHUNK_BYTES,
        allocatedBytes: port.arena.allocatedBytes,
        limitBytes: port.arena.limitBytes,
      },
      connections: gate.sessionCount,
    };
  }

  stop(timeoutMs = this.#options.timeouts?.shutdownMs ?? DEFAULT_SHUTDOWN_MS): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  /** Closes what a start that failed had opened. */
  async abandon(): Promise<void> {
    await this.#stop(0);
  }

  async #stop(timeoutMs: number): Promise<void> {
    await this.#gate?.stop(timeoutMs);
    await this.#hub?.stop();
    if (this.#options.store === undefined) await this.#store?.close();
    if (this.#options.port === undefined) await this.#opened.port.close();
  }

  #openStore(random: Random): Promise<Store> {
    const { store, data } = this.#options;
    if (store !== undefined) return Promise.resolve(store);
    if (data?.directory === undefined) {
      throw new TypeError("a chat server needs data.directory, or a store");
    }
    return openSqliteStore({
      directory: data.directory,
      random,
      onTrouble: (error) => this.#log.error({ err: error }, "the store had to be opened again"),
    });
  }
}

/** The looks of a gate and of the hub's rooms as one thing. */
function inspection({ inspector }: Gate, rooms: RoomInspector): ChatInspection {
  return {
    sessions: (query) => inspector.sessions(query),
    find: (key) => inspector.find(key),
    totals: () => inspector.totals(),
    addresses: (limit) => inspector.addresses(limit),
    measureRoundTrips: (keys) => inspector.measureRoundTrips(keys),
    endSession: (key, detail) => inspector.endSession(key, detail),
    disconnects: () => inspector.disconnects(),
    rooms: (query) => rooms.rooms(query),
  };
}

/** The part of the options that is the gate's. */
function gateSettings({
  limits,
  timeouts,
  rates,
  login,
  filter,
  websocket,
}: ReloadableSettings): GateSettingsInput {
  return {
    ...given("limits", limits),
    ...given("timeouts", timeouts),
    ...given("rates", rates),
    ...given("login", login),
    ...given("filter", filter),
    ...given("websocket", websocket),
  };
}

/** `{ [key]: value }`, or nothing when there is no value: what is left out keeps its default. */
function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key is typed as any string
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}
