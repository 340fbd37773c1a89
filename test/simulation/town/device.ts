import type { SeededRandom } from "../../../src/base/random.ts";
import {
  ChatClient,
  ChatError,
  type ConnectOptions,
  type Credentials,
  type EntryKind,
  type Receipt,
  type RoomInfo,
  type Transport,
} from "../../../src/client/index.ts";
import type { SimulatedPort } from "../../../src/engine/simulated/simulated-port.ts";
import type { AnswerCheckOptions } from "../answer-check.ts";
import type { Attempt } from "../fact.ts";
import { type Breach, Wiretap } from "../wiretap.ts";
import type { Ledger } from "./ledger.ts";
import type { Person } from "./person.ts";

/** What is known without the server's word on it. */
const UNSENT = new Set(["OFFLINE", "QUEUE_FULL"]);
/** Whether it was done is not known. */
const UNCERTAIN = new Set([
  "CONNECTION_LOST",
  "TIMEOUT",
  "CLOSED",
  "DISCONNECTED",
  "SERVER_ERROR",
  "ABORTED",
]);

/** An entry of a log as a device was told it. */
export interface HeardEntry {
  readonly roomId: number;
  readonly offset: number;
  readonly kind: EntryKind;
  readonly text: string;
}

export interface DeviceOptions {
  readonly person: Person;
  readonly port: SimulatedPort;
  readonly transport: Transport;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly breach: Breach;
  readonly answers: AnswerCheckOptions;
}

/** What is to be done, and what is to be made of its outcome. */
export interface Asked<Result> {
  readonly what: string;
  readonly send: () => Promise<Result>;
  /** What changes if it is done. */
  readonly changes?: readonly Attempt[];
  /** `begunAt`: before it was sent. */
  readonly onDone?: (result: Result, begunAt: number) => void;
  readonly onRefused?: (code: string, begunAt: number) => void;
}

/** A program of a person: the SDK's client, and notes of what it was told. */
export class Device {
  readonly person: Person;
  readonly port: SimulatedPort;
  readonly client: ChatClient;
  readonly heard: HeardEntry[] = [];
  /** Offsets of texts by room, to have something to change. */
  readonly texts = new Map<
    number,
    { readonly offset: number; readonly sender: string; readonly text: string }[]
  >();
  /** Direct conversations that it has heard of. */
  readonly conversations = new Set<number>();
  readonly #ledger: Ledger;
  readonly #breach: Breach;
  #openCount = 0;
  #onlineSince = 0;
  #isCrashed = false;

  constructor(options: DeviceOptions) {
    const { person, port, random, transport, breach, answers } = options;
    this.person = person;
    this.port = port;
    this.#ledger = options.ledger;
    this.#breach = breach;
    this.client = new ChatClient({
      transport: new Wiretap(transport, person.name, breach, answers),
      environment: {
        clock: port.clock,
        random,
        startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
      },
      requestTimeoutMs: 4000,
      helloTimeoutMs: 4000,
      refusalLimit: 3,
      backoff: { firstMs: 50, capMs: 1000 },
    });
    this.#listen();
  }

  get isOnline(): boolean {
    return !this.#isCrashed && this.client.state.name === "online";
  }

  /** Closed for good, crashed, or not connected yet. */
  get isOver(): boolean {
    return this.#isCrashed || this.client.state.name === "closed" || this.client.state.name === "idle";
  }

  /** Nothing waits for an answer. */
  get isQuiet(): boolean {
    if (this.isOver) return true;
    return this.isOnline && this.client.pendingCount === 0 && this.#openCount === 0;
  }

  /** When its last login was answered. */
  get onlineSince(): number {
    return this.#onlineSince;
  }

  get isCrashed(): boolean {
    return this.#isCrashed;
  }

  /** The rooms that it is in, the lobby left out. */
  get rooms(): readonly RoomInfo[] {
    return this.client.rooms.filter(({ name }) => name !== "lobby");
  }

