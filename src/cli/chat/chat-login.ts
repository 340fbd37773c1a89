import { realClock } from "../../base/clock.ts";
import { realRandom } from "../../base/random.ts";
import { type ChatClient, ChatError, type Credentials, type Welcome } from "../../client/index.ts";
import { CliError, EXIT_FAILED, EXIT_USAGE } from "../cli-error.ts";
import { transportHint } from "./transport-hint.ts";
import { harmless } from "./line-format.ts";
import { ask } from "../password-prompt.ts";
import { type TokenFile } from "./token-file.ts";

export interface LoginOptions {
  readonly user: string;
  /** HOST:PORT. */
  readonly server: string;
  /** Default: PORTICO_PASSWORD, then what is remembered, then asked for. */
  readonly password: string | undefined;
  readonly register: boolean;
  readonly guest: boolean;
  /** For a new account, where the server wants one. */
  readonly invitation: string | undefined;
}

/** What this client is called in the list of sessions. */
const LABEL = "portico chat";

/** A guest's key is so many bytes. */
const GUEST_KEY_BYTES = 32;

/** Logs a person in, with what is remembered of the last time where that is possible. */
export class ChatLogin {
  readonly #client: ChatClient;
  readonly #options: LoginOptions;
  /** Undefined: nothing is remembered. */
  readonly #tokens: TokenFile | undefined;
  readonly #mayAsk: boolean;

  constructor(client: ChatClient, options: LoginOptions, tokens: TokenFile | undefined, mayAsk: boolean) {
    this.#client = client;
    this.#options = options;
    this.#tokens = tokens;
    this.#mayAsk = mayAsk;
  }

  /** `say` tells that there is no server yet. Rejects with ChatError, or with CliError when a password is needed. */
  async logIn(signal: AbortSignal, say: (line: string) => void): Promise<Welcome> {
    const { server } = this.#options;
    let isToldOffline = false;
    const unlisten = this.#client.on("state", ({ state }) => {
      if (state.name !== "offline" || isToldOffline) return;
      isToldOffline = true;
      say(`cannot reach ${server} (${state.why}); trying until it answers`);
    });
    try {
      return await this.#connect(signal);
    } finally {
      unlisten();
    }
  }

  async #connect(signal: AbortSignal): Promise<Welcome> {
    const { user, register, server } = this.#options;
    const isRemembered = this.#tokens?.find(server, user, "token") !== undefined;
    const invitation = this.#options.invitation ?? "";
    const connectOptions = {
      register,
      signal,
      label: LABEL,
      ...(invitation === "" ? {} : { invitationCode: invitation }),
    };
    let credentials = await this.#credentials(!register && isRemembered);
    try {
      return await this.#client.connect(credentials, connectOptions);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (error.code === "TOKEN_INVALID") {
        this.#tokens?.forget(server, user, "token");
        credentials = await this.#credentials(false);
        return await this.#client.connect(credentials, connectOptions);
      }
      if (!(await this.#wantsAccount(error, credentials))) throw error;
      return await this.#client.connect(credentials, { ...connectOptions, register: true });
    }
  }

  async #credentials(mayUseToken: boolean): Promise<Credentials> {
    const { user: name, guest, server } = this.#options;
    if (guest) return { name, guestKey: this.#guestKey() };
    const token = mayUseToken ? this.#tokens?.find(server, name, "token") : undefined;
    const password = this.#options.password ?? process.env.PORTICO_PASSWORD;
    if (password !== undefined) return { name, password, ...(token === undefined ? {} : { token }) };
    if (token !== undefined) return { name, token };
    if (!this.#mayAsk) {
      throw new CliError(
        "a password is needed: --password, PORTICO_PASSWORD, or a terminal to ask on (or --guest)",
        EXIT_USAGE,
      );
    }
    return { name, password: await ask(`password of ${harmless(name)}: `, true) };
  }

  /** The same guest as the last time. */
  #guestKey(): Uint8Array {
    const { user, server } = this.#options;
    const known = this.#tokens?.find(server, user, "guest");
    if (known !== undefined) return new Uint8Array(Buffer.from(known, "hex"));
    const key = realRandom.bytes(GUEST_KEY_BYTES);
    this.#tokens?.remember(server, user, "guest", Buffer.from(key).toString("hex"));
    return key;
  }

  /** The login failed where a new account is possible: the person is asked. */
  async #wantsAccount(error: ChatError, credentials: Credentials): Promise<boolean> {
    const { register, guest, user } = this.#options;
    const mayRegister = this.#client.server?.registrationOpen === true && !register && !guest;
    if (error.code !== "AUTH_FAILED" || !mayRegister || !this.#mayAsk || !("password" in credentials))
      return false;
    const answer = await ask(
      `the name or the password is wrong. Make a new account "${harmless(user)}"? [y/N] `,
    );
    return /^y(?:es)?$/i.test(answer.trim());
  }
}

/** Keeps what the server gives for the next login, until the returned function is called. */
export function rememberTokens(client: ChatClient, tokens: TokenFile, options: LoginOptions): () => void {
  const { server, user } = options;
  return client.on("token", ({ token, expiresMs }) => {
    if (token === undefined) tokens.forget(server, user, "token");
    else tokens.remember(server, user, "token", token, expiresMs);
  });
}

export function loginError(error: ChatError, options: LoginOptions): CliError {
  const hint = transportHint(error.code);
  if (hint !== undefined) {
    return new CliError(harmless(`${error.message}${hint}`), EXIT_FAILED, { cause: error });
  }
  const hints: Partial<Record<ChatError["code"], string>> = {
    AUTH_FAILED: "the name or the password is wrong (--register makes a new account)",
    NAME_TAKEN: `the name ${options.user} is taken`,
    LOGIN_USER_ALREADY: `${options.user} is logged in already, as often as the server allows`,
    GUESTS_NOT_ALLOWED: "the server does not let guests in",
    REGISTRATION_CLOSED: "the server does not take new accounts",
    INVITATION_INVALID: "a new account needs an invitation code that is good (--invitation CODE)",
  };
  const reason = hints[error.code] ?? error.message;
  const until =
    error.retryAfterMs > 0
      ? ` (until ${new Date(realClock.wallMs() + error.retryAfterMs).toISOString()})`
      : "";
  return new CliError(`login at ${options.server} refused: ${harmless(reason)}${until}`, undefined, {
    cause: error,
  });
}
