import { createInterface } from "node:readline";
import { realClock } from "../../base/clock.ts";
import { realRandom } from "../../base/random.ts";
import { ChatError, openChatClient, type Welcome } from "../../client/index.ts";
import type { TlsClientOptions } from "../../engine/index.ts";
import { CliError, EXIT_USAGE } from "../cli-error.ts";
import { watchStopSignals } from "../signals.ts";
import { mayColor, printError, printLine, surviveBrokenPipes } from "../standard-streams.ts";
import { ChatLogin, loginError, type LoginOptions, rememberTokens } from "./chat-login.ts";
import type { ChatPort } from "./chat-port.ts";
import { ChatSession } from "./chat-session.ts";
import type { JsonMode } from "./json-mode.ts";
import { counted, harmless } from "./line-format.ts";
import { PlainScreen } from "./plain-screen.ts";
import { colorPainter, plainPainter } from "./styles.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import { TokenFile, tokenFilePath } from "./token-file.ts";
import { isTransportFailure } from "./transport-hint.ts";

export interface ChatOptions extends LoginOptions {
  /** Requests and events as JSON, one on each line. */
  readonly json: boolean;
  /** Keep what the next login needs. */
  readonly remember: boolean;
  /** undefined: plain. */
  readonly tls: TlsClientOptions | undefined;
}

/** Lines read from a pipe wait while more messages than this are unacknowledged. */
const PIPE_PENDING_LIMIT = 200;

/** How long leaving waits for messages that are on their way. */
const LEAVE_FLUSH_MS = 3000;

/** What the ways of talking have in common. */
interface Talk {
  readonly port: ChatPort;
  readonly welcome: Welcome;
  readonly isGuest: boolean;
  readonly leaving: AbortController;
  readonly forgetToken: () => void;
}

