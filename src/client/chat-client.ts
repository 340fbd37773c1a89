import { PacketType } from "../protocol/codes.ts";
import type { RequestPacketType } from "../protocol/packets.ts";
import type {
  ChatClientOptions,
  CloseOptions,
  ConnectOptions,
  ReactOptions,
  SayOptions,
  SendOptions,
  ServerInfo,
  Welcome,
} from "./chat-client-options.ts";
import { ChatError } from "./chat-error.ts";
import type { ClientEvent, ClientEventOf, ClientEventType, ClientState } from "./client-events.ts";
import { Conversations } from "./conversations.ts";
import type { ClientEnvironment } from "./environment.ts";
import { EventHub } from "./event-hub.ts";
import { hexOf } from "./hex.ts";
import { newEntry } from "./log-entry.ts";
import type { Credentials } from "./log-in.ts";
import { Outbox } from "./outbox.ts";
import type { Destination, OutgoingContent, OutgoingMessage, Receipt } from "./outgoing-message.ts";
import { promiseWithSignal, type RequestOptions } from "./promise-with-signal.ts";
import { ReadingApi } from "./reading-api.ts";
import { RoomDirectory } from "./room-directory.ts";
import type { RoomInfo } from "./room-info.ts";
import { RoomNotices } from "./room-notices.ts";
import type { RequestFields, ResponseBody } from "./server-link.ts";
import { SessionKeeper } from "./session-keeper.ts";

/** Between two `typing` in the same room that are sent. */
const TYPING_PAUSE_MS = 2000;

/**
 * A chat server's client: logs in, stays connected, and keeps two promises over lost connections. The
 * messages of a room or a direct conversation come complete, in order and once, or `resumed` says
 * `recovered: false` and `gap` says what the server left out; and what is given to `publish`, `whisper`,
 * `edit`, `delete` or `react` is delivered once if its promise resolves.
 *
 * It reconnects by itself unless the server's disconnect code says that it should not (3500 and above), or
 * trying again cannot help (`TransportFailure`): state "closed". After that it logs in, joins its rooms where it left them, is sent what it missed and
 * sends what is unacknowledged, in order. Other requests do not wait for a connection (OFFLINE), are not
 * sent again (CONNECTION_LOST), and are not repeated when refused: see `retryAfterMs`.
 */
export class ChatClient extends ReadingApi {
  readonly #environment: ClientEnvironment;
  readonly #requestTimeoutMs: number;
  readonly #events = new EventHub();
  readonly #outbox: Outbox;
  readonly #session: SessionKeeper;
  protected override readonly directory: RoomDirectory;
  protected override readonly conversations: Conversations;
  #server: ServerInfo | undefined;
  readonly #messageIdSuffix: string;
  #messageCount = 0;
  #lastTyping = { roomId: 0, atMs: 0 };

