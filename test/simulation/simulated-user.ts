import type { SeededRandom } from "../../src/base/random.ts";
import {
  ChatClient,
  ChatError,
  type ChatErrorCode,
  type EntryKind,
  RoomTimeline,
  type Transport,
} from "../../src/client/index.ts";
import type { SimulatedPort } from "../../src/engine/simulated/simulated-port.ts";
import type { AnswerCheckOptions } from "./answer-check.ts";
import { type Breach, Wiretap } from "./wiretap.ts";

/** An entry of a room as this user's program was told it. */
export interface Heard {
  readonly offset: number;
  readonly kind: EntryKind;
  readonly text: string;
  readonly isOwn: boolean;
}

/** What one run of a user's program heard of one room, cut where it was told `recovered: false`. */
export interface RoomRecord {
  readonly room: string;
  readonly segments: Heard[][];
  /** What the messages look like to this user, made of what was told. */
  readonly timeline: RoomTimeline;
}

export interface Acknowledged {
  readonly room: string;
  readonly kind: EntryKind;
  readonly text: string;
  readonly offset: number;
}

/** What an edit adds to the text that the message had at first. */
const EDIT_MARK = " (edited";

/** The text that a message had at first. */
export function firstText(text: string): string {
  const at = text.indexOf(EDIT_MARK);
  return at < 0 ? text : text.slice(0, at);
}

const REACTIONS = ["👍", "🎉", "❤️"];

/** What may be answered where others change rooms and roles meanwhile. */
const RIGHTS: readonly ChatErrorCode[] = [
  "NOT_A_MEMBER",
  "ROOM_NOT_FOUND",
  "PERMISSION_DENIED",
  "MUTED",
  "BANNED",
  "ROOM_ARCHIVED",
  "SLOW_MODE",
  "MESSAGE_NOT_FOUND",
  "ROOM_EXISTS",
  "USER_NOT_FOUND",
  "USER_OFFLINE",
];

export interface SimulatedUserOptions {
  readonly name: string;
  readonly port: SimulatedPort;
  /** The way to the server. */
  readonly transport: Transport;
  readonly random: SeededRandom;
  readonly breach: Breach;
  readonly answers: AnswerCheckOptions;
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
  #isKnown: boolean;

