import { nameKey } from "../../protocol/names.ts";
import type { ChatPort, PortEvent, PortEventType } from "./chat-port.ts";
import type { ChatScreen } from "./chat-screen.ts";
import { type Conversation, type ShownMessage, shownMessage } from "./conversation.ts";
import type { Conversations } from "./conversations.ts";
import type { HistoryLoader } from "./history-loader.ts";
import { dateAndTime, harmless } from "./line-format.ts";
import { shortOf } from "./message-format.ts";
import type { Style } from "./styles.ts";

export interface RoomEventsOptions {
  readonly port: ChatPort;
  readonly screen: ChatScreen;
  readonly conversations: Conversations;
  readonly history: HistoryLoader;
  readonly nowMs: () => number;
  readonly user: () => string;
  readonly isInteractive: boolean;
  readonly note: (text: string, style: Style) => void;
}

/** Direct conversations shown at the beginning, besides those with something unread. */
const RECENT_DIRECT = 3;

/** What happens in rooms and direct conversations, brought into them and onto the screen. */
export class RoomEvents {
  readonly #options: RoomEventsOptions;
  readonly #conversations: Conversations;
  readonly #screen: ChatScreen;
  /** Messages that come while the newest ones are being fetched are shown after them. */
  readonly #waiting = new Map<Conversation, ShownMessage[]>();
  #lastWhisperer = "";

  constructor(options: RoomEventsOptions) {
    this.#options = options;
    this.#conversations = options.conversations;
    this.#screen = options.screen;
  }

  get lastWhisperer(): string {
    return this.#lastWhisperer;
  }