  constructor(options: ChatClientOptions) {
    super();
    const { environment, resumeLimit = 10_000, requestTimeoutMs = 15_000 } = options;
    this.#environment = environment;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#messageIdSuffix = hexOf(environment.random.bytes(12));
    const outbox = new Outbox({
      environment,
      queueLimit: options.queueLimit ?? 1000,
      inFlightLimit: options.inFlightLimit ?? 16,
      refusalLimit: options.refusalLimit ?? 8,
      answerTimeoutMs: requestTimeoutMs,
      onReceipt: (message, receipt) => this.#onReceipt(message, receipt),
      onSettled: () => {
        this.directory.advanceAll();
        this.conversations.advanceAll();
      },
    });
    const shared = { environment, events: this.#events, outbox, resumeLimit, requestTimeoutMs };
    const directory = new RoomDirectory(shared);
    const conversations = new Conversations({
      ...shared,
      missedWhisperLimit: options.missedWhisperLimit ?? 100,
    });
    const notices = new RoomNotices(directory, conversations, this.#events);
    this.#outbox = outbox;
    this.directory = directory;
    this.conversations = conversations;
    this.#session = new SessionKeeper(options, this.#events, {
      onHello: ({ server: name, ...hello }) => {
        const { textLimitBytes, guestsAllowed, registrationOpen, invitationRequired, jwtAccepted } = hello;
        this.#server = {
          name,
          textLimitBytes,
          guestsAllowed,
          registrationOpen,
          invitationRequired,
          jwtAccepted,
        };
      },
      onOtherUser: () => {
        directory.clear();
        conversations.clear();
      },
      onOnline: (link, { user, lobby }, isLobbyReplayed) => {
        directory.attach(link, user, lobby, isLobbyReplayed);
        conversations.attach(link, user);
        outbox.attach(link);
      },
      onNotice: (notice) => notices.onNotice(notice),
      onOffline: () => {
        outbox.detach();
        directory.detach();
        conversations.detach();
      },
      onClosed: (error) => {
        const { code, message } = error;
        outbox.failAll(code === "CLOSED" ? error : new ChatError("CLOSED", message, { cause: error }));
      },
      get lobbyPosition() {
        return directory.lobbyPosition;
      },
    });
  }

  get state(): ClientState {
    return this.#session.state;
  }

  /** Undefined until the first greeting. */
  get server(): ServerInfo | undefined {
    return this.#server;
  }

  /** Logs this account in without its password: see the `token` event. Undefined: there is none. */
  get token(): string | undefined {
    return this.#session.token;
  }

  /** The rooms this client is in, the lobby first. Empty until the first login. */
  get rooms(): readonly RoomInfo[] {
    return this.directory.list();
  }

  /** Entries that wait for their acknowledgement. */
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
   * the server says not to come back (DISCONNECTED), when no connection can be made (TLS_…), or when the signal fires (ABORTED). A client that
   * was closed may connect again; as the same user it takes up its rooms where it left them. Once the
   * server has given a token, that is used; with TOKEN_INVALID the password is, if there is one.
   */
  connect(credentials: Credentials, options: ConnectOptions = {}): Promise<Welcome> {
    return promiseWithSignal(options.signal, (settle) => {
      this.#session.open(credentials, options, settle);
      return () => void this.close();
    });
  }

  /**
   * Connects now instead of at the end of the pause that state "offline" tells, or of a suspension: a person
   * asked for it, or the machine has a network again. In other states nothing happens.
   */
  retryNow(): void {
    this.#session.retryNow();
  }

  /**
   * Ends the connection and makes no other until `retryNow`: the machine has no network, or goes to sleep.
   * State "offline" with `retryInMs` Infinity and this reason; what is published meanwhile waits. Before
   * `connect`, and after the end, nothing happens.
   */
  suspend(why: string): void {
    this.#session.suspend(why);
  }

  /** Logs out and ends. What has no acknowledgement is rejected with CLOSED: see `flushed`. */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#session.close(options.forget ?? false);
  }

  /** Resolves when nothing waits for its acknowledgement, or the client is closed. */
  flushed(options: RequestOptions = {}): Promise<void> {
    return promiseWithSignal<void>(options.signal, (settle) => {
      this.#outbox.whenEmpty(() => settle(undefined));
      return undefined;
    });
  }

  /**
   * Says something in a room. Resolves when the server has it safe; waits for a connection, and over
   * reconnects, for as long as it takes (give a signal to wait shorter). Rejects with QUEUE_FULL at
   * once, with what the server refuses (TEXT_INVALID, NOT_A_MEMBER, MUTED, SLOW_MODE, …), with
   * RATE_LIMITED, BUSY or SERVER_ERROR only after `refusalLimit` attempts.
   */
  publish(roomId: number, text: string, options: SayOptions = {}): Promise<Receipt> {
    const content = { kind: "text", text, target: 0, replyTo: options.replyTo ?? 0 } as const;
    return this.#enqueue(this.#inRoom(roomId), content, options);
  }

  /** Says something to one user; as `publish`, and USER_NOT_FOUND, USER_OFFLINE or BLOCKED. The receipt has the conversation's room id. */
  whisper(to: string, text: string, options: SayOptions = {}): Promise<Receipt> {
    const content = { kind: "text", text, target: 0, replyTo: options.replyTo ?? 0 } as const;
    return this.#enqueue({ kind: "user", name: to }, content, options);
  }

  /**
   * Gives the message at `offset` of a room or conversation another text; as `publish`, and
   * MESSAGE_NOT_FOUND or PERMISSION_DENIED. Changes of one message are carried out in the order of the calls.
   */
  edit(roomId: number, offset: number, text: string, options: SendOptions = {}): Promise<Receipt> {
    return this.#enqueue(this.#inRoom(roomId), { kind: "edit", text, target: offset, replyTo: 0 }, options);
  }

  /** Deletes the message at `offset`, for everybody; as `edit`. */
  delete(roomId: number, offset: number, options: SendOptions = {}): Promise<Receipt> {
    const content = { kind: "delete", text: "", target: offset, replyTo: 0 } as const;
    return this.#enqueue(this.#inRoom(roomId), content, options);
  }

  /** Adds a reaction (1 … 32 bytes without white space: an emoji) to the message at `offset`, or takes it back; as `edit`. */
  react(roomId: number, offset: number, reaction: string, options: ReactOptions = {}): Promise<Receipt> {
    const kind = options.remove === true ? "reactionRemoved" : "reaction";
    return this.#enqueue(this.#inRoom(roomId), { kind, text: reaction, target: offset, replyTo: 0 }, options);
  }

  /** Lets the others know that the user is typing. Call it at each key: it is sent once in 2 s, and only while online. */
  typing(roomId: number): void {
    if (this.state.name !== "online") return;
    const atMs = this.#environment.clock.monotonicMs();
    const last = this.#lastTyping;
    if (last.roomId === roomId && atMs - last.atMs < TYPING_PAUSE_MS) return;
    this.#lastTyping = { roomId, atMs };
    this.#session.link.tell(PacketType.TYPING, { roomId });
  }

  protected override ask<Type extends RequestPacketType, Result>(
    type: Type,
    fields: RequestFields<Type>,
    options: RequestOptions,
    take: (response: ResponseBody<Type>) => Result,
  ): Promise<Result> {
    return promiseWithSignal<Result>(options.signal, (settle) => {
      this.#session.link.request(type, fields, this.#requestTimeoutMs, (answer) => {
        settle(answer instanceof ChatError ? answer : take(answer));
      });
      return undefined;
    });
  }

  protected override onPasswordChanged(password: string): void {
    this.#session.onPasswordChanged(password);
  }

  #inRoom(roomId: number): Destination {
    const stream = this.directory.find(roomId);
    return stream === undefined ? { kind: "roomId", roomId } : { kind: "room", stream };
  }

  #enqueue(destination: Destination, content: OutgoingContent, options: SendOptions): Promise<Receipt> {
    return promiseWithSignal<Receipt>(options.signal, (finish) => {
      const { name } = this.state;
      if (name === "idle" || name === "closed") {
        throw new ChatError("CLOSED", "the client is not connected: call connect");
      }
      const clientMessageId = options.clientMessageId ?? this.#newMessageId();
      const queued = this.#outbox.add({ destination, clientMessageId, content, finish });
      return () => queued.abandon();
    });
  }

  /** Begins with the time: ids in the order of time go into the server's index three times as fast. */
  #newMessageId(): string {
    const time = this.#environment.clock.wallMs().toString(36);
    return `${time}-${(++this.#messageCount).toString(36)}-${this.#messageIdSuffix}`;
  }

  #onReceipt({ destination, content }: OutgoingMessage, receipt: Receipt): void {
    const { roomId, offset, timeMs } = receipt;
    const entry = newEntry({ offset, timeMs, sender: this.#session.user, ...content });
    if (destination.kind === "room") {
      this.directory.onOwnAcknowledged(destination.stream, entry);
      return;
    }
    const peer = destination.kind === "user" ? destination.name : this.conversations.peerOf(roomId);
    if (peer !== undefined) this.conversations.onOwnAcknowledged(roomId, peer, entry);
  }
}
