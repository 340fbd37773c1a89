import { nameKey } from "../../protocol/names.ts";
import { ChatError } from "../../client/index.ts";
import type { ChatPort, RoomMessage } from "./chat-port.ts";
import type { ChatScreen } from "./chat-screen.ts";
import { type Conversation, type ShownMessage, shownMessage } from "./conversation.ts";

/** Messages of a page when it is not said how many. */
const PAGE = 50;

/** What is shown of a room on entry. */
const LATEST = 20;

/** Fills conversations from the server's history. Rejects with what the server refuses. */
export class HistoryLoader {
  readonly #port: ChatPort;
  readonly #screen: ChatScreen;
  readonly #user: () => string;
  readonly #isBusy = new Set<Conversation>();
  readonly #refreshing = new WeakMap<Conversation, Set<number>>();
  #onLoaded: (conversation: Conversation) => void = () => undefined;

  constructor(port: ChatPort, screen: ChatScreen, user: () => string) {
    this.#port = port;
    this.#screen = screen;
    this.#user = user;
  }

  /** Called whenever something was fetched, or could not be. */
  whenLoaded(listener: (conversation: Conversation) => void): void {
    this.#onLoaded = listener;
  }

  /** Messages are being fetched whose place is before those that come now. */
  isEntering(conversation: Conversation): boolean {
    return this.#isBusy.has(conversation);
  }

  /** The newest messages, up to the end. */
  async latest(conversation: Conversation): Promise<void> {
    if (conversation.isLoaded && !conversation.hasNewer) {
      this.#screen.loaded(conversation, [], "latest");
      return;
    }
    await this.#once(conversation, async () => {
      const page = await this.#port.history(conversation.roomId, { limit: LATEST });
      if (conversation.hasNewer) conversation.clear();
      conversation.hasNewer = false;
      conversation.isLoaded = true;
      conversation.hasOlder = page.more;
      this.#take(conversation, page.messages, "latest");
    });
  }

  /** A page more, next to what is there. */
  async extend(conversation: Conversation, where: "older" | "newer", limit = PAGE): Promise<void> {
    const isOlder = where === "older";
    if (conversation.roomId === 0 || !(isOlder ? conversation.hasOlder : conversation.hasNewer)) {
      this.#screen.loaded(conversation, [], where);
      return;
    }
    await this.#once(conversation, async () => {
      const first = conversation.firstOffset;
      const last = conversation.lastMessage(() => true)?.offset ?? 0;
      const range = isOlder ? (first === 0 ? {} : { before: first }) : { after: last };
      const page = await this.#port.history(conversation.roomId, { ...range, limit });
      if (isOlder) conversation.hasOlder = page.more;
      else conversation.hasNewer = page.more;
      this.#take(conversation, page.messages, where);
    });
  }

  async around(conversation: Conversation, offset: number): Promise<void> {
    if (conversation.find(offset) !== undefined) {
      this.#screen.loaded(conversation, [], "around", offset);
      return;
    }
    await this.#replace(conversation, { around: offset, limit: PAGE }, offset);
  }

  async from(conversation: Conversation, timeMs: number): Promise<void> {
    await this.#replace(conversation, { fromTimeMs: timeMs, limit: PAGE });
  }

  /** Asks history what a message is like now. It is not told when that cannot be found out. */
  refresh(conversation: Conversation, offset: number): void {
    const known = this.#refreshing.get(conversation) ?? new Set();
    this.#refreshing.set(conversation, known);
    known.add(offset);
    if (known.size === 1) void this.#refreshAll(conversation, known);
  }

  /** One after the other; what is asked for again meanwhile is asked once. */
  async #refreshAll(conversation: Conversation, wanted: Set<number>): Promise<void> {
    for (const offset of wanted) {
      try {
        const page = await this.#port.history(conversation.roomId, { after: offset - 1, limit: 1 });
        const [fresh] = this.#shown(page.messages);
        if (fresh?.offset === offset) conversation.refresh(fresh);
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
      }
      wanted.delete(offset);
      this.#screen.refresh();
    }
  }

  async #replace(
    conversation: Conversation,
    range: { readonly around?: number; readonly fromTimeMs?: number; readonly limit: number },
    around?: number,
  ): Promise<void> {
    await this.#once(conversation, async () => {
      const page = await this.#port.history(conversation.roomId, range);
      if (page.messages.length > 0) conversation.clear();
      conversation.isLoaded = true;
      conversation.hasOlder = true;
      conversation.hasNewer = page.more;
      this.#take(conversation, page.messages, "around", around ?? page.messages[0]?.offset);
    });
  }

  #take(
    conversation: Conversation,
    messages: readonly RoomMessage[],
    part: "latest" | "older" | "newer" | "around",
    around?: number,
  ): void {
    const shown = this.#shown(messages);
    for (const { offset } of messages) {
      conversation.lastOffset = Math.max(conversation.lastOffset, offset);
    }
    conversation.addPage(shown);
    this.#screen.loaded(conversation, shown, part, around);
  }

  #shown(messages: readonly RoomMessage[]): ShownMessage[] {
    const own = nameKey(this.#user());
    return messages.flatMap((message) => {
      const shown = shownMessage(message, nameKey(message.sender) === own);
      return shown === undefined ? [] : [shown];
    });
  }

  async #once(conversation: Conversation, load: () => Promise<void>): Promise<void> {
    if (conversation.roomId === 0 || this.#isBusy.has(conversation)) return;
    this.#isBusy.add(conversation);
    try {
      await load();
    } finally {
      this.#isBusy.delete(conversation);
      this.#onLoaded(conversation);
    }
  }
}
