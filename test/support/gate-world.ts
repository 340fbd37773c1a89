import { ManualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { AddressRate } from "../../src/chat/gate/address-rate.ts";
import { Attempts } from "../../src/chat/gate/attempts.ts";
import { BadInputLog } from "../../src/chat/gate/bad-input-log.ts";
import { DisconnectHistory } from "../../src/chat/gate/disconnect-history.ts";
import type { DeskContext } from "../../src/chat/gate/desk-context.ts";
import type { FanOut } from "../../src/chat/gate/fan-out.ts";
import type { GateContext, GatePolicy } from "../../src/chat/gate/gate-context.ts";
import { newGateCounters } from "../../src/chat/gate/gate-counters.ts";
import { gatePolicy } from "../../src/chat/gate/gate-policy.ts";
import { GateSession } from "../../src/chat/gate/gate-session.ts";
import { resolveGateSettings, type GateSettingsInput } from "../../src/chat/gate/gate-settings.ts";
import { LoginDesk } from "../../src/chat/gate/login-desk.ts";
import type { MessageFilter } from "../../src/chat/gate/message-filter.ts";
import { PasswordDesk } from "../../src/chat/gate/password-desk.ts";
import type { PasswordHasher } from "../../src/chat/gate/password.ts";
import { RegistrationDesk } from "../../src/chat/gate/registration-desk.ts";
import { reply } from "../../src/chat/gate/replies.ts";
import { ServerRules } from "../../src/chat/gate/server-rules.ts";
import type { Command, UserIdentity } from "../../src/chat/hub/command.ts";
import type { RoomInfo, SessionEvent } from "../../src/chat/hub/event.ts";
import type { PacketLink } from "../../src/chat/gate/packet-link.ts";
import type { SendChunk, Service } from "../../src/engine/index.ts";
import { HeapArena } from "../../src/engine/memory/arena.ts";
import { SendBufferPool } from "../../src/engine/memory/send-buffer-pool.ts";
import type { DisconnectCodeName, ErrorCodeName } from "../../src/protocol/codes.ts";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import type { ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { decodeServerPacket } from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes, PacketEncoder } from "../../src/protocol/packet-encoder.ts";
import type { ClientPacketType, PacketBodies, PacketInit } from "../../src/protocol/packets.ts";
import { FakeAccountStore } from "./fake-account-store.ts";

export const LOBBY: RoomInfo = {
  id: 1,
  name: "lobby",
  kind: "logged",
  epoch: "e1",
  firstOffset: 1,
  lastOffset: 10,
  memberCount: 3,
  access: "public",
  topic: "",
  archived: false,
  slowModeMs: 0,
  slowReader: "disconnect",
  retentionAgeMs: 0,
  retentionCount: 0,
  role: "member",
};

/** Answers in a microtask and counts. */
export class CountingHasher implements PasswordHasher {
  hashCount = 0;
  verifyCount = 0;
  absentCount = 0;

  hash(password: string): Promise<string> {
    this.hashCount++;
    return Promise.resolve(`hash of ${password}`);
  }

  verify(password: string, phc: string): Promise<boolean> {
    this.verifyCount++;
    return Promise.resolve(phc === `hash of ${password}`);
  }

  verifyAbsent(): Promise<false> {
    this.absentCount++;
    return Promise.resolve(false);
  }
}

/** A fan-out that notes what it is told. */
class NotedFanOut implements FanOut {
  readonly calls: string[] = [];
  members = 0;
  canRecover = true;
  readonly add = (): void => undefined;
  readonly flushAll = (): void => undefined;
  readonly flushRoomsOf = (): void => undefined;
  readonly leaveAll = (): void => undefined;
  readonly onDrained = (): void => undefined;
  readonly recovers: FanOut["recovers"] = () => this.canRecover;
  readonly memberCount = (): number => this.members;
  readonly flushRoom = (roomId: number): void => this.#note(`flush ${roomId}`);
  readonly leave: FanOut["leave"] = (_, roomId) => this.#note(`leave ${roomId}`);
  readonly join: FanOut["join"] = (_, { id }, position) =>
    this.#note(position === undefined ? `join ${id}` : `join ${id} after ${position.offset}`);
  readonly onReplayPage: FanOut["onReplayPage"] = (_, { roomId }) => this.#note(`page of ${roomId}`);
  readonly onReplayFailed: FanOut["onReplayFailed"] = (_, { refusal }) =>
    this.#note(`no page: ${refusal.code}`);

  #note(call: string): void {
    this.calls.push(call);
  }
}

/** The gate's sessions, handlers, replies and desks, with everything around them faked. */
export class GateWorld {
  readonly clock = new ManualClock(1000);
  readonly store = new FakeAccountStore();
  readonly hasher = new CountingHasher();
  readonly rules = new ServerRules();
  readonly fanOut = new NotedFanOut();
  readonly disconnects = new DisconnectHistory(this.clock);
  /** What was asked of the hub. */
  readonly commands: Command[] = [];
  readonly context: GateContext & GatePolicy;
  readonly attempts: Attempts;
  isStopping = false;
  #lastId = 0;

