import type { ChatClient } from "../../../src/client/chat-client.ts";
import type { ConnectOptions, Welcome } from "../../../src/client/chat-client-options.ts";
import { ChatError } from "../../../src/client/chat-error.ts";
import type { ClientState } from "../../../src/client/client-events.ts";
import type { Credentials } from "../../../src/client/log-in.ts";
import type { EndReason, Failure, Outcome, SessionSnapshot } from "./contract.ts";
import { DONE, failureOf } from "./failure.ts";
import type { KeptSession } from "./kept-session.ts";
import { SessionKeep } from "./kept-session.ts";
import type { PageHost } from "./page-host.ts";
import { SERVER_EVENTS, type ServerEvent } from "./server-events.ts";

export interface SignInOptions {
  readonly host: PageHost;
  /** A client for one sign-in. */
  readonly makeClient: () => ChatClient;
  readonly onSignedIn: (client: ChatClient, welcome: Welcome) => void;
  /** After that: each event and each state of the client's, in their order. */
  readonly onEvent: (event: ServerEvent) => void;
  readonly onState: (state: ClientState) => void;
  readonly onSignedOut: () => void;
  readonly onChange: () => void;
}

type Phase = SessionSnapshot["phase"];

/** Gets the user in and out: forms, the kept session, and what the server says at the end. */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #keep: SessionKeep;
  #phase: Phase = "signedOut";
  #client: ChatClient | undefined;
  #welcome: Welcome | undefined;
  #failure: Failure | undefined;
  #end: EndReason | undefined;
  /** The token is kept over the end of the tab. */
  #isLasting = false;
  /** What is told before the welcome: a packet may bring both. */
  #early: ServerEvent[] = [];

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#keep = new SessionKeep(options.host);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get client(): ChatClient | undefined {
    return this.#client;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  get end(): EndReason | undefined {
    return this.#end;
  }

  get lastName(): string {
    return this.#keep.lastName;
  }

  /** Takes up the kept session, if there is one. */
  async start(): Promise<void> {
    const kept = this.#keep.read();
    if (kept === undefined) return;
    this.#isLasting = kept.kind === "token" && this.#keep.isLasting(kept.token);
    const credentials: Credentials =
      kept.kind === "token"
        ? { name: kept.name, token: kept.token }
        : { name: kept.name, guestKey: kept.key };
    const outcome = await this.#connect("starting", credentials, {}, kept);
    if (outcome.ok || this.#end !== undefined) return;
    const { code, detail } = outcome.failure;
    if (code === "TOKEN_INVALID") {
      this.#keep.forget();
      this.#end = { why: "tokenInvalid", detail: "", untilMs: 0 };
    } else if (code !== "CLOSED") {
      this.#end = { why: "refused", detail, untilMs: outcome.failure.retryAtMs };
    }
    this.#options.onChange();
  }

  logIn(name: string, password: string, isLasting: boolean, connect: ConnectOptions = {}): Promise<Outcome> {
    this.#isLasting = isLasting;
    return this.#connect("signingIn", { name, password }, connect, undefined);
  }

  guest(name: string): Promise<Outcome> {
    this.#isLasting = false;
    const key = this.#keep.newGuestKey();
    return this.#connect("signingIn", { name, guestKey: key }, {}, { kind: "guest", name, key });
  }

  /** Ends the session on this device. While a form waits for a connection: gives that up. */
  logOut(): void {
    const client = this.#client;
    const wasIn = this.#phase === "signedIn";
    this.#client = undefined;
    this.#welcome = undefined;
    if (this.#phase !== "signingIn") this.#keep.forget();
    this.#phase = "signedOut";
    this.#failure = undefined;
    this.#end = undefined;
    void client?.close({ forget: wasIn });
    if (wasIn) this.#options.onSignedOut();
    this.#options.onChange();
  }

  async #connect(
    phase: Phase,
    credentials: Credentials,
    connect: ConnectOptions,
    kept: KeptSession | undefined,
  ): Promise<Outcome> {
    if (this.#phase !== "signedOut") return { ok: false, failure: this.#toFailure(busy()) };
    const { host } = this.#options;
    const client = this.#options.makeClient();
    this.#client = client;
    this.#phase = phase;
    this.#failure = undefined;
    this.#end = undefined;
    this.#early = [];
    this.#listen(client);
    this.#options.onChange();
    try {
      const welcome = await client.connect(credentials, { label: host.label, ...connect });
      if (this.#client !== client) return { ok: false, failure: this.#toFailure(closed()) };
      this.#onWelcome(client, welcome, kept);
      return DONE;
    } catch (error) {
      const failure = this.#toFailure(error);
      if (this.#client === client) {
        this.#client = undefined;
        this.#phase = "signedOut";
        this.#failure = failure;
        this.#options.onChange();
      }
      return { ok: false, failure };
    }
  }

  #onWelcome(client: ChatClient, welcome: Welcome, kept: KeptSession | undefined): void {
    this.#phase = "signedIn";
    this.#welcome = welcome;
    if (kept !== undefined) this.#keep.keep({ ...kept, name: welcome.user }, this.#isLasting);
    else this.#keepToken(client.token);
    this.#options.onSignedIn(client, welcome);
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#options.onEvent(event);
    this.#options.onChange();
  }

  #listen(client: ChatClient): void {
    client.on("state", ({ state }) => {
      if (client !== this.#client) return;
      if (state.name === "closed" && this.#phase === "signedIn") this.#onEnded(state);
      else this.#options.onState(state);
    });
    client.on("token", ({ token }) => {
      if (client === this.#client && this.#welcome !== undefined) this.#keepToken(token);
    });
    for (const type of SERVER_EVENTS) {
      client.on(type, (event) => {
        if (client !== this.#client) return;
        if (this.#phase === "signedIn") this.#options.onEvent(event);
        else this.#early.push(event);
      });
    }
  }

  #keepToken(token: string | undefined): void {
    if (token === undefined || this.#client === undefined) return;
    const name = this.#welcome?.user ?? "";
    this.#keep.keep({ kind: "token", name, token }, this.#isLasting);
  }

  /** The server has ended the session for good. */
  #onEnded({ error, disconnectCode }: Extract<ClientState, { readonly name: "closed" }>): void {
    const why =
      ends[disconnectCode ?? "NONE"] ?? (error.code === "TOKEN_INVALID" ? "tokenInvalid" : "refused");
    const { retryAtMs } = this.#toFailure(error);
    // "BANNED: the reason": the code has a sentence of its own.
    const detail = error.message.replace(/^[A-Z_]+(?:: |$)/, "");
    this.#end = { why, detail, untilMs: retryAtMs };
    this.#client = undefined;
    this.#welcome = undefined;
    this.#phase = "signedOut";
    // A kick or a ban ends a session, not the right to come back with it.
    if (why === "tokenRevoked" || why === "tokenInvalid" || why === "accountDeleted") this.#keep.forget();
    this.#options.onSignedOut();
    this.#options.onChange();
  }

  #toFailure(error: unknown): Failure {
    return failureOf(error, this.#options.host.environment.clock);
  }
}

const ends: Readonly<Partial<Record<string, EndReason["why"]>>> = {
  KICKED: "kicked",
  BANNED: "banned",
  TOKEN_REVOKED: "tokenRevoked",
  ACCOUNT_DELETED: "accountDeleted",
  REPLACED: "replaced",
  FLOOD: "flood",
  LOGGED_OUT: "loggedOut",
  INVALID_HEADER: "protocol",
  PACKET_TOO_LARGE: "protocol",
  PROTOCOL_ERROR: "protocol",
};

function busy(): ChatError {
  return new ChatError("BUSY", "another attempt to sign in is under way");
}

function closed(): ChatError {
  return new ChatError("CLOSED", "given up");
}
