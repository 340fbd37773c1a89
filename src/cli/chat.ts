import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { realClock } from "../base/clock.ts";
import {
  type ChatClient,
  ChatError,
  type Credentials,
  openChatClient,
  type Welcome,
} from "../client/index.ts";
import { ChatSession } from "./chat-session.ts";
import { CliError, EXIT_USAGE } from "./cli-error.ts";
import { colored, counted, harmless, plain } from "./line-format.ts";
import { ask } from "./password-prompt.ts";
import { watchStopSignals } from "./signals.ts";
import { mayColor, printLine, surviveBrokenPipes } from "./standard-streams.ts";
import { TerminalScreen } from "./terminal-screen.ts";

export interface ChatOptions {
  readonly user: string;
  /** HOST:PORT. */
  readonly server: string;
  /** Default: PORTICO_PASSWORD, then asked for. */
  readonly password: string | undefined;
  readonly register: boolean;
  readonly guest: boolean;
}

/** Lines read from a pipe wait while more messages than this are unacknowledged. */
const PIPE_PENDING_LIMIT = 200;

/** How long leaving waits for messages that are on their way. */
const LEAVE_FLUSH_MS = 3000;

/** `portico chat`: returns when the person leaves. Throws CliError when the login is refused. */
export async function runChat(options: ChatOptions): Promise<void> {
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  const credentials = await credentialsFrom(options);
  const opened = openChatClient({ server: options.server });
  const { client } = opened;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const unwatch = watchStopSignals(leave, () => process.exit(1));
  surviveBrokenPipes(leave);
  try {
    const say = (line: string): void => printLine(harmless(line));
    const welcome = await logIn(client, credentials, options, leaving.signal, say);
    if (isInteractive) await talkOnTerminal(client, welcome, leaving);
    else await talkThroughPipe(client, welcome, leaving);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    if (error.code !== "ABORTED") throw loginError(error, options);
  } finally {
    unwatch();
    await opened.close();
  }
}

async function credentialsFrom(options: ChatOptions): Promise<Credentials> {
  const name = options.user;
  if (options.guest) return { name, guestKey: new Uint8Array(randomBytes(32)) };
  const given = options.password ?? process.env.PORTICO_PASSWORD;
  if (given !== undefined) return { name, password: given };
  if (!process.stdin.isTTY) {
    throw new CliError(
      "a password is needed: --password, PORTICO_PASSWORD, or a terminal to ask on (or --guest)",
      EXIT_USAGE,
    );
  }
  return { name, password: await ask(`password of ${harmless(name)}: `, true) };
}

/** Logs in; where that fails and a new account is possible, offers to make it. */
async function logIn(
  client: ChatClient,
  credentials: Credentials,
  options: ChatOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Welcome> {
  let isToldOffline = false;
  const unlisten = client.on("state", ({ state }) => {
    if (state.name !== "offline" || isToldOffline) return;
    isToldOffline = true;
    say(`cannot reach ${options.server} (${state.why}); trying until it answers`);
  });
  try {
    return await client.connect(credentials, { register: options.register, signal });
  } catch (error) {
    const mayRegister = client.server?.registrationOpen === true && !options.register && !options.guest;
    const isUnknown = error instanceof ChatError && error.code === "AUTH_FAILED";
    if (!isUnknown || !mayRegister || !process.stdin.isTTY) throw error;
    const answer = await ask(
      `the name or the password is wrong. Make a new account "${harmless(options.user)}"? [y/N] `,
    );
    if (!/^y(?:es)?$/i.test(answer.trim())) throw error;
    return await client.connect(credentials, { register: true, signal });
  } finally {
    unlisten();
  }
}

function loginError(error: ChatError, options: ChatOptions): CliError {
  const hints: Partial<Record<ChatError["code"], string>> = {
    AUTH_FAILED: "the name or the password is wrong (--register makes a new account)",
    NAME_TAKEN: `the name ${options.user} is taken`,
    LOGIN_USER_ALREADY: `${options.user} is logged in already, as often as the server allows`,
    GUESTS_NOT_ALLOWED: "the server does not let guests in",
    REGISTRATION_CLOSED: "the server does not take new accounts",
  };
  const reason = hints[error.code] ?? error.message;
  return new CliError(`login at ${options.server} refused: ${harmless(reason)}`, undefined, { cause: error });
}

async function talkOnTerminal(client: ChatClient, welcome: Welcome, leaving: AbortController): Promise<void> {
  const screen: TerminalScreen = new TerminalScreen(
    { onLine: (line) => void session.onLine(line), onLeave: () => leaving.abort() },
    { input: process.stdin, output: process.stdout },
  );
  const session = new ChatSession({
    client,
    screen,
    nowMs: () => realClock.wallMs(),
    onEnd: () => leaving.abort(),
  });
  await session.enter(welcome.user, welcome.lobby);
  await fired(leaving.signal);
  screen.close();
  await finish(client, session, AbortSignal.timeout(LEAVE_FLUSH_MS));
}

/** No terminal: each line read is a line typed, each line of the conversation a line written. */
async function talkThroughPipe(
  client: ChatClient,
  welcome: Welcome,
  leaving: AbortController,
): Promise<void> {
  const session = new ChatSession({
    client,
    screen: {
      colors: mayColor(process.stdout) ? colored : plain,
      show: printLine,
      setPrompt: () => undefined,
    },
    nowMs: () => realClock.wallMs(),
    onEnd: () => leaving.abort(),
  });
  await session.enter(welcome.user, welcome.lobby);
  const reader = createInterface({ input: process.stdin, terminal: false });
  leaving.signal.addEventListener("abort", () => reader.close(), { once: true });
  for await (const line of reader) {
    if (leaving.signal.aborted) break;
    await session.onLine(line);
    if (client.pendingCount > PIPE_PENDING_LIMIT)
      await client.flushed({ signal: leaving.signal }).catch(ignoreAbort);
  }
  process.stdin.destroy();
  // At the end of the input everything that was read is sent, however long the server is away; a signal ends that.
  const patience = leaving.signal.aborted ? AbortSignal.timeout(LEAVE_FLUSH_MS) : leaving.signal;
  await finish(client, session, patience);
  if (session.refusedCount > 0) throw new CliError(`${counted(session.refusedCount, "message")} refused`);
}

/** Waits for what is on its way, and tells what does not arrive. */
async function finish(client: ChatClient, session: ChatSession, patience: AbortSignal): Promise<void> {
  if (client.state.name === "online" || !patience.aborted) {
    await client.flushed({ signal: patience }).catch(ignoreAbort);
  }
  const unsentCount = client.pendingCount + session.lostCount;
  const { state } = client;
  session.close();
  if (unsentCount > 0) throw new CliError(`${counted(unsentCount, "message")} could not be sent`);
  if (state.name === "closed" && state.error.code !== "CLOSED") {
    throw new CliError(`the server has ended the session: ${harmless(state.error.message)}`);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof ChatError) || error.code !== "ABORTED") throw error;
}

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
