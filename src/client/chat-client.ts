import { Backoff } from "../base/backoff.ts";
import { PacketType } from "../protocol/codes.ts";
import { type Hello, type LoginResponse, RoomKind } from "../protocol/generated/portico/v1/portico_pb.js";
import type {
  ChatClientOptions,
  ConnectOptions,
  HistoryOptions,
  JoinOptions,
  SendOptions,
  ServerInfo,
  UserListOptions,
  Welcome,
} from "./chat-client-options.ts";
import { ChatError, disconnectCodeName, isTransient } from "./chat-error.ts";
import {
  type ClientEvent,
  type ClientEventOf,
  type ClientEventType,
  type ClientState,
  EventHub,
  type RoomMessage,
} from "./client-events.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import { type Credentials, logIn, type Registration } from "./log-in.ts";
import { type Destination, Outbox, type OutgoingMessage, type Receipt } from "./outbox.ts";
import { promiseWithSignal, type RequestOptions } from "./promise-with-signal.ts";
import { RoomDirectory, roomInfo, streamMessage } from "./room-directory.ts";
import type { RoomInfo } from "./room-stream.ts";
import {
  type LinkEnd,
  type RequestFields,
  type RequestType,
  type ResponseBody,
  ServerLink,
} from "./server-link.ts";
import { WhisperInbox } from "./whisper-inbox.ts";

/** A connection that was logged in for this long was a success: the next delays are short again. */
const STABLE_MS = 5000;

