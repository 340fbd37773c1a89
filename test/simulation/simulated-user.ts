import type { SeededRandom } from "../../src/base/random.ts";
import { ChatClient, ChatError, TcpTransport, type Transport } from "../../src/client/index.ts";
import type { SimulatedPort } from "../../src/engine/simulated/simulated-port.ts";
import { type Breach, Wiretap } from "./wiretap.ts";

/** A message of a room as this user's program was told it. */
export interface Heard {
  readonly offset: number;
  readonly text: string;
  readonly isOwn: boolean;
}

/** What one run of a user's program heard of one room, cut where it was told `recovered: false`. */
export interface RoomRecord {
  readonly room: string;
  readonly segments: Heard[][];
}

export interface Acknowledged {
  readonly room: string;
  readonly text: string;
  readonly offset: number;
}

export interface SimulatedUserOptions {
  readonly name: string;
  readonly port: SimulatedPort;
  readonly server: { readonly family: 4; readonly host: string; readonly port: number };
  readonly random: SeededRandom;
  readonly breach: Breach;
  /** The account has to be made first. */
  readonly register: boolean;
}

/** A user with the SDK's client, who writes down everything. */
export class SimulatedUser {
  readonly name: string;
  readonly port: SimulatedPort;
  readonly client: ChatClient;
  readonly records = new Map<string, RoomRecord>();
  readonly acknowledged: Acknowledged[] = [];
  readonly whispersAcknowledged: { readonly to: string; readonly text: string; readonly offset: number }[] =
    [];
  readonly whispersHeard: string[] = [];
  /** Set when the client gave up; none of the simulation's troubles is a reason to. */
  givenUp: string | undefined;
  readonly #breach: Breach;
  #isCrashed = false;

  constructor(options: SimulatedUserOptions) {
    this.name = options.name;
    this.port = options.port;
    this.#breach = options.breach;
    const { port, random } = options;
    const transport: Transport = new Wiretap(
      new TcpTransport({ port, address: options.server, connectTimeoutMs: 2000 }),
      options.name,
      options.breach,
    );
    this.client = new ChatClient({
      transport,
      environment: {
        clock: port.clock,
        random,
        startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
      },
      requestTimeoutMs: 4000,
      helloTimeoutMs: 4000,
      refusalLimit: 1000,
      backoff: { firstMs: 50, capMs: 1000 },
    });
    this.#listen();
    this.#connect(options.register);
  }

  #connect(register: boolean): void {
    this.client
      .connect({ name: this.name, password: `password of ${this.name}` }, { register })
      .catch((error: unknown) => {
        // The account was made by a machine of this user that crashed before it heard so.
        if (register && isNameTaken(error)) this.#connect(false);
        else this.#giveUp("connect", error);
      });
  }

  get isOnline(): boolean {
    return this.client.state.name === "online";
  }

  /** Nothing waits to be acknowledged, and the client is there. */
  get isQuiet(): boolean {
    return this.isOnline && this.client.pendingCount === 0;
  }

  roomId(room: string): number | undefined {
    return this.client.rooms.find(({ name }) => name === room)?.roomId;
  }

  say(room: string, text: string): void {
    const roomId = this.roomId(room);
    if (roomId === undefined) return;
    this.client
      .publish(roomId, text)
      .then(({ offset }) => this.acknowledged.push({ room, text, offset }))
      .catch((error: unknown) =>
        this.#expect("publish", error, ["NOT_A_MEMBER", "ROOM_NOT_FOUND", "CLOSED"]),
      );
  }

  whisper(to: string, text: string): void {
    if (this.client.state.name === "idle" || this.client.state.name === "closed") return;
    this.client
      .whisper(to, text)
      .then(({ offset }) => this.whispersAcknowledged.push({ to, text, offset }))
      .catch((error: unknown) =>
        this.#expect("whisper", error, ["USER_OFFLINE", "USER_NOT_FOUND", "CLOSED"]),
      );
  }

  join(room: string, create: "logged" | "memory"): void {
    if (!this.isOnline || this.roomId(room) !== undefined) return;
    this.#ask("joinRoom", this.client.joinRoom(room, { create }));
  }

  leave(room: string): void {
    const roomId = this.roomId(room);
    if (!this.isOnline || roomId === undefined) return;
    this.#ask(
      "leaveRoom",
      this.client.leaveRoom(roomId).then(() => {
        this.records.get(room)?.segments.push([]);
      }),
    );
  }

  look(room: string): void {
    const roomId = this.roomId(room);
    if (!this.isOnline || roomId === undefined) return;
    this.#ask("listUsers", this.client.listUsers(roomId));
    this.#ask("history", this.client.history(roomId, { limit: 20 }));
  }

  /** The user's machine loses power. */
  crash(): void {
    this.#isCrashed = true;
    this.port.crash();
  }

  #listen(): void {
    this.client.on("message", ({ room, offset, text, isOwn }) => {
      const record = this.#record(room);
      const segment = record.segments.at(-1) as Heard[];
      const before = segment.at(-1);
      if (before !== undefined && offset !== before.offset + 1) {
        this.#breach(8, `${this.name} heard offset ${offset} of ${room} after ${before.offset}`);
      }
      segment.push({ offset, text, isOwn });
    });
    this.client.on("resumed", ({ room, recovered, previousRoomId, roomId }) => {
      if (!recovered || previousRoomId !== roomId) this.#record(room).segments.push([]);
    });
    this.client.on("roomLost", ({ room }) => void this.#record(room).segments.push([]));
    this.client.on("whisper", ({ text, isOwn }) => {
      if (!isOwn) this.whispersHeard.push(text);
    });
    this.client.on("state", ({ state }) => {
      if (state.name === "closed" && !["CLOSED", "NAME_TAKEN"].includes(state.error.code))
        this.#giveUp("state", state.error);
    });
  }

  #record(room: string): RoomRecord {
    let record = this.records.get(room);
    if (record === undefined) {
      record = { room, segments: [[]] };
      this.records.set(room, record);
    }
    return record;
  }

  #ask(what: string, promise: Promise<unknown>): void {
    promise.catch((error: unknown) =>
      this.#expect(what, error, [
        "OFFLINE",
        "CONNECTION_LOST",
        "TIMEOUT",
        "CLOSED",
        "BUSY",
        "SERVER_ERROR",
        "NOT_A_MEMBER",
        "ROOM_NOT_FOUND",
      ]),
    );
  }

  /** Only these answers are documented for what was asked. */
  #expect(what: string, error: unknown, codes: readonly string[]): void {
    if (this.#isCrashed || (error instanceof ChatError && codes.includes(error.code))) return;
    this.#giveUp(what, error);
  }

  #giveUp(what: string, error: unknown): void {
    if (this.#isCrashed || (error instanceof ChatError && error.code === "CLOSED")) return;
    this.givenUp ??= `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof ChatError && error.code === "NAME_TAKEN";
}