  connect(credentials: Credentials, options: ConnectOptions = {}, onRefused?: (code: string) => void): void {
    this.client.connect(credentials, options).catch((error: unknown) => {
      if (this.#isCrashed) return;
      if (error instanceof ChatError) onRefused?.(error.code);
      else this.#breach(0, `${this.person.name} could not connect: ${String(error)}`);
    });
  }

  ask<Result>(asked: Asked<Result>): void {
    const { what, send, changes = [], onDone, onRefused } = asked;
    const begunAt = this.#ledger.order.next();
    this.#openCount += 1;
    send().then(
      (result) => {
        if (this.#isCrashed) return;
        this.#openCount -= 1;
        for (const change of changes) change.done();
        onDone?.(result, begunAt);
      },
      (error: unknown) => {
        if (this.#isCrashed) return;
        this.#openCount -= 1;
        if (!(error instanceof ChatError)) {
          const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
          this.#breach(0, `${this.person.name}'s ${what} failed: ${why}`);
          return;
        }
        if (UNCERTAIN.has(error.code)) return;
        for (const change of changes) change.refused();
        if (!UNSENT.has(error.code)) onRefused?.(error.code, begunAt);
      },
    );
  }

  /** Notes what was acknowledged as an entry of a log. */
  noteEntry(roomId: number, kind: EntryKind, text: string, { offset, timeMs }: Receipt): void {
    if (offset > 0) this.#ledger.entries.push({ by: this.person.name, roomId, offset, kind, text, timeMs });
  }

  /** The machine loses power. */
  crash(): void {
    this.#isCrashed = true;
    this.port.crash();
  }

  #listen(): void {
    const { client, person } = this;
    const hear = (roomId: number, offset: number, kind: EntryKind, text: string): void => {
      this.heard.push({ roomId, offset, kind, text });
    };
    const hearText = (roomId: number, offset: number, sender: string, text: string): void => {
      hear(roomId, offset, "text", text);
      const texts = this.texts.get(roomId) ?? [];
      texts.push({ offset, sender, text });
      this.texts.set(roomId, texts);
      const said = this.#ledger.said.get(text);
      if (said !== undefined) this.onHeard?.(roomId, text, said);
    };
    client.on("message", ({ roomId, offset, sender, text }) => hearText(roomId, offset, sender, text));
    client.on("whisper", ({ roomId, offset, from, text }) => {
      this.conversations.add(roomId);
      hearText(roomId, offset, from, text);
    });
    client.on("edited", ({ roomId, offset, text }) => hear(roomId, offset, "edit", text));
    client.on("deleted", ({ roomId, offset }) => hear(roomId, offset, "delete", ""));
    client.on("reaction", ({ roomId, offset, reaction, added }) => {
      hear(roomId, offset, added ? "reaction" : "reactionRemoved", reaction);
    });
    client.on("token", ({ token }) => {
      if (token !== undefined && !person.tokens.includes(token)) person.tokens.push(token);
    });
    client.on("state", ({ state }) => {
      if (state.name !== "online") return;
      this.#onlineSince = this.#ledger.order.next();
      // Before "resumed" what comes may be replayed already.
      for (const { roomId, kind, access, name } of this.rooms) {
        this.#joinsAgain(roomId, Infinity);
        // A public room in memory that is gone is made again by whoever comes first, for everybody; made
        // private meanwhile, it is public to whoever was away.
        const secret = kind === "memory" && access === "public" ? this.#ledger.secretOf(name) : undefined;
        if (secret !== undefined) secret.isOpen = true;
      }
    });
    client.on("resumed", ({ roomId }) => this.#joinsAgain(roomId, this.#ledger.order.next()));
  }

  /** Told every text of somebody that this device hears. */
  onHeard: ((roomId: number, text: string, said: { by: string; begunAt: number }) => void) | undefined;

  /** The client has joined by itself, or may have: it is a member now, or not. */
  #joinsAgain(roomId: number, order: number): void {
    const { name, isGuest } = this.person;
    this.#ledger.noteJoin(roomId, name, order);
    if (!isGuest) this.#ledger.standing(roomId, name).begin("joined");
  }
}
