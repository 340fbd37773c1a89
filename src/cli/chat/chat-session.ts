import { ChatError, type ClientState } from "../../client/index.ts";
import { readChatInput } from "./chat-input.ts";
import type { ChatPort } from "./chat-port.ts";
import type { ChatScreen } from "./chat-screen.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { usageOf } from "./command-table.ts";
import { Conversation, type PendingMessage } from "./conversation.ts";
import { Conversations } from "./conversations.ts";
import { HistoryLoader } from "./history-loader.ts";
import { counted, harmless, seconds } from "./line-format.ts";
import { ReadMarker } from "./read-marker.ts";
import { RoomEvents } from "./room-events.ts";
import type { Style } from "./styles.ts";
import { isTransportFailure } from "./transport-hint.ts";

export interface ChatSessionOptions {
  readonly port: ChatPort;
  readonly screen: ChatScreen;
  readonly nowMs: () => number;
  /** Guests have no memberships and no read markers. */
  readonly isGuest: boolean;
  /** Pending messages are shown at once, unread ones counted and marked as read when seen. */
  readonly isInteractive: boolean;
  /** The person wants to leave, or the server has ended it. */
  readonly onEnd: () => void;
  /** The account is no more: what is kept for the next login is worth nothing. */
  readonly onForget: () => void;
}

/** Typing is told at most so often. */
const TYPING_INTERVAL_MS = 3000;

/** A conversation of a person with a server: what comes is shown, what is typed is done. */
export class ChatSession {
  readonly #options: ChatSessionOptions;
  readonly #port: ChatPort;
  readonly #screen: ChatScreen;
  readonly #unlisten: () => void;
  readonly #conversations: Conversations = new Conversations(new Conversation(0, "lobby", false));
  readonly #history: HistoryLoader;
  readonly #marker: ReadMarker | undefined;
  readonly #events: RoomEvents;
  #user = "";
  #typingToldMs = Number.NEGATIVE_INFINITY;
  #hasShownOffline = false;
  #refusedCount = 0;
  #lostCount = 0;

