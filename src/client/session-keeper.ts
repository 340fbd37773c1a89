import { Backoff } from "../base/backoff.ts";
import { DisconnectCode } from "../protocol/codes.ts";
import type { Hello, LoginResponse, RoomPosition } from "../protocol/generated/portico/v1/portico_pb.js";
import type { PlainMessage } from "../protocol/packets.ts";
import type { ChatClientOptions, ConnectOptions, Welcome } from "./chat-client-options.ts";
import { ChatError, disconnectCodeName, isTransient } from "./chat-error.ts";
import type { ClientState } from "./client-events.ts";
import type { ClientTimer } from "./environment.ts";
import type { EventHub } from "./event-hub.ts";
import { bytesOfHex, hexOf } from "./hex.ts";
import { type Credentials, logIn, type Registration } from "./log-in.ts";
import { roomInfo } from "./room-info.ts";
import { type LinkEnd, type Notice, ServerLink } from "./server-link.ts";

/** A connection that was logged in for this long was a success: the next delays are short again. */
const STABLE_MS = 5000;

/** What the keeper of a session tells its owner. */
export interface SessionListener {
  onHello(hello: Hello): void;
  /** Before the state "online" is told. Nothing is known of another user's rooms and messages. */
  onOtherUser(): void;
  /** After the state "online" is told. */
  onOnline(link: ServerLink, welcome: Welcome, isLobbyReplayed: boolean): void;
  onNotice(notice: Notice): void;
  /** The link has ended, after it answered what was open with CONNECTION_LOST. */
  onOffline(): void;
  /** Before the state "closed" is told. */
  onClosed(error: ChatError): void;
  /** Where the client left the lobby. */
  readonly lobbyPosition: PlainMessage<RoomPosition> | undefined;
}

/** Keeps a session with the server: connects, logs in, and does so again for as long as it makes sense. */
export class SessionKeeper {
  readonly #options: ChatClientOptions;
  readonly #events: EventHub;
  readonly #listener: SessionListener;
  readonly #requestTimeoutMs: number;
  readonly #backoff: Backoff;
  #state: ClientState = { name: "idle" };
  #credentials: Credentials | undefined;
  #connectOptions: ConnectOptions = {};
  #registration: { state: Registration } = { state: "none" };
  #token: string | undefined;
  #link: ServerLink | undefined;
  #retryTimer: ClientTimer | undefined;
  #onlineSinceMs = 0;
  #user = "";
  /** Why no attempt is made until `retryNow`; undefined: attempts are made. */
  #suspension: string | undefined;
  /** Set when the end of the link is the end of the client too. */
  #closeReason: ChatError | undefined;
  #onConnected: ((outcome: Welcome | ChatError) => void) | undefined;
  #onClosed: (() => void)[] = [];

  constructor(options: ChatClientOptions, events: EventHub, listener: SessionListener) {
    this.#options = options;
    this.#events = events;
    this.#listener = listener;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 15_000;
    this.#backoff = new Backoff(options.environment.random, options.backoff);
  }