/**
 * A chat server's client: logs in, stays connected, and keeps two promises over lost connections. The
 * messages of a room come complete, in order and once, or `resumed` says `recovered: false`; and a
 * message given to `publish` or `whisper` is delivered once if its promise resolves.
 *
 * It reconnects by itself unless the server's disconnect code says that it should not (3500 and above:
 * state "closed"). After that it logs in, joins its rooms, fetches what it missed and sends what is
 * unacknowledged, in order. Requests other than `publish` and `whisper` do not wait for a connection
 * (OFFLINE), are not sent again (CONNECTION_LOST), and are not repeated when refused: see `retryAfterMs`.
 */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #environment: ClientEnvironment;
  readonly #requestTimeoutMs: number;
  readonly #events = new EventHub();
  readonly #outbox: Outbox;
  readonly #rooms: RoomDirectory;
  readonly #whispers: WhisperInbox;
  readonly #backoff: Backoff;
  #state: ClientState = { name: "idle" };
  #credentials: Credentials | undefined;
  #registration: { state: Registration } = { state: "none" };
  #link: ServerLink | undefined;
  #retryTimer: ClientTimer | undefined;
  #onlineSinceMs = 0;
  #server: ServerInfo | undefined;
  #user = "";
  /** Set when the end of the link is the end of the client too. */
  #closeReason: ChatError | undefined;
  #onConnected: ((outcome: Welcome | ChatError) => void) | undefined;
  #onClosed: (() => void)[] = [];
  readonly #messageIdSuffix: string;
  #messageCount = 0;

  constructor(options: ChatClientOptions) {
    this.#options = options;
    this.#environment = options.environment;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 15_000;
    this.#backoff = new Backoff(options.environment.random, options.backoff);
    this.#messageIdSuffix = hexOf(options.environment.random.bytes(12));
    this.#outbox = new Outbox({
      environment: options.environment,
      queueLimit: options.queueLimit ?? 1000,
      inFlightLimit: options.inFlightLimit ?? 16,
      refusalLimit: options.refusalLimit ?? 8,
      answerTimeoutMs: this.#requestTimeoutMs,
      onReceipt: (message, receipt) => this.#onReceipt(message, receipt),
      onSettled: () => {
        this.#rooms.advanceAll();
        this.#whispers.advance();
      },
    });
    this.#rooms = new RoomDirectory({
      environment: options.environment,
      events: this.#events,
      outbox: this.#outbox,
      resumeLimit: options.resumeLimit ?? 10_000,
      requestTimeoutMs: this.#requestTimeoutMs,
    });
    this.#whispers = new WhisperInbox(this.#events, () => this.#outbox.hasUncertainWhisper());
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Undefined until the first greeting. */
  get server(): ServerInfo | undefined {
    return this.#server;
  }

  /** The rooms this client is in, the lobby first. Empty until the first login. */
  get rooms(): readonly RoomInfo[] {
    return this.#rooms.list();
  }

  /** Messages that wait for their acknowledgement. */
  get pendingCount(): number {
    return this.#outbox.pendingCount;
  }

  /** Calls the listener at each event of the type, until the returned function is called. What it throws is not caught. */
  on<Type extends ClientEventType>(type: Type, listener: (event: ClientEventOf<Type>) => void): () => void {
    return this.#events.on(type, listener);
  }

  /**
   * Every event from now on, until the client is closed. At most `limit` (default 1000) wait to be
   * read; above, the oldest are dropped and an `overflow` event tells how many.
   */
  events(limit = 1000): AsyncIterableIterator<ClientEvent> {
    return this.#events.iterate(limit);
  }

  /**
   * Connects and logs in, trying again for as long as it takes. Resolves at the first login. Rejects,
   * and the client is closed, when the login is refused for good (AUTH_FAILED, NAME_TAKEN, …), when
   * the server says not to come back (DISCONNECTED), or when the signal fires (ABORTED). A client that
   * was closed may connect again; as the same user it takes up its rooms where it left them.
   */
  connect(credentials: Credentials, options: ConnectOptions = {}): Promise<Welcome> {
    return promiseWithSignal(options.signal, (settle) => {
      if (this.#state.name !== "idle" && this.#state.name !== "closed") {
        throw new Error(`connect was called already: the client is ${this.#state.name}`);
      }
      if (options.register === true && !("password" in credentials)) {
        throw new TypeError("an account is registered with a password");
      }
      if (this.#credentials?.name !== credentials.name) this.#rooms.clear();
      this.#credentials = credentials;
      this.#registration = { state: options.register === true ? "wanted" : "none" };
      this.#closeReason = undefined;
      this.#onConnected = settle;
      this.#openLink(credentials);
      return () => void this.close();
    });
  }

  /** Logs out and ends. Messages without an acknowledgement are rejected with CLOSED: see `flushed`. */
  close(): Promise<void> {
    if (this.#state.name === "closed" || this.#state.name === "idle") return Promise.resolve();
    this.#closeReason ??= new ChatError("CLOSED", "the client was closed");
    const closed = new Promise<void>((resolve) => this.#onClosed.push(resolve));
    this.#retryTimer?.cancel();
    if (this.#link === undefined) this.#becomeClosed(this.#closeReason);
    else this.#link.close(this.#state.name === "online");
    return closed;
  }

  /** Resolves when no message waits for its acknowledgement, or the client is closed. */
  flushed(options: RequestOptions = {}): Promise<void> {
    return promiseWithSignal<void>(options.signal, (settle) => {
      this.#outbox.whenEmpty(() => settle(undefined));
      return undefined;
    });
  }

  /**
   * Says something in a room. Resolves when the server has it safe; waits for a connection, and over
   * reconnects, for as long as it takes (give a signal to wait shorter). Rejects with QUEUE_FULL at
   * once, with what the server refuses (TEXT_INVALID, NOT_A_MEMBER, …), with RATE_LIMITED, BUSY or
   * SERVER_ERROR only after `refusalLimit` attempts.
   */
  publish(roomId: number, text: string, options: SendOptions = {}): Promise<Receipt> {
    const stream = this.#rooms.find(roomId);
    return this.#enqueue(
      stream === undefined ? { kind: "roomId", roomId } : { kind: "room", stream },
      text,
      options,
    );
  }

  /** Says something to one user; as `publish`, and USER_NOT_FOUND or USER_OFFLINE. */
  whisper(to: string, text: string, options: SendOptions = {}): Promise<Receipt> {
    return this.#enqueue({ kind: "user", name: to }, text, options);
  }

  /**
   * Joins a room, and again after each reconnect until `leaveRoom`. With `create` it is made, of that
   * kind, if there is none of this name; else ROOM_NOT_FOUND.
   */
  joinRoom(name: string, options: JoinOptions = {}): Promise<RoomInfo> {
    const kinds = { logged: RoomKind.LOGGED, memory: RoomKind.MEMORY };
    const create = options.create === undefined ? RoomKind.UNSPECIFIED : kinds[options.create];
    return this.#ask(PacketType.JOIN_ROOM_REQUEST, { name, create }, options, ({ room }) =>
      this.#rooms.add(roomInfo(room, name)),
    );
  }

  leaveRoom(roomId: number, options: RequestOptions = {}): Promise<void> {
    return this.#ask(PacketType.LEAVE_ROOM_REQUEST, { roomId }, options, () => this.#rooms.remove(roomId));
  }

  /** A page of a room's messages, oldest first; `more`: there are others further in the direction asked for. */
  history(
    roomId: number,
    options: HistoryOptions = {},
  ): Promise<{ readonly messages: readonly RoomMessage[]; readonly more: boolean }> {
    const info = this.#rooms.find(roomId)?.info;
    const { after, before = (info?.lastOffset ?? Number.MAX_SAFE_INTEGER - 1) + 1, limit = 0 } = options;
    const fields = after === undefined ? { roomId, before, limit } : { roomId, after, limit };
    return this.#ask(PacketType.HISTORY_REQUEST, fields, options, ({ messages, more }) => ({
      messages: messages.map((notice) => ({ roomId, room: info?.name ?? "", ...streamMessage(notice) })),
      more,
    }));
  }

  /** Users in a room, in the server's order; `more`: there are others after these. */
  listUsers(
    roomId: number,
    options: UserListOptions = {},
  ): Promise<{ readonly names: readonly string[]; readonly total: number; readonly more: boolean }> {
    const fields = { roomId, after: options.after ?? "", limit: options.limit ?? 0 };
    return this.#ask(PacketType.USER_LIST_REQUEST, fields, options, ({ names, total, more }) => ({
      names,
      total,
      more,
    }));
  }

  /**
   * One request on the connection there is. `take` runs in the turn of the response, before anything
   * that the server said after it, and even when the caller has given up: what happened, happened.
   */
  #ask<Type extends RequestType, Result>(
    type: Type,
    fields: RequestFields<Type>,
    options: RequestOptions,
    take: (response: ResponseBody<Type>) => Result,
  ): Promise<Result> {
    return promiseWithSignal<Result>(options.signal, (settle) => {
      const link = this.#link;
      if (link === undefined || this.#state.name !== "online") throw this.#notOnline();
      link.request(type, fields, this.#requestTimeoutMs, (answer) => {
        settle(answer instanceof ChatError ? answer : take(answer));
      });
      return undefined;
    });
  }

  #enqueue(destination: Destination, text: string, options: SendOptions): Promise<Receipt> {
    return promiseWithSignal<Receipt>(options.signal, (finish) => {
      if (this.#state.name === "idle" || this.#state.name === "closed") throw this.#notOnline();
      const clientMessageId = options.clientMessageId ?? this.#newMessageId();
      const queued = this.#outbox.add({ destination, clientMessageId, text, finish });
      return () => queued.abandon();
    });
  }

  /** Begins with the time: ids in the order of time go into the server's index three times as fast. */
  #newMessageId(): string {
    const time = this.#environment.clock.wallMs().toString(36);
    return `${time}-${(++this.#messageCount).toString(36)}-${this.#messageIdSuffix}`;
  }

  #notOnline(): ChatError {
    const { name } = this.#state;
    return name === "idle" || name === "closed"
      ? new ChatError("CLOSED", "the client is not connected: call connect")
      : new ChatError("OFFLINE", "there is no connection now");
  }

  #onReceipt(message: OutgoingMessage, receipt: Receipt): void {
    const { destination, text } = message;
    if (destination.kind === "room")
      this.#rooms.onOwnAcknowledged(destination.stream, { ...receipt, sender: this.#user, text });
    else if (destination.kind === "user")
      this.#whispers.onOwnAcknowledged(this.#user, destination.name, text, receipt);
  }

  #openLink(credentials: Credentials): void {
    this.#retryTimer = undefined;
    this.#become({ name: "connecting" });
    if (this.#closeReason !== undefined) return; // a listener has closed the client
    const link: ServerLink = new ServerLink({
      transport: this.#options.transport,
      environment: this.#environment,
      helloTimeoutMs: this.#options.helloTimeoutMs ?? 15_000,
      events: {
        onHello: (hello) => {
          this.#onHello(hello);
          logIn(link, credentials, this.#registration, this.#requestTimeoutMs, (answer) =>
            this.#onLoginAnswer(link, answer),
          );
        },
        onNotice: (notice) => {
          if (notice.type === PacketType.WHISPER_NOTICE) this.#whispers.onNotice(notice.body, this.#user);
          else this.#rooms.onNotice(notice);
        },
        onWarning: (error) => this.#events.emit({ type: "warning", error }),
        onEnded: (end) => this.#onLinkEnded(end, credentials),
      },
    });
    this.#link = link;
  }

  #onHello(hello: Hello): void {
    const { server: name, textLimitBytes, guestsAllowed, registrationOpen } = hello;
    this.#server = { name, textLimitBytes, guestsAllowed, registrationOpen };
  }

  #onLoginAnswer(link: ServerLink, answer: LoginResponse | ChatError): void {
    if (answer instanceof ChatError) {
      if (answer.code === "CONNECTION_LOST") return;
      if (this.#isWorthRetrying(answer)) {
        link.fail(`${answer.code}: ${answer.message}`, answer.retryAfterMs);
      } else {
        this.#closeReason ??= answer;
        link.close(false);
      }
      return;
    }
    const user = answer.user?.name ?? this.#credentials?.name ?? "";
    const lobby = roomInfo(answer.lobby, "lobby");
    this.#user = user;
    this.#onlineSinceMs = this.#environment.clock.monotonicMs();
    this.#become({ name: "online", user, server: this.#options.transport.address });
    if (this.#link !== link || this.#closeReason !== undefined) return; // a listener has closed the client
    this.#rooms.attach(link, user, lobby);
    this.#outbox.attach(link);
    this.#onConnected?.({ user, lobby });
    this.#onConnected = undefined;
  }

  #isWorthRetrying(error: ChatError): boolean {
    // The session of the connection that broke may live on for a while on the server.
    const isOurOwnGhost = error.code === "LOGIN_USER_ALREADY" && this.#onConnected === undefined;
    return isTransient(error.code) || error.code === "USER_FULL" || error.code === "TIMEOUT" || isOurOwnGhost;
  }

  #onLinkEnded(end: LinkEnd, credentials: Credentials): void {
    this.#link = undefined;
    const wasOnline = this.#state.name === "online";
    this.#outbox.detach();
    this.#rooms.detach();
    if (this.#closeReason !== undefined) {
      this.#becomeClosed(this.#closeReason);
    } else if (!end.mayReconnect) {
      const disconnectCode = disconnectCodeName(end.code) ?? "NONE";
      this.#becomeClosed(new ChatError("DISCONNECTED", end.why, { disconnectCode }));
    } else {
      const nowMs = this.#environment.clock.monotonicMs();
      if (wasOnline && nowMs - this.#onlineSinceMs >= STABLE_MS) this.#backoff.reset();
      // On top of what the server asks for, so that not all its clients come back in one moment.
      const retryInMs = end.retryAfterMs + this.#backoff.nextMs();
      this.#retryTimer = this.#environment.startTimer(retryInMs, () => this.#openLink(credentials));
      this.#become({ name: "offline", retryInMs, why: end.why });
    }
  }

  #becomeClosed(error: ChatError): void {
    this.#outbox.failAll(
      error.code === "CLOSED" ? error : new ChatError("CLOSED", error.message, { cause: error }),
    );
    this.#become({ name: "closed", error, disconnectCode: error.disconnectCode });
    this.#onConnected?.(error);
    this.#onConnected = undefined;
    for (const onClosed of this.#onClosed.splice(0)) onClosed();
  }

  #become(state: ClientState): void {
    this.#state = state;
    this.#events.emit({ type: "state", state });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