  constructor(options: ChatSessionOptions) {
    this.#options = options;
    const { port, screen, nowMs } = options;
    this.#port = port;
    this.#screen = screen;
    this.#history = new HistoryLoader(port, screen, () => this.#user);
    this.#marker = options.isGuest || !options.isInteractive ? undefined : new ReadMarker(port);
    this.#events = new RoomEvents({
      port,
      screen,
      conversations: this.#conversations,
      nowMs,
      history: this.#history,
      user: () => this.#user,
      isInteractive: options.isInteractive,
      note: (text, style) => this.#show(text, style),
    });
    const unlistenState = port.on("state", ({ state }) => this.#onState(state));
    const unlistenEvents = this.#events.listen();
    this.#unlisten = () => {
      unlistenState();
      unlistenEvents();
    };
  }

  /** Messages that the server refused. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Messages whose outcome is not known, because the session ended before. */
  get lostCount(): number {
    return this.#lostCount;
  }

  get conversations(): Conversations {
    return this.#conversations;
  }

  /** The client is online for the first time: shows where one is, and what was said lately. */
  async enter(user: string, lobby: { readonly roomId: number; readonly name: string }): Promise<void> {
    this.#user = user;
    const known = this.#conversations.lobby;
    known.roomId = lobby.roomId;
    known.name = lobby.name;
    this.#screen.begin({
      conversations: this.#conversations,
      user,
      nowMs: this.#options.nowMs,
      isOnline: () => this.#port.state.name === "online",
      pendingCount: () => this.#port.pendingCount,
    });
    const { state } = this.#port;
    const server = state.name === "online" ? state.server : "the server";
    this.#note(`you are ${user} on ${server}; /help lists the commands`);
    await this.#attempt("", () => this.#history.latest(known));
    if (this.#options.isInteractive && !this.#options.isGuest) {
      await this.#attempt("", () => this.#events.listMemberships());
    }
    if (this.#options.isInteractive) await this.#attempt("", () => this.#learnNames(known));
  }

  /** Does what a typed line asks for. Resolves when it is done, or, for a message, when it is queued. */
  async onLine(line: string): Promise<void> {
    const input = readChatInput(line);
    if (input.kind === "mistake") this.#alarm(input.problem);
    else if (input.kind === "say") this.#say(this.#conversations.current, input.text, 0);
    else if (input.kind === "command") {
      const { command, rest } = input;
      try {
        await this.#attempt(`/${command.name}: `, () => command.run(rest, this.#context()));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        this.#alarm(`${error.message}: ${usageOf(command)}`);
      }
    }
  }

  /** The person types a message. */
  onTyping(): void {
    const { current } = this.#conversations;
    const nowMs = this.#options.nowMs();
    if (current.roomId === 0 || this.#port.state.name !== "online") return;
    if (nowMs - this.#typingToldMs < TYPING_INTERVAL_MS) return;
    this.#typingToldMs = nowMs;
    this.#port.typing(current.roomId);
  }

  /** The conversation at this place, from 1, of the status line. */
  async goToNumber(number: number): Promise<void> {
    const conversation = this.#conversations.list[number - 1];
    if (conversation === undefined) return;
    if (conversation.isJoined) await this.#attempt("", () => this.#goTo(conversation));
    else await this.onLine(`/join ${conversation.name}`);
  }

  /** The end of what is loaded is in sight. */
  async extend(where: "older" | "newer"): Promise<void> {
    await this.#attempt("", () => this.#history.extend(this.#conversations.current, where));
  }

  async showLatest(): Promise<void> {
    await this.#attempt("", () => this.#history.latest(this.#conversations.current));
  }

  /** The newest messages of the current conversation are on the screen. */
  onSeen(): void {
    this.#marker?.see(this.#conversations.current);
  }

  close(): void {
    this.#unlisten();
    this.#marker?.stop();
  }

  #context(): CommandContext {
    const { current } = this.#conversations;
    return {
      port: this.#port,
      conversations: this.#conversations,
      user: this.#user,
      nowMs: this.#options.nowMs,
      note: (text) => this.#note(text),
      alarm: (text) => this.#alarm(text),
      say: (conversation, text, replyTo = 0) => this.#say(conversation, text, replyTo),
      goTo: (conversation) => this.#goTo(conversation),
      remove: (conversation) => this.#conversations.remove(conversation),
      showOlder: (count) => this.#history.extend(current, "older", count),
      showAround: (offset) => this.#history.around(current, offset),
      showFrom: (timeMs) => this.#history.from(current, timeMs),
      showLatest: () => this.#history.latest(current),
      ask: this.#screen.ask,
      lastWhisperer: this.#events.lastWhisperer,
      forgetToken: this.#options.onForget,
      end: this.#options.onEnd,
    };
  }

  /** What a request is refused with is shown; anything else is thrown. */
  async #attempt(what: string, action: () => Promise<void> | void): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (error.code === "CLOSED") return;
      this.#alarm(`${what}${problemOf(error)}`);
    }
    this.#screen.refresh();
  }

  #say(conversation: Conversation, text: string, replyTo: number): void {
    const pending: PendingMessage = {
      kind: "pending",
      timeMs: this.#options.nowMs(),
      sender: this.#user,
      text,
      replyTo,
      offset: 0,
    };
    if (this.#options.isInteractive) conversation.pending.push(pending);
    const options = replyTo === 0 ? {} : { replyTo };
    const sending = conversation.isDirect
      ? this.#port.whisper(conversation.name, text, options)
      : this.#port.publish(conversation.roomId, text, options);
    this.#screen.refresh();
    sending.then(
      ({ offset }) => {
        pending.offset = offset;
        if (conversation.find(offset) !== undefined) conversation.settle(offset, text);
        this.#screen.refresh();
      },
      (error: unknown) => {
        const index = conversation.pending.indexOf(pending);
        if (index >= 0) conversation.pending.splice(index, 1);
        this.#onUnsent(error, conversation.isDirect ? `/w ${conversation.name} ${text}` : text);
      },
    );
    if (conversation.hasNewer) void this.#attempt("", () => this.#history.latest(conversation));
  }

  #onUnsent(error: unknown, text: string): void {
    if (error instanceof ChatError && error.code === "CLOSED") {
      this.#lostCount++;
      return;
    }
    if (!(error instanceof ChatError)) throw error;
    this.#refusedCount++;
    this.#alarm(`not sent (${problemOf(error)}): ${text}`);
  }

  async #goTo(conversation: Conversation): Promise<void> {
    this.#conversations.goTo(conversation);
    this.#screen.refresh();
    const { roomId, isLoaded } = conversation;
    if (roomId === 0 || isLoaded) return;
    await this.#history.latest(conversation);
    if (this.#options.isInteractive && !conversation.isDirect) await this.#learnNames(conversation);
  }

  /** For completion. */
  async #learnNames(conversation: Conversation): Promise<void> {
    const { names } = await this.#port.listUsers(conversation.roomId, { limit: 200 });
    for (const name of names) conversation.meet(name);
  }

  #onState(state: ClientState): void {
    const { pendingCount } = this.#port;
    switch (state.name) {
      case "idle":
      case "connecting":
        break;
      case "online":
        if (this.#hasShownOffline) {
          const queued = pendingCount > 0 ? `; sending ${counted(pendingCount, "message")} that waited` : "";
          this.#note(`connected again${queued}`);
        }
        this.#hasShownOffline = false;
        break;
      case "offline":
        if (!this.#hasShownOffline) {
          const what = this.#user === "" ? "cannot connect" : "connection lost";
          const queued = pendingCount > 0 ? ` (${counted(pendingCount, "message")} waiting)` : "";
          this.#alarm(`${what}: ${state.why}; trying again in ${seconds(state.retryInMs)}${queued}`);
        }
        this.#hasShownOffline = true;
        break;
      case "closed":
        if (state.error.code === "DISCONNECTED") {
          this.#alarm(`the server has ended this session: ${state.error.message}`);
        } else if (isTransportFailure(state.error.code)) {
          this.#alarm(`no way back to the server: ${state.error.message}`);
        } else if (state.error.code !== "CLOSED" && this.#user !== "") {
          this.#alarm(`logging in again was refused: ${state.error.message}`);
        }
        this.#options.onEnd();
        break;
    }
    this.#screen.refresh();
  }

  #note(text: string): void {
    this.#show(`-- ${harmless(text)}`, "dim");
  }

  #alarm(text: string): void {
    this.#show(`!! ${harmless(text)}`, "alarm");
  }

  #show(text: string, style: Style): void {
    const note = { kind: "note", timeMs: this.#options.nowMs(), text, style } as const;
    this.#conversations.current.note(note);
    this.#screen.noted(note);
  }
}

/** One line for a person: what a ChatError says. */
export function problemOf({ message, retryAfterMs }: ChatError): string {
  return retryAfterMs > 0 ? `${message}; wait ${seconds(retryAfterMs)}` : message;
}
