import {
  type ChatClient,
  ChatError,
  type ClientEventOf,
  type ClientState,
  type RoomMessage,
} from "../client/index.ts";
import { chatCommands, readChatInput } from "./chat-input.ts";
import { calendarDay, clockTime, type Colors, counted, harmless, seconds } from "./line-format.ts";

/** Where a chat session shows things. */
export interface ChatScreen {
  readonly colors: Colors;
  /** One line of the conversation. */
  show(line: string): void;
  /** What the person types after. */
  setPrompt(prompt: string): void;
}

export interface ChatSessionOptions {
  readonly client: ChatClient;
  readonly screen: ChatScreen;
  readonly nowMs: () => number;
  /** Recent messages of the lobby shown on entry, 1 … 200. Default 20. */
  readonly recentCount?: number;
  /** The person wants to leave, or the server has ended it. */
  readonly onEnd: () => void;
}

/** People named by /who at most. */
const WHO_LIMIT = 1000;

/** A conversation in lines: what comes from the client is shown, what is typed is done. */
export class ChatSession {
  readonly #client: ChatClient;
  readonly #screen: ChatScreen;
  readonly #options: ChatSessionOptions;
  readonly #unlisten: (() => void)[] = [];
  /** Where typed lines go. */
  #roomId = 0;
  #roomName = "lobby";
  #lobbyId = 0;
  #user = "";
  #shownDay: string;
  /** Messages that come while the recent ones are being fetched are shown after them. */
  #waiting: ClientEventOf<"message">[] | undefined;
  #hasShownOffline = false;
  #refusedCount = 0;
  #lostCount = 0;