  /** Until the returned function is called. */
  listen(): () => void {
    const { port, history } = this.#options;
    history.whenLoaded((conversation) => this.#release(conversation));
    const unlisten: (() => void)[] = [];
    const on = <Type extends PortEventType>(type: Type, listener: (event: PortEvent<Type>) => void): void => {
      unlisten.push(
        port.on(type, (event) => {
          listener(event);
          this.#screen.refresh();
        }),
      );
    };
    on("message", (event) => this.#onMessage(event));
    on("whisper", (event) => this.#onWhisper(event));
    on("edited", (event) =>
      this.#onChange(event, (room) => room.edit(event), `edited #${event.target}: ${event.text}`),
    );
    on("deleted", (event) => this.#onChange(event, (room) => room.delete(event), `deleted #${event.target}`));
    on("reaction", (event) => this.#onReaction(event));
    on("typing", ({ roomId, name }) => {
      if (!this.#isUser(name)) this.#conversations.byId(roomId)?.onTyping(name, this.#options.nowMs());
    });
    on("read", (event) => this.#onRead(event));
    on("roomUpdated", (event) => this.#onRoomUpdated(event));
    on("roomClosed", (event) => this.#onRoomClosed(event));
    on("invited", ({ room, by }) => this.#note(`${by} invites you to ${room}; /join ${room}`));
    on("muted", (event) => this.#onMuted(event));
    on("userJoined", (event) => this.#onPresence(event, "joined"));
    on("userLeft", (event) => this.#onPresence(event, "left"));
    on("resumed", (event) => this.#onResumed(event));
    on("gap", ({ room, fromOffset, toOffset }) =>
      this.#alarm(
        `messages ${fromOffset} to ${toOffset} of ${room} were left out; /history shows what there is`,
      ),
    );
    on("roomLost", ({ roomId, room, error }) => {
      this.#alarm(`you are not in ${room} any more: ${error.message}`);
      this.#drop(roomId);
    });
    on("warning", ({ error }) => this.#alarm(`the server complains: ${error.message}`));
    return () => {
      for (const each of unlisten) each();
    };
  }

  /** The rooms that the user is a member of, and the latest direct conversations, with what is unread. */
  async listMemberships(): Promise<void> {
    const { port } = this.#options;
    for (const scope of ["mine", "direct"] as const) {
      const { rooms } = await port.listRooms({ scope, limit: 50 });
      let recentCount = 0;
      for (const room of rooms) {
        const isDirect = scope === "direct";
        if (isDirect && room.unreadCount === 0 && ++recentCount > RECENT_DIRECT) continue;
        const isKnown = this.#conversations.byId(room.roomId) !== undefined;
        const conversation = isDirect
          ? this.#conversations.direct(room.name, room.roomId)
          : this.#conversations.room(room.roomId, room.name);
        if (!isKnown && !isDirect)
          conversation.isJoined = port.rooms.some(({ roomId }) => roomId === room.roomId);
        const { topic, lastOffset, readOffset, unreadCount, mentionCount } = room;
        Object.assign(conversation, { topic, readOffset, unreadCount, mentionCount });
        conversation.lastOffset = Math.max(conversation.lastOffset, lastOffset);
      }
    }
  }

  #onMessage(event: PortEvent<"message">): void {
    const message = shownMessage(event, event.isOwn || this.#isUser(event.sender));
    if (message !== undefined) this.#onSaid(this.#conversations.room(event.roomId, event.room), message);
  }

  #onWhisper(event: PortEvent<"whisper">): void {
    const message = shownMessage(event, event.isOwn || this.#isUser(event.sender));
    if (message === undefined) return;
    const { sender, text, isOwn } = message;
    const conversation = this.#conversations.direct(event.peer, event.roomId);
    if (!isOwn) this.#lastWhisperer = sender;
    this.#onSaid(conversation, message);
    if (!this.#options.isInteractive || conversation === this.#conversations.current) return;
    const who = isOwn ? `you whisper to ${conversation.name}` : `${sender} whispers`;
    this.#options.note(harmless(`${who}: ${text}`), "accent");
  }

  #onSaid(conversation: Conversation, message: ShownMessage): void {
    if (conversation.isLoaded || !this.#options.history.isEntering(conversation)) {
      this.#add(conversation, message);
      return;
    }
    const waiting = this.#waiting.get(conversation);
    if (waiting === undefined) this.#waiting.set(conversation, [message]);
    else waiting.push(message);
  }

  #release(conversation: Conversation): void {
    const waiting = this.#waiting.get(conversation) ?? [];
    this.#waiting.delete(conversation);
    for (const message of waiting) this.#add(conversation, message);
  }

  #add(conversation: Conversation, message: ShownMessage): void {
    if (message.isOwn) conversation.settle(message.offset, message.text);
    const isNew = message.offset > conversation.lastOffset;
    if (conversation.add(message)) this.#screen.said(conversation, message);
    if (message.isOwn || !isNew || message.offset <= conversation.readOffset) return;
    conversation.unreadCount++;
    if (message.mentionsMe) conversation.mentionCount++;
  }

  #onChange(
    event: PortEvent<"edited"> | PortEvent<"deleted">,
    apply: (conversation: Conversation) => void,
    what: string,
  ): void {
    const conversation = this.#conversations.byId(event.roomId);
    if (conversation === undefined) return;
    conversation.lastOffset = Math.max(conversation.lastOffset, event.offset);
    apply(conversation);
    this.#screen.changed(conversation, harmless(`${event.sender} ${what}`));
  }

  #onReaction(event: PortEvent<"reaction">): void {
    const { roomId, offset, target, sender, reaction, added } = event;
    const conversation = this.#conversations.byId(roomId);
    if (conversation === undefined) return;
    conversation.lastOffset = Math.max(conversation.lastOffset, offset);
    const message = conversation.find(target);
    if (message !== undefined && offset > message.asOf) {
      const isKnown = message.reactions.some((each) => each.reaction === reaction);
      if (added && !isKnown) {
        message.asOf = offset;
        message.reactions = [...message.reactions, { reaction, count: 1, isMine: this.#isUser(sender) }];
      } else if (isKnown) {
        // Who the others are is not known here: whether this changes anything, the server knows.
        this.#options.history.refresh(conversation, target);
      }
    }
    const about = message === undefined ? `#${target}` : shortOf(message);
    const what = added ? `reacts ${reaction} to` : `takes ${reaction} back from`;
    this.#screen.changed(conversation, harmless(`${sender} ${what} ${about}`));
  }

  #onRead({ roomId, offset }: PortEvent<"read">): void {
    const conversation = this.#conversations.byId(roomId);
    if (conversation === undefined) return;
    conversation.readOffset = Math.max(conversation.readOffset, offset);
    if (offset < conversation.lastOffset) return;
    conversation.unreadCount = 0;
    conversation.mentionCount = 0;
  }

  #onRoomUpdated({ roomId, info, hasNewRole }: PortEvent<"roomUpdated">): void {
    const conversation = this.#conversations.byId(roomId);
    if (conversation === undefined) return;
    const { name, topic, isArchived, role } = info;
    if (conversation.name !== name) this.#note(`${conversation.name} is named ${name} now`);
    if (conversation.topic !== topic && topic !== "") this.#note(`${name}: ${topic}`);
    if (isArchived && !conversation.isArchived) this.#note(`${name} is kept for reading only`);
    if (hasNewRole) this.#note(`you are ${role === "none" ? "no member" : role} of ${name} now`);
    Object.assign(conversation, { name, topic, isArchived });
  }

  #onRoomClosed({ roomId, room, cause, detail }: PortEvent<"roomClosed">): void {
    const causes = {
      deleted: `${room} was deleted`,
      kicked: `you were taken out of ${room}`,
      banned: `you are banned from ${room}`,
      left: `you have left ${room}`,
    };
    const why = detail === "" ? "" : `: ${detail}`;
    if (cause === "left") this.#note(causes[cause] + why);
    else this.#alarm(causes[cause] + why);
    this.#drop(roomId);
  }

  #onMuted({ room, isMuted, untilMs, reason, by }: PortEvent<"muted">): void {
    const where = room === "" ? "" : ` in ${room}`;
    if (!isMuted) {
      this.#note(`you may write${where} again`);
      return;
    }
    const until = untilMs === 0 ? "until it is taken back" : `until ${dateAndTime(untilMs)}`;
    this.#alarm(`${by} muted you${where}, ${until}${reason === "" ? "" : `: ${reason}`}`);
  }

  #onPresence({ roomId, room, name }: PortEvent<"userJoined" | "userLeft">, what: "joined" | "left"): void {
    const conversation = this.#conversations.byId(roomId);
    if (what === "joined") conversation?.meet(name);
    if (this.#options.isInteractive && conversation !== this.#conversations.current) return;
    this.#note(`${name} ${what} ${room}`);
  }

  #onResumed({ roomId, previousRoomId, room, recovered }: PortEvent<"resumed">): void {
    const conversation = this.#conversations.byId(previousRoomId);
    if (conversation !== undefined) conversation.roomId = roomId;
    if (recovered) return;
    if (conversation !== undefined) {
      conversation.clear();
      conversation.lastOffset = 0;
      conversation.readOffset = 0;
      conversation.isLoaded = false;
      conversation.hasNewer = false;
      if (this.#options.isInteractive) this.#options.history.latest(conversation).catch(() => undefined);
    }
    this.#alarm(`what was said in ${room} meanwhile could not all be fetched`);
  }

  #drop(roomId: number): void {
    const conversation = this.#conversations.byId(roomId);
    if (conversation === undefined) return;
    const wasCurrent = conversation === this.#conversations.current;
    this.#conversations.remove(conversation);
    if (wasCurrent) this.#note(`you are in ${this.#conversations.current.title}`);
  }

  #isUser(name: string): boolean {
    return nameKey(name) === nameKey(this.#options.user());
  }

  #note(text: string): void {
    this.#options.note(`-- ${harmless(text)}`, "dim");
  }

  #alarm(text: string): void {
    this.#options.note(`!! ${harmless(text)}`, "alarm");
  }
}
