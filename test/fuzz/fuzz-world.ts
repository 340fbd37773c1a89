import assert from "node:assert/strict";
import { SeededRandom } from "../../src/base/random.ts";
import { type ChatServer, startChatServer } from "../../src/chat/chat-server.ts";
import { type MemoryStoreFailure, MemoryStore } from "../../src/chat/store/memory-store.ts";
import { TcpTransport } from "../../src/client/index.ts";
import { SendBufferPool } from "../../src/engine/index.ts";
import { SimulatedNetwork } from "../../src/engine/simulated/simulated-network.ts";
import type { SimulatedPort } from "../../src/engine/simulated/simulated-port.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { RoomAccess, RoomKind } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { type ClientPacketType, findPacket } from "../../src/protocol/packets.ts";
import { FakeHasher } from "../support/chat-test-server.ts";
import { WebDoor, WebTransport } from "../support/web-transport.ts";
import { documentedCodes } from "./documented-codes.ts";
import { FuzzClient, type Witness } from "./fuzz-client.ts";
import { type HostilePacket, KNOWN_PASSWORD } from "./hostile-request.ts";

const address = { family: 4, host: "127.0.0.1", port: 9000 } as const;
const webAddress = { family: 4, host: "127.0.0.1", port: 8080 } as const;
const CONNECTIONS = 1024;
const QUEUE_BYTES = 1_048_576;
/** Who comes over WebSocket, and how. */
const WEB_CAST: Readonly<
  Partial<Record<string, { readonly deflate?: boolean; readonly fragmentBytes?: number }>>
> = {
  joon: { deflate: true },
  gina: {},
  stranger: { fragmentBytes: 50 },
};
/** Of the administrator and of the private room's owner: nobody else knows it. */
const HIDDEN_PASSWORD = "known to two of them only";
/** The private room that none but its owner and administrators may hear of, in any way. */
const SECRET_NAME = "hidden-orchard";
const SECRETS = [SECRET_NAME, "quince", "medlar"];

const codes = documentedCodes();

const limits = {
  sendQueueBytes: QUEUE_BYTES,
  connections: CONNECTIONS,
  roomsPerSession: 6,
  roomsOwnedPerUser: 4,
  blocksPerUser: 2,
  connectionsPerAddress: 0,
};
const unlimited = {
  packetsPerSecond: 0,
  loginsPerMinutePerAddress: 0,
  registrationsPerHourPerAddress: 0,
};

/** A whole server on a simulated network, and a cast that may send it anything. */
export class FuzzWorld implements Witness {
  readonly secrets = SECRETS;
  /** Administrator, owner of the rooms that are known, another account, a guest, and nobody yet. */
  readonly cast: readonly FuzzClient[];
  readonly breaches: string[] = [];
  readonly #network: SimulatedNetwork;
  readonly #serverPort: SimulatedPort;
  readonly #store: MemoryStore;
  readonly #keeper: FuzzClient;
  readonly #ports: SimulatedPort[] = [];
  #mayFail = false;
  #server: ChatServer | undefined;
  #secretId = 0;
  readonly #sendBuffers: SendBufferPool;
  readonly #door: WebDoor;