  constructor(settings: GateSettingsInput = {}, messageFilter?: MessageFilter) {
    const policy = gatePolicy(resolveGateSettings(settings), messageFilter);
    const { clock, store, hasher, rules, fanOut } = this;
    const counters = newGateCounters();
    const random = new SeededRandom(1);
    const log = silentLogger;
    this.attempts = new Attempts(() => this.context.settings, log);
    const desk: DeskContext = {
      settings: policy.settings,
      store,
      hasher,
      clock,
      random,
      counters,
      log,
      rules,
      attempts: this.attempts,
      passwordUses: new AddressRate(policy.settings.rates.loginsPerMinutePerAddress, 60_000),
    };
    const encoder = new PacketEncoder(
      new SendBufferPool(new HeapArena(16 * 1_048_576)),
      policy.settings.limits.packetBytes,
    );
    const isStopping = (): boolean => this.isStopping;
    this.context = {
      ...policy,
      service: { nowMs: 0, idleTimeoutMs: policy.settings.timeouts.pingMs } as Service,
      encoder,
      link: { send: (command) => void this.commands.push(command), detach: () => undefined },
      fanOut,
      loginDesk: new LoginDesk(desk),
      registrationDesk: new RegistrationDesk(desk),
      passwordDesk: new PasswordDesk(desk),
      badInput: new BadInputLog(log, clock),
      disconnects: this.disconnects,
      rules,
      counters,
      clock,
      random,
      log,
      serverName: "test",
      epoch: "boot",
      get isStopping() {
        return isStopping();
      },
      keyOf: (id) => id,
      forget: () => undefined,
      onAnswered: (count) => {
        counters.requestsOutstanding -= count;
      },
    };
  }

  connect(host = "192.0.2.1"): GateClient {
    return new GateClient(this, ++this.#lastId, host);
  }

  /** A client that the hub has let in. */
  signedIn(user: Partial<UserIdentity> = {}): GateClient {
    const client = this.connect();
    const identity = {
      id: 7,
      name: "mina",
      nameKey: "mina",
      displayName: "",
      isAdmin: false,
      mutedUntilMs: 0,
    };
    client.session.beginAttempt();
    client.session.signIn(1, { user: { ...identity, ...user }, tokenId: 5, issued: undefined }, undefined);
    this.answer({ type: "signedIn", session: client.session.key, requestId: 1, lobby: LOBBY }, client);
    this.commands.length = 0;
    this.fanOut.calls.length = 0;
    client.take();
    return client;
  }

  /** What the hub says to a client. */
  answer(event: SessionEvent, client: GateClient): void {
    reply(client.session, event);
  }

  /** Resolves when no login and no hash is under way. */
  async settle(): Promise<void> {
    do {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    } while (this.attempts.count > 0);
  }

  /** The commands since the last time, session keys left out. */
  asked(): object[] {
    return this.commands
      .splice(0)
      .map((command) => Object.fromEntries(Object.entries(command).filter(([key]) => key !== "session")));
  }
}

type Packet = Exclude<ServerPacket, { readonly type: PacketType.UNSPECIFIED }>;

/** A connection: what is sent through it is decoded, what the gate sends is kept. */
export class GateClient {
  readonly session: GateSession;
  readonly link: { -readonly [Key in keyof PacketLink]: PacketLink[Key] };
  readonly #packets: Packet[] = [];
  disconnected = false;

  constructor(world: GateWorld, id: number, host: string) {
    this.link = {
      id,
      isOpen: true,
      remote: { family: 4, host, port: 40_000 },
      queuedBytes: 0,
      drainedCount: 0,
      lastReceivedMs: 0,
      send: (chunk, start, end) => this.#receive(chunk, start, end),
      disconnect: () => {
        this.disconnected = true;
        this.link.isOpen = false;
      },
      abort: () => {
        this.disconnected = true;
        this.link.isOpen = false;
      },
      setIdleTimeout: () => undefined,
      completeHandshake: () => undefined,
    };
    this.session = new GateSession(world.context, this.link);
    this.session.onConnected();
  }

  send<Type extends ClientPacketType>(type: Type, body: PacketInit<Type>): void {
    const bytes = encodePacketBytes(type, body);
    this.session.onFrame(this.link, bytes, 0, bytes.length);
  }

  /** What the gate has sent since the last time. */
  take(): Packet[] {
    return this.#packets.splice(0);
  }

  /** The one packet that the gate has sent since the last time. */
  takeOne<Type extends Packet["type"]>(type: Type): PacketBodies[Type] {
    const packets = this.take();
    const [packet] = packets;
    if (packets.length !== 1 || packet?.type !== type) {
      throw new Error(
        `expected ${PacketType[type]}, got ${packets.map((each) => PacketType[each.type]).join()}`,
      );
    }
    return packet.body as PacketBodies[Type];
  }

  /** The code of the one response that the gate has sent since the last time. */
  takeCode(): ErrorCodeName {
    const packets = this.take();
    const [packet] = packets;
    if (packets.length !== 1 || packet === undefined || !("code" in packet.body)) {
      throw new Error(`expected a response, got ${packets.map((each) => PacketType[each.type]).join()}`);
    }
    return ErrorCode[packet.body.code] as ErrorCodeName;
  }

  /** The code with which the gate has ended the session. */
  endCode(): DisconnectCodeName | undefined {
    const last = this.take().at(-1);
    return last?.type === PacketType.DISCONNECT
      ? (DisconnectCode[last.body.code] as DisconnectCodeName)
      : undefined;
  }

  #receive(chunk: SendChunk, start: number, end: number): boolean {
    const packet = decodeServerPacket(chunk.bytes.slice(start, end), 0, end - start);
    if (packet.type === PacketType.UNSPECIFIED) throw new Error(packet.detail);
    this.#packets.push(packet);
    return true;
  }
}