  get state(): ClientState {
    return this.#state;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** The user's name as the server writes it; empty before the first login. */
  get user(): string {
    return this.#user;
  }

  /** The link to send on. Throws OFFLINE or CLOSED when there is none. */
  get link(): ServerLink {
    if (this.#link !== undefined && this.#state.name === "online") return this.#link;
    const { name } = this.#state;
    throw name === "idle" || name === "closed"
      ? new ChatError("CLOSED", "the client is not connected: call connect")
      : new ChatError("OFFLINE", "there is no connection now");
  }

  /** Connects; `settle` is called once. Throws when it was called already. */
  open(
    credentials: Credentials,
    options: ConnectOptions,
    settle: (outcome: Welcome | ChatError) => void,
  ): void {
    if (this.#state.name !== "idle" && this.#state.name !== "closed") {
      throw new Error(`connect was called already: the client is ${this.#state.name}`);
    }
    if (options.register === true && !("password" in credentials)) {
      throw new TypeError("an account is registered with a password");
    }
    if ("token" in credentials) bytesOfHex(credentials.token); // throws for what is no token
    if (!this.#isSameUser(credentials)) {
      this.#listener.onOtherUser();
      this.#token = undefined;
      this.#user = "";
    }
    if ("token" in credentials) this.#token = credentials.token;
    this.#credentials = credentials;
    this.#connectOptions = options;
    this.#registration = { state: options.register === true ? "wanted" : "none" };
    this.#closeReason = undefined;
    this.#suspension = undefined;
    this.#onConnected = settle;
    this.#openLink();
  }

  /** Ends. `forget`: the token is revoked too. */
  close(forget: boolean): Promise<void> {
    if (this.#state.name === "closed" || this.#state.name === "idle") return Promise.resolve();
    this.#closeReason ??= new ChatError("CLOSED", "the client was closed");
    const closed = new Promise<void>((resolve) => this.#onClosed.push(resolve));
    this.#retryTimer?.cancel();
    const isOnline = this.#state.name === "online";
    if (forget) this.#setToken(undefined, 0);
    if (this.#link === undefined) this.#becomeClosed(this.#closeReason);
    else this.#link.close(isOnline ? (forget ? "forget" : "logout") : "none");
    return closed;
  }

  /** Tries now instead of at the end of the pause, and ends a suspension. Else nothing happens. */
  retryNow(): void {
    const wasSuspended = this.#suspension !== undefined;
    this.#suspension = undefined;
    // A link that is still about to end is followed by another as after every end.
    if (this.#state.name !== "offline" || (this.#retryTimer === undefined && !wasSuspended)) return;
    this.#retryTimer?.cancel();
    this.#openLink();
  }

  /** Ends the link, if there is one, and makes no other until `retryNow`. Nothing happens when idle or closed. */
  suspend(why: string): void {
    const { name } = this.#state;
    if (name === "idle" || name === "closed" || this.#suspension !== undefined) return;
    this.#suspension = why;
    if (this.#link !== undefined) this.#link.fail(why);
    else if (name === "offline") this.#becomeSuspended(why);
  }

  /** The account has another password now. */
  onPasswordChanged(password: string): void {
    const credentials = this.#credentials;
    if (credentials !== undefined && "password" in credentials) {
      this.#credentials = { ...credentials, password };
    }
  }

  #isSameUser(next: Credentials): boolean {
    const before = this.#credentials;
    if (before === undefined) return false;
    if (next.name !== undefined && (next.name === before.name || next.name === this.#user)) return true;
    return "token" in next && next.token !== undefined && next.token === this.#token;
  }

  #openLink(): void {
    this.#retryTimer = undefined;
    this.#become({ name: "connecting" });
    if (this.#closeReason !== undefined) return; // a listener has closed the client
    const link: ServerLink = new ServerLink({
      transport: this.#options.transport,
      environment: this.#options.environment,
      helloTimeoutMs: this.#options.helloTimeoutMs ?? 15_000,
      events: {
        onHello: (hello) => {
          this.#listener.onHello(hello);
          this.#logIn(link);
        },
        onNotice: (notice) => this.#listener.onNotice(notice),
        onWarning: (error) => this.#events.emit({ type: "warning", error }),
        onEnded: (end) => this.#onLinkEnded(end),
      },
    });
    this.#link = link;
  }

  #logIn(link: ServerLink): void {
    const credentials = this.#credentials;
    if (credentials === undefined) return;
    const attempt = {
      credentials,
      token: this.#token,
      onTokenInvalid: () => this.#setToken(undefined, 0),
      registration: this.#registration,
      invitationCode: this.#connectOptions.invitationCode ?? "",
      label: this.#connectOptions.label ?? "",
      lobby: this.#listener.lobbyPosition,
      timeoutMs: this.#requestTimeoutMs,
    };
    logIn(link, attempt, (answer) => this.#onLoginAnswer(link, answer));
  }

  #onLoginAnswer(link: ServerLink, answer: LoginResponse | ChatError): void {
    if (answer instanceof ChatError) {
      if (answer.code === "CONNECTION_LOST") return;
      if (this.#isWorthRetrying(answer)) {
        link.fail(`${answer.code}: ${answer.message}`, answer.retryAfterMs);
      } else {
        this.#closeReason ??= answer;
        link.close("none");
      }
      return;
    }
    const user = answer.user?.name ?? this.#credentials?.name ?? "";
    if (this.#user !== "" && user !== this.#user) this.#listener.onOtherUser();
    this.#user = user;
    this.#onlineSinceMs = this.#options.environment.clock.monotonicMs();
    this.#become({ name: "online", user, server: this.#options.transport.address });
    if (answer.resumeToken.byteLength > 0) {
      this.#setToken(hexOf(answer.resumeToken), Number(answer.resumeTokenExpiresMs));
    }
    if (this.#link !== link || this.#closeReason !== undefined) return; // a listener has closed the client
    const lobby = roomInfo(answer.lobby, "lobby");
    const id = Number(answer.user?.id ?? 0);
    const displayName = answer.user?.displayName ?? "";
    const welcome = { user, displayName, isGuest: id < 0, isAdmin: answer.user?.isAdmin ?? false, lobby };
    this.#listener.onOnline(link, welcome, answer.lobbyRecovered);
    this.#onConnected?.(welcome);
    this.#onConnected = undefined;
  }

  #isWorthRetrying(error: ChatError): boolean {
    // The session of the connection that broke may live on for a while on the server.
    const isOurOwnGhost = error.code === "LOGIN_USER_ALREADY" && this.#onConnected === undefined;
    return isTransient(error.code) || error.code === "USER_FULL" || error.code === "TIMEOUT" || isOurOwnGhost;
  }

  #onLinkEnded(end: LinkEnd): void {
    this.#link = undefined;
    const wasOnline = this.#state.name === "online";
    this.#listener.onOffline();
    if (this.#closeReason !== undefined) {
      this.#becomeClosed(this.#closeReason);
    } else if (end.failure !== undefined) {
      this.#becomeClosed(new ChatError(end.failure, end.why));
    } else if (!end.mayReconnect) {
      const disconnectCode = disconnectCodeName(end.code) ?? "NONE";
      const { retryAfterMs } = end;
      this.#becomeClosed(new ChatError("DISCONNECTED", end.why, { disconnectCode, retryAfterMs }));
    } else if (this.#suspension !== undefined) {
      this.#becomeSuspended(this.#suspension);
    } else {
      const nowMs = this.#options.environment.clock.monotonicMs();
      if (wasOnline && nowMs - this.#onlineSinceMs >= STABLE_MS) this.#backoff.reset();
      // On top of what the server asks for, so that not all its clients come back in one moment.
      const retryInMs = end.retryAfterMs + this.#backoff.nextMs();
      this.#retryTimer = this.#options.environment.startTimer(retryInMs, () => this.#openLink());
      const disconnectCode = end.code === DisconnectCode.NONE ? undefined : disconnectCodeName(end.code);
      this.#become({ name: "offline", retryInMs, why: end.why, disconnectCode });
    }
  }

  #becomeSuspended(why: string): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#become({ name: "offline", retryInMs: Infinity, why, disconnectCode: undefined });
  }

  #becomeClosed(error: ChatError): void {
    this.#listener.onClosed(error);
    this.#become({ name: "closed", error, disconnectCode: error.disconnectCode });
    this.#onConnected?.(error);
    this.#onConnected = undefined;
    for (const onClosed of this.#onClosed.splice(0)) onClosed();
  }

  #setToken(token: string | undefined, expiresMs: number): void {
    if (token === this.#token) return;
    this.#token = token;
    this.#events.emit({ type: "token", token, expiresMs });
  }

  #become(state: ClientState): void {
    this.#state = state;
    this.#events.emit({ type: "state", state });
  }
}
