import type { ChatPort } from "./chat-port.ts";
import type { Conversation } from "./conversation.ts";

/** Read markers are sent at most so often. */
const INTERVAL_MS = 1000;

/** Tells the server how far the person has read: once a second at most, the latest only. */
export class ReadMarker {
  readonly #port: ChatPort;
  readonly #seen = new Set<Conversation>();
  #timer: NodeJS.Timeout | undefined;

  constructor(port: ChatPort) {
    this.#port = port;
  }

  /** The conversation's newest message is on the screen. */
  see(conversation: Conversation): void {
    conversation.unreadCount = 0;
    conversation.mentionCount = 0;
    if (conversation.roomId === 0 || conversation.readOffset >= conversation.lastOffset) return;
    this.#seen.add(conversation);
    this.#timer ??= setTimeout(() => this.#tell(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#tell();
  }

  #tell(): void {
    this.#timer = undefined;
    for (const conversation of this.#seen) {
      const { roomId, lastOffset } = conversation;
      conversation.readOffset = lastOffset;
      // When it is not taken, more is unread at the next login than there is: no more than that.
      this.#port.markRead(roomId, lastOffset).catch(() => undefined);
    }
    this.#seen.clear();
  }
}