  constructor(seed: number) {
    this.#network = new SimulatedNetwork({ seed });
    this.#serverPort = this.#network.createPort("server");
    const random = new SeededRandom(seed);
    const port = this.#serverPort;
    this.#sendBuffers = new SendBufferPool(port.arena);
    this.#door = new WebDoor({
      port,
      sendBuffers: this.#sendBuffers,
      address: webAddress,
      connections: CONNECTIONS,
      sendQueueBytes: QUEUE_BYTES,
    });
    this.#store = new MemoryStore({
      random,
      defer: (action) => void port.startTimer(random.below(3), action),
    });
    this.#keeper = this.#client("keeper", true);
    this.cast = ["root", "mina", "joon", "gina", "stranger"].map((name) =>
      this.#client(name, name === "root"),
    );
  }

  codesOf(type: number): ReadonlySet<string> | undefined {
    const name = findPacket(type)?.schema.name ?? "";
    const documented = codes.get(name);
    if (documented === undefined || this.#mayFail || !documented.has("SERVER_ERROR")) return documented;
    return new Set([...documented].filter((code) => code !== "SERVER_ERROR"));
  }

  breach(what: string): void {
    this.breaches.push(what);
  }

  async open(): Promise<void> {
    for (const [name, password, isAdmin] of [
      ["keeper", HIDDEN_PASSWORD, false],
      ["root", HIDDEN_PASSWORD, true],
      ["mina", KNOWN_PASSWORD, false],
      ["joon", KNOWN_PASSWORD, false],
    ] as const) {
      const passwordHash = `hash of ${password}`;
      void this.#store.ask("createAccount", { name, nameKey: name, passwordHash, isAdmin, nowMs: 1 });
    }
    const { packets, ...options } = { packets: { address }, port: this.#serverPort, store: this.#store };
    const starting = startChatServer({
      packets,
      ...options,
      sendBuffers: this.#sendBuffers,
      websocket: { deflate: true },
      hasher: new FakeHasher(),
      random: new SeededRandom(this.#network.seed),
      limits,
      rates: unlimited,
      login: { guests: true },
    });
    void starting.then(async (server) => {
      await this.#door.open(server);
      this.#server = server;
    });
    await this.#until(() => this.#server !== undefined, "the server starts");
    await this.#setScene();
  }

  /** The next commit of messages goes wrong. */
  failStore(failure: MemoryStoreFailure): void {
    this.#mayFail = true;
    this.#store.failNextAppend(failure);
  }

  /** Lets a client say something; one whose connection ended connects and logs in first. */
  async say(client: FuzzClient, { type, body }: HostilePacket, isZero: boolean): Promise<void> {
    if (client.isClosed) await this.#enter(client);
    client.send(type, this.#harmless(client, type, body), isZero);
  }

  async sayBytes(client: FuzzClient, bytes: Uint8Array): Promise<void> {
    if (client.isClosed) await this.#enter(client);
    client.sendBytes(bytes);
  }

  /** Every request of everybody is answered, or its connection has ended. */
  async settle(): Promise<void> {
    await this.#until(
      () => this.cast.every((client) => client.openCount === 0),
      () => `answers to: ${this.cast.map(({ openRequests }) => openRequests).join("; ")}`,
    );
  }

  /** Every request is answered, and then time passes. */
  async pass(durationMs: number): Promise<void> {
    await this.settle();
    const { clock } = this.#network;
    const endMs = clock.monotonicMs() + durationMs;
    this.#network.schedule(durationMs, () => undefined);
    await this.#until(() => clock.monotonicMs() >= endMs, "time passes");
  }

  /** Everybody goes, and nothing may be left of them. */
  async close(): Promise<void> {
    const server = this.#server as ChatServer;
    for (const client of [...this.cast, this.#keeper]) client.close();
    const held = (): Record<string, number> => {
      const { hub, gate, connections } = server.counters();
      return {
        connections,
        sessions: hub.sessions,
        users: hub.users,
        roomsButTheLobby: hub.rooms - 1,
        waitingSignIns: hub.waitingSignIns,
        waitingRequests: hub.waitingRequests,
        pendingStoreRequests: hub.pendingStoreRequests,
        pendingAppends: hub.pendingAppends,
        requestsOutstanding: gate.requestsOutstanding,
        signedIn: gate.signedIn,
      };
    };
    const isAtRest = (): boolean => Object.values(held()).every((count) => count === 0);
    await this.#until(isAtRest, () => `nothing is held: ${JSON.stringify(held())}`);
    let isStopped = false;
    void server
      .stop(5000)
      .then(() => this.#door.close())
      .then(() => {
        isStopped = true;
      });
    await this.#until(() => isStopped, "the server stops");
    const { sendBuffers, service } = server.counters();
    assert.equal(sendBuffers.usedBytes, 0, "send buffers are given back");
    assert.equal(service.sessionsOpened, service.sessionsClosed, "each session ends once");
    const { sessionsOpened, sessionsClosed } = this.#door.service.counters;
    assert.equal(sessionsOpened, sessionsClosed, "each WebSocket, too");
    for (const { name, counters } of [this.#serverPort, ...this.#ports]) {
      assert.equal(counters.outstandingOperations, 0, `${name} has operations without an end`);
      assert.equal(counters.openSockets, 0, `${name} has open sockets`);
    }
  }

  #client(name: string, maySeeSecrets: boolean): FuzzClient {
    const port = this.#network.createPort(name);
    this.#ports.push(port);
    const web = WEB_CAST[name];
    const transport =
      web === undefined
        ? new TcpTransport({ port, address })
        : new WebTransport({ port, address: webAddress, ...web });
    return new FuzzClient(name, transport, this, maySeeSecrets);
  }

  /** Rooms of every kind, known and hidden; everybody logged in but the stranger. */
  async #setScene(): Promise<void> {
    const [root, mina, joon, gina] = this.cast as [FuzzClient, FuzzClient, FuzzClient, FuzzClient];
    for (const client of [this.#keeper, root, mina, joon, gina]) await this.#enter(client);
    const { LOGGED, MEMORY } = RoomKind;
    const { PUBLIC, PRIVATE, PASSWORD } = RoomAccess;
    await this.#create(this.#keeper, SECRET_NAME, { kind: LOGGED, access: PRIVATE, topic: "quince" });
    this.#secretId = this.#keeper.roomIds.get(SECRET_NAME) ?? 0;
    assert.ok(this.#secretId > 1 && this.#secretId < 10, "an id that will be tried");
    const text = { roomId: this.#secretId, clientMessageId: "secret", text: "medlar needle" };
    this.#keeper.send(PacketType.PUBLISH_REQUEST, text);
    await this.#create(mina, "tea", { kind: LOGGED, access: PUBLIC });
    await this.#create(mina, "smoke", { kind: MEMORY, access: PUBLIC });
    await this.#create(mina, "cellar", { kind: MEMORY, access: PRIVATE });
    await this.#create(mina, "vault", { kind: LOGGED, access: PASSWORD, password: KNOWN_PASSWORD });
    for (const client of [joon, gina]) {
      for (const name of ["tea", "smoke"]) client.send(PacketType.JOIN_ROOM_REQUEST, { name });
    }
    joon.send(PacketType.WHISPER_REQUEST, { to: "mina", clientMessageId: "w", text: "needle" });
    await this.settle();
    for (const client of [mina, joon, gina]) {
      for (const name of ["lobby", "tea", "smoke"]) {
        const roomId = client.roomIds.get(name) ?? 0;
        client.send(PacketType.PUBLISH_REQUEST, { roomId, clientMessageId: "first", text: "needle" });
      }
    }
    await this.settle();
    assert.deepEqual(this.breaches, []);
  }

  async #create(owner: FuzzClient, name: string, fields: Record<string, unknown>): Promise<void> {
    owner.send(PacketType.CREATE_ROOM_REQUEST, { ...fields, name });
    await this.#until(() => owner.openCount === 0, "the room");
    assert.ok(owner.roomIds.has(name), `${name} is made`);
  }

  /** Connects, and logs in who has a part; that may be refused by what was done before. */
  async #enter(client: FuzzClient): Promise<void> {
    client.connect();
    await this.#until(() => client.isReady || client.isClosed, "the connection");
    if (client.name === "stranger" || client.isClosed) return;
    const { name } = client;
    const password = name === "root" || name === "keeper" ? HIDDEN_PASSWORD : KNOWN_PASSWORD;
    const credential =
      name === "gina"
        ? { case: "guestKey", value: new Uint8Array(16) }
        : { case: "password", value: password };
    client.send(PacketType.LOGIN_REQUEST, { protocolVersion: 1, name, credential });
    await this.#until(() => client.openCount === 0 || client.isClosed, "the login");
  }

  /** Nobody is let into the hidden room, and nobody made an administrator: that would be no leak. */
  #harmless(
    client: FuzzClient,
    type: ClientPacketType,
    body: Record<string, unknown>,
  ): Record<string, unknown> {
    if (client.name !== "root") return body;
    if (type === PacketType.ADMIN_USER_REQUEST) return { ...body, name: harmlessTarget(body) };
    return body["roomId"] === this.#secretId ? { ...body, roomId: 1 } : body;
  }

  async #until(isSo: () => boolean, what: string | (() => string)): Promise<void> {
    const came = await this.#network.runUntilAsync(isSo, { maxSteps: 200_000, maxVirtualMs: 60_000 });
    if (!came) throw new Error(`it never comes to this: ${typeof what === "string" ? what : what()}`);
  }
}

const PROMOTE = 6;
const SET_PASSWORD = 9;

function harmlessTarget({ name, action }: Record<string, unknown>): unknown {
  if (action === PROMOTE) return "root";
  return action === SET_PASSWORD && String(name).toLowerCase() === "root" ? "mina" : name;
}