  constructor(options: SimulatedUserOptions) {
    this.name = options.name;
    this.port = options.port;
    this.#breach = options.breach;
    this.#isKnown = !options.register;
    const { port, random } = options;
    const transport: Transport = new Wiretap(
      options.transport,
      options.name,
      options.breach,
      options.answers,
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

  /** The account is made, and the client has heard so. */
  get isKnown(): boolean {
    return this.#isKnown;
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
      .then(({ offset }) => this.acknowledged.push({ room, kind: "text", text, offset }))
      .catch((error: unknown) => this.#expect("publish", error, [...RIGHTS, "CLOSED"]));
  }

  /** Edits or deletes a message, mostly its own, or reacts to any. */
  change(room: string, random: SeededRandom, editNumber: number): void {
    const roomId = this.roomId(room);
    const messages = this.records.get(room)?.timeline.messages.slice(-30) ?? [];
    const own = messages.filter(({ sender }) => sender === this.name);
    const among = random.chance(0.8) && own.length > 0 ? own : messages;
    const message = among[random.below(Math.max(1, among.length))];
    if (roomId === undefined || message === undefined) return;
    const target = message.offset;
    const text = `${firstText(message.text)}${EDIT_MARK} ${editNumber})`;
    const dice = random.next();
    const reaction = REACTIONS[random.below(REACTIONS.length)] as string;
    const [kind, said, sent] =
      dice < 0.4
        ? (["edit", text, this.client.edit(roomId, target, text)] as const)
        : dice < 0.55
          ? (["delete", "", this.client.delete(roomId, target)] as const)
          : dice < 0.85
            ? (["reaction", reaction, this.client.react(roomId, target, reaction)] as const)
            : ([
                "reactionRemoved",
                reaction,
                this.client.react(roomId, target, reaction, { remove: true }),
              ] as const);
    sent
      .then(({ offset }) => this.acknowledged.push({ room, kind, text: said, offset }))
      .catch((error: unknown) => this.#expect(kind, error, [...RIGHTS, "CLOSED"]));
  }

  /** Makes a private room that only those it invites may know of. */
  createPrivate(room: string): void {
    if (!this.isOnline || this.roomId(room) !== undefined) return;
    this.#ask("createRoom", this.client.createRoom(room, { access: "private", slowReader: "catchUp" }));
  }

  invite(room: string, name: string): void {
    const roomId = this.roomId(room);
    if (this.isOnline && roomId !== undefined) this.#ask("invite", this.client.invite(roomId, name));
  }

  moderate(room: string, name: string, action: "kick" | "mute" | "unmute"): void {
    const roomId = this.roomId(room);
    if (!this.isOnline || roomId === undefined) return;
    this.#ask("moderate", this.client.moderate(roomId, name, action, { durationMs: 2000 }));
  }

  enter(room: string): void {
    if (this.isOnline && this.roomId(room) === undefined) this.#ask("enter", this.client.joinRoom(room));
  }

  whisper(to: string, text: string): void {
    if (this.client.state.name === "idle" || this.client.state.name === "closed") return;
    this.client
      .whisper(to, text)
      .then(({ offset }) => this.whispersAcknowledged.push({ to, text, offset }))
      .catch((error: unknown) => this.#expect("whisper", error, ["USER_NOT_FOUND", "CLOSED"]));
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
      this.client.leaveRoom(roomId).then(() => this.#cut(room)),
    );
  }

  look(room: string): void {
    const roomId = this.roomId(room);
    if (!this.isOnline || roomId === undefined) return;
    this.#ask("listUsers", this.client.listUsers(roomId));
    this.#ask("history", this.client.history(roomId, { limit: 20 }));
    this.#ask("search", this.client.search("says", { roomId }));
    this.#ask("members", this.client.members(roomId));
    this.#ask("rooms", this.client.listRooms({ scope: "mine" }));
    this.client.typing(roomId);
  }

  /** The user's machine loses power. */
  crash(): void {
    this.#isCrashed = true;
    this.port.crash();
  }

  #listen(): void {
    this.client.on("message", (event) => {
      const { room, offset, text, isOwn } = event;
      this.#hear(room, { offset, kind: "text", text, isOwn });
      this.#record(room).timeline.applyEvent(event);
    });
    this.client.on("edited", (event) => {
      if (event.direct) return;
      const { room, offset, text, isOwn } = event;
      this.#hear(room, { offset, kind: "edit", text, isOwn });
      this.#record(room).timeline.applyEvent(event);
    });
    this.client.on("deleted", (event) => {
      if (event.direct) return;
      const { room, offset, isOwn } = event;
      this.#hear(room, { offset, kind: "delete", text: "", isOwn });
      this.#record(room).timeline.applyEvent(event);
    });
    this.client.on("reaction", (event) => {
      if (event.direct) return;
      const { room, offset, reaction: text, isOwn, added } = event;
      this.#hear(room, { offset, kind: added ? "reaction" : "reactionRemoved", text, isOwn });
      this.#record(room).timeline.applyEvent(event);
    });
    this.client.on("resumed", ({ room, recovered, previousRoomId, roomId }) => {
      if (!recovered || previousRoomId !== roomId) this.#cut(room);
    });
    this.client.on("roomClosed", ({ room }) => this.#cut(room));
    this.client.on("gap", ({ room, fromOffset, toOffset }) => {
      this.#breach(8, `${this.name} was told of a gap ${fromOffset}…${toOffset} in ${room}`);
    });
    this.client.on("roomLost", ({ room }) => this.#cut(room));
    this.client.on("whisper", ({ text, isOwn }) => {
      if (!isOwn) this.whispersHeard.push(text);
    });
    this.client.on("state", ({ state }) => {
      if (state.name === "online") this.#isKnown = true;
      if (state.name === "closed" && !["CLOSED", "NAME_TAKEN"].includes(state.error.code))
        this.#giveUp("state", state.error);
    });
  }

  #record(room: string): RoomRecord {
    let record = this.records.get(room);
    if (record === undefined) {
      record = { room, segments: [[]], timeline: new RoomTimeline({ userName: this.name }) };
      this.records.set(room, record);
    }
    return record;
  }

  #hear(room: string, heard: Heard): void {
    const segment = this.#record(room).segments.at(-1) as Heard[];
    const before = segment.at(-1);
    if (before !== undefined && heard.offset !== before.offset + 1) {
      this.#breach(8, `${this.name} heard offset ${heard.offset} of ${room} after ${before.offset}`);
    }
    segment.push(heard);
  }

  /** What comes next is not the continuation of what came. */
  #cut(room: string): void {
    const record = this.#record(room);
    record.segments.push([]);
    record.timeline.clear();
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
        ...RIGHTS,
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
