/** What the load generator is asked to do: its one argument, as JSON. */
export type LoadJob = EchoJob | RoomsJob | IdleJob;

interface CommonJob {
  /** Of the server, on the loopback. */
  readonly port: number;
  /** Of the server's certificate; undefined: it does not speak TLS. */
  readonly fingerprint?: string | undefined;
  readonly serverPid: number;
  /** The port the generator itself runs on. */
  readonly backend: "auto" | "uring" | "libuv";
}

interface TimedJob extends CommonJob {
  /** Cores that the processes are pinned to; undefined: they are not. */
  readonly cores: { readonly server: number; readonly generator: number } | undefined;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** How long everything outstanding may take to arrive after the last message was sent. */
  readonly drainLimitMs: number;
  /** Look at every message's content and order, not only at their number. Costs the generator time. */
  readonly verify: boolean;
}

export interface EchoJob extends TimedJob {
  readonly kind: "echo";
  readonly connections: number;
  readonly messageBytes: number;
  readonly inFlight: number;
}

/** How members and the server speak. */
export type Dialect = "portico" | "portico-websocket" | "relay" | "websocket" | "socket.io";

export interface RoomsJob extends TimedJob {
  readonly kind: "rooms";
  readonly dialect: Dialect;
  /** For Portico: what kind of room is made. */
  readonly roomKind: "memory" | "logged";
  readonly rooms: number;
  readonly roomMembers: number;
  readonly roomPublishers: number;
  /** Publications that each publisher has outstanding. */
  readonly window: number;
  readonly textBytes: number;
}

/** Connects, says `idle`, and waits for the end of its input. */
export interface IdleJob extends CommonJob {
  readonly kind: "idle";
  /** `undefined`: bare connections. Portico's members log in and stay in the lobby. */
  readonly dialect: "portico" | undefined;
  readonly connections: number;
}

/** Processor time, milliseconds. */
export interface CpuTime {
  readonly userMs: number;
  readonly systemMs: number;
}

/** What the generator prints when a timed job is done, as JSON. */
export interface LoadResult {
  /** Messages that arrived in the measured interval. */
  readonly messages: number;
  /** From the first message counted until the last outstanding one had arrived. */
  readonly elapsedMs: number;
  /** Undefined where the system does not tell (no /proc). */
  readonly server: CpuTime | undefined;
  readonly generator: CpuTime;
  /** Time that nobody used each core, milliseconds; undefined when not pinned or not told. */
  readonly serverCoreIdleMs: number | undefined;
  readonly generatorCoreIdleMs: number | undefined;
  readonly generatorBackend: string;
}