  constructor(options: ChatSessionOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#screen = options.screen;
    this.#shownDay = calendarDay(options.nowMs());
    const { client } = options;
    this.#unlisten.push(
      client.on("state", ({ state }) => this.#onState(state)),
      client.on("message", (event) => this.#onMessage(event)),
      client.on("whisper", (event) => this.#onWhisper(event)),
      client.on("userJoined", ({ room, name }) => this.#note(`${harmless(name)} joined ${harmless(room)}`)),
      client.on("userLeft", ({ room, name }) => this.#note(`${harmless(name)} left ${harmless(room)}`)),
      client.on("resumed", (event) => this.#onResumed(event)),
      client.on("roomLost", ({ roomId, room, error }) => {
        this.#alarm(`you are not in ${harmless(room)} any more: ${harmless(error.message)}`);
        if (roomId === this.#roomId) this.#goTo(this.#lobbyId, "lobby");
      }),
      client.on("warning", ({ error }) => this.#alarm(`the server complains: ${harmless(error.message)}`)),
    );
  }

  /** Messages that the server refused. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Messages whose outcome is not known, because the session ended before. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** The client is online for the first time: shows where one is, and what was said lately. */
  async enter(user: string, lobby: { readonly roomId: number; readonly name: string }): Promise<void> {
    this.#user = user;
    this.#lobbyId = lobby.roomId;
    this.#waiting = [];
    this.#goTo(lobby.roomId, lobby.name);
    const state = this.#client.state;
    const server = state.name === "online" ? state.server : "the server";
    this.#note(`you are ${harmless(user)} on ${harmless(server)}; /help lists the commands`);
    try {
      const recent = await this.#client.history(lobby.roomId, { limit: this.#options.recentCount ?? 20 });
      for (const message of recent.messages) this.#showMessage(message);
    } catch (error) {
      this.#alarm(`recent messages could not be read: ${problemOf(error)}`);
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const message of waiting) this.#showMessage(message);
  }

  /** Does what a typed line asks for. Resolves when it is done, or, for a message, when it is queued. */
  async onLine(line: string): Promise<void> {
    const input = readChatInput(line);
    switch (input.kind) {
      case "nothing":
        return;
      case "say":
        this.#track(this.#client.publish(this.#roomId, input.text), input.text);
        return;
      case "whisper":
        this.#track(this.#client.whisper(input.to, input.text), `/w ${input.to} ${input.text}`);
        return;
      case "mistake":
        this.#alarm(harmless(input.problem));
        return;
      case "help":
        for (const { usage, meaning } of Object.values(chatCommands))
          this.#note(`${usage.padEnd(13)} ${meaning}`);
        this.#note("anything else is said in the room you are in");
        return;
      case "rooms":
        for (const { roomId, name } of this.#client.rooms) {
          this.#note(`${roomId === this.#roomId ? "*" : " "} ${harmless(name)}`);
        }
        return;
      case "quit":
        this.#options.onEnd();
        return;
      case "who":
      case "join":
      case "leave":
        try {
          await (input.kind === "who"
            ? this.#who()
            : input.kind === "join"
              ? this.#join(input.room)
              : this.#leave());
        } catch (error) {
          this.#alarm(`${harmless(line.trim())}: ${problemOf(error)}`);
        }
    }
  }

  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #track(sending: Promise<unknown>, text: string): void {
    this.#showPending();
    sending.then(
      () => this.#showPending(),
      (error: unknown) => {
        if (error instanceof ChatError && error.code === "CLOSED") {
          this.#lostCount++;
          return;
        }
        this.#refusedCount++;
        this.#alarm(`not sent (${problemOf(error)}): ${harmless(text)}`);
        this.#showPending();
      },
    );
  }

  async #who(): Promise<void> {
    const names: string[] = [];
    let total: number;
    let more: boolean;
    do {
      const page = await this.#client.listUsers(this.#roomId, { after: names.at(-1) ?? "", limit: 200 });
      names.push(...page.names);
      ({ total } = page);
      more = page.more && page.names.length > 0;
    } while (more && names.length < WHO_LIMIT);
    const others = total > names.length ? `, and ${total - names.length} more` : "";
    this.#note(`${total} in ${harmless(this.#roomName)}: ${names.map(harmless).join(", ")}${others}`);
  }

  async #join(room: string): Promise<void> {
    const { roomId, name, memberCount } = await this.#client.joinRoom(room, { create: "logged" });
    this.#goTo(roomId, name);
    this.#note(`you are in ${harmless(name)} now, with ${counted(memberCount - 1, "other")}`);
  }

  async #leave(): Promise<void> {
    if (this.#roomId === this.#lobbyId) {
      this.#alarm("the lobby is where everybody is; /quit leaves the server");
      return;
    }
    const left = this.#roomName;
    await this.#client.leaveRoom(this.#roomId);
    this.#goTo(this.#lobbyId, "lobby");
    this.#note(`you have left ${harmless(left)} and are in the lobby`);
  }

  #onState(state: ClientState): void {
    switch (state.name) {
      case "idle":
      case "connecting":
        break;
      case "online":
        if (this.#hasShownOffline) {
          const { pendingCount } = this.#client;
          const queued = pendingCount > 0 ? `; sending ${counted(pendingCount, "message")} that waited` : "";
          this.#note(`connected again${queued}`);
        }
        this.#hasShownOffline = false;
        break;
      case "offline":
        if (!this.#hasShownOffline) {
          const what = this.#user === "" ? "cannot connect" : "connection lost";
          const { pendingCount } = this.#client;
          const queued = pendingCount > 0 ? ` (${counted(pendingCount, "message")} waiting)` : "";
          this.#alarm(
            `${what}: ${harmless(state.why)}; trying again in ${seconds(state.retryInMs)}${queued}`,
          );
        }
        this.#hasShownOffline = true;
        break;
      case "closed":
        if (state.error.code === "DISCONNECTED") {
          this.#alarm(`the server has ended this session: ${harmless(state.error.message)}`);
        } else if (state.error.code !== "CLOSED" && this.#user !== "") {
          this.#alarm(`logging in again was refused: ${harmless(state.error.message)}`);
        }
        this.#options.onEnd();
        break;
    }
    this.#showPending();
  }

  #onResumed(event: ClientEventOf<"resumed">): void {
    if (event.previousRoomId === this.#lobbyId) this.#lobbyId = event.roomId;
    if (event.previousRoomId === this.#roomId) this.#roomId = event.roomId;
    if (!event.recovered)
      this.#alarm(`what was said in ${harmless(event.room)} meanwhile could not all be fetched`);
  }

  #onMessage(event: ClientEventOf<"message">): void {
    if (this.#waiting !== undefined) this.#waiting.push(event);
    else this.#showMessage(event);
  }

  #showMessage({ roomId, room, timeMs, sender, text }: RoomMessage): void {
    const { dim, bold } = this.#screen.colors;
    const where = roomId === this.#roomId ? "" : `${dim(`[${harmless(room)}]`)} `;
    this.#showAt(timeMs, `${where}${bold(`${harmless(sender)}:`)} ${harmless(text)}`);
  }

  #onWhisper({ isOwn, from, to, timeMs, text }: ClientEventOf<"whisper">): void {
    const { accent } = this.#screen.colors;
    const who =
      isOwn || from === this.#user ? `you whisper to ${harmless(to)}` : `${harmless(from)} whispers`;
    this.#showAt(timeMs, `${accent(`${who}:`)} ${harmless(text)}`);
  }

  #showAt(timeMs: number, line: string): void {
    const { dim } = this.#screen.colors;
    const day = calendarDay(timeMs);
    if (day !== this.#shownDay) {
      this.#shownDay = day;
      this.#screen.show(dim(`-- ${day} --`));
    }
    this.#screen.show(`${dim(clockTime(timeMs))} ${line}`);
  }

  #note(text: string): void {
    this.#screen.show(this.#screen.colors.dim(`-- ${text}`));
  }

  #alarm(text: string): void {
    this.#screen.show(this.#screen.colors.alarm(`!! ${text}`));
  }

  #goTo(roomId: number, name: string): void {
    this.#roomId = roomId;
    this.#roomName = name;
    this.#showPending();
  }

  #showPending(): void {
    const { name } = this.#client.state;
    const { pendingCount } = this.#client;
    const parts = [harmless(this.#roomName)];
    if (name !== "online") parts.push("offline", ...(pendingCount > 0 ? [`${pendingCount} waiting`] : []));
    this.#screen.setPrompt(`${parts.join(", ")}> `);
  }
}

/** One line for a person: what a ChatError says. Anything else is a bug, and thrown. */
function problemOf(error: unknown): string {
  if (!(error instanceof ChatError)) throw error;
  return harmless(error.message);
}