/** `portico chat`: returns when the person leaves. Throws CliError when the login is refused. */
export async function runChat(options: ChatOptions): Promise<void> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== "dumb";
  const isInteractive = isTerminal && !options.json;
  const tokens = options.remember ? openTokenFile() : undefined;
  const opened = openChatClient({
    server: options.server,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  const { client } = opened;
  const port: ChatPort = client;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const unwatch = watchStopSignals(leave, () => process.exit(1));
  surviveBrokenPipes(leave);
  const unlisten = tokens === undefined ? undefined : rememberTokens(client, tokens, options);
  const json = options.json ? await openJsonMode(port) : undefined;
  try {
    const login = new ChatLogin(client, options, tokens, process.stdin.isTTY && !options.json);
    const say = (line: string): void => (options.json ? undefined : printLine(harmless(line)));
    const welcome = await login.logIn(leaving.signal, say);
    const forgetToken = (): void => tokens?.forget(options.server, options.user, "token");
    const talk: Talk = { port, welcome, isGuest: options.guest, leaving, forgetToken };
    if (json !== undefined) await talkInJson(talk, json);
    else if (isInteractive) await talkOnTerminal(talk);
    else await talkThroughPipe(talk);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    if (error.code === "ABORTED") return;
    json?.fail(error.code, error.message);
    throw loginError(error, options);
  } finally {
    unwatch();
    json?.close();
    await opened.close();
    unlisten?.();
  }
}

function openTokenFile(): TokenFile {
  return new TokenFile({
    path: tokenFilePath(),
    nowMs: () => realClock.wallMs(),
    random: realRandom,
    report: (problem) => printError(`portico: ${harmless(problem)}`),
  });
}

async function talkOnTerminal(talk: Talk): Promise<void> {
  const { port, welcome, leaving } = talk;
  const onEnd = (): void => leaving.abort();
  const screen: TerminalScreen = new TerminalScreen(
    {
      onLine: (line) => void session.onLine(line),
      onLeave: onEnd,
      onTyping: () => session.onTyping(),
      onGoToNumber: (number) => void session.goToNumber(number),
      onExtend: (where) => void session.extend(where),
      onLatest: () => void session.showLatest(),
      onSeen: () => session.onSeen(),
    },
    { input: process.stdin, output: process.stdout },
    mayColor(process.stdout) ? colorPainter : plainPainter,
  );
  const session = new ChatSession({ ...sessionOptions(talk), screen, isInteractive: true });
  try {
    await session.enter(welcome.user, welcome.lobby);
    await fired(leaving.signal);
  } finally {
    screen.close();
  }
  await finish(port, session, AbortSignal.timeout(LEAVE_FLUSH_MS));
}

/** No terminal: each line read is a line typed, each line of the conversation a line written. */
async function talkThroughPipe(talk: Talk): Promise<void> {
  const { port, welcome, leaving } = talk;
  const screen = new PlainScreen(mayColor(process.stdout) ? colorPainter : plainPainter, printLine);
  const session = new ChatSession({ ...sessionOptions(talk), screen, isInteractive: false });
  await session.enter(welcome.user, welcome.lobby);
  for await (const line of linesOfInput(leaving.signal)) {
    if (leaving.signal.aborted) break;
    await session.onLine(line);
    if (port.pendingCount > PIPE_PENDING_LIMIT)
      await port.flushed({ signal: leaving.signal }).catch(ignoreAbort);
  }
  process.stdin.destroy();
  await finish(port, session, patienceOf(leaving.signal));
  if (session.refusedCount > 0) throw new CliError(`${counted(session.refusedCount, "message")} refused`);
}

async function openJsonMode(port: ChatPort): Promise<JsonMode> {
  const { JsonMode } = await import("./json-mode.ts");
  return new JsonMode({ port, print: printLine });
}

async function talkInJson({ port, welcome, leaving }: Talk, json: JsonMode): Promise<void> {
  const unlisten = port.on("state", ({ state }) => {
    if (state.name === "closed") leaving.abort();
  });
  json.enter(welcome.user);
  for await (const line of linesOfInput(leaving.signal)) {
    if (leaving.signal.aborted) break;
    json.onLine(line);
    while (json.runningCount > PIPE_PENDING_LIMIT) await json.oneAnswered();
  }
  process.stdin.destroy();
  const patience = patienceOf(leaving.signal);
  await Promise.race([json.allAnswered(), fired(patience)]);
  unlisten();
  const unansweredCount = json.runningCount;
  const { state } = port;
  if (json.mistakeCount > 0)
    throw new CliError(`${counted(json.mistakeCount, "line")} made no sense`, EXIT_USAGE);
  if (json.refusedCount > 0) throw new CliError(`${counted(json.refusedCount, "request")} refused`);
  if (unansweredCount > 0) throw new CliError(`${counted(unansweredCount, "request")} not answered`);
  throwIfEnded(state);
}

function sessionOptions({ port, isGuest, leaving, forgetToken }: Talk) {
  return {
    port,
    isGuest,
    nowMs: (): number => realClock.wallMs(),
    onEnd: (): void => leaving.abort(),
    onForget: forgetToken,
  };
}

function linesOfInput(signal: AbortSignal): AsyncIterable<string> {
  const reader = createInterface({ input: process.stdin, terminal: false });
  if (signal.aborted) reader.close();
  signal.addEventListener("abort", () => reader.close(), { once: true });
  return reader;
}

/** At the end of the input everything that was read is sent, however long the server is away; a signal ends that. */
function patienceOf(leaving: AbortSignal): AbortSignal {
  return leaving.aborted ? AbortSignal.timeout(LEAVE_FLUSH_MS) : leaving;
}

/** Waits for what is on its way, and tells what does not arrive. */
async function finish(port: ChatPort, session: ChatSession, patience: AbortSignal): Promise<void> {
  if (port.state.name === "online" || !patience.aborted) {
    await port.flushed({ signal: patience }).catch(ignoreAbort);
  }
  const unsentCount = port.pendingCount + session.lostCount;
  const { state } = port;
  session.close();
  if (unsentCount > 0) throw new CliError(`${counted(unsentCount, "message")} could not be sent`);
  throwIfEnded(state);
}

function throwIfEnded(state: ChatPort["state"]): void {
  if (state.name !== "closed" || state.error.code === "CLOSED") return;
  const { code, message } = state.error;
  const what = isTransportFailure(code)
    ? "there is no way back to the server"
    : "the server has ended the session";
  throw new CliError(`${what}: ${harmless(message)}`);
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
