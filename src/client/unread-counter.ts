import type { RoomMessage } from "./client-events.ts";
import type { RoomListing } from "./room-info.ts";

/** Messages counted one by one; it is also where the server stops counting. */
const COUNT_LIMIT = 999;

/** How much of one room its user has not read: what a list of rooms says, and what came since. */
export class UnreadCounter {
  readonly #userName: string;
  /** Unread when the list was made; they lie up to `lastOffset`. */
  #listed = { count: 0, mentionCount: 0, lastOffset: 0 };
  #readOffset = 0;
  /** Messages that came since, by their offset; true: it mentions the user. */
  readonly #messages = new Map<number, boolean>();

  /** `listing`: how the server counts so far; without it counting begins with the next message. */
  constructor(userName: string, listing?: RoomListing) {
    this.#userName = userName;
    if (listing === undefined) return;
    const { unreadCount, mentionCount, lastOffset, readOffset } = listing;
    this.#listed = { count: unreadCount, mentionCount, lastOffset };
    this.#readOffset = readOffset;
  }

  /** Messages of others that are not read, counted up to 999. */
  get count(): number {
    return Math.min(this.#listed.count + this.#messages.size, COUNT_LIMIT);
  }

  /** Those among them that mention the user. */
  get mentionCount(): number {
    let count = this.#listed.mentionCount;
    for (const isMention of this.#messages.values()) if (isMention) count++;
    return Math.min(count, COUNT_LIMIT);
  }

  /** A message of the room, from a `message` or `whisper` event. */
  add({ offset, sender, mentionsMe }: Pick<RoomMessage, "offset" | "sender" | "mentionsMe">): void {
    if (sender === this.#userName) return;
    if (offset <= this.#readOffset || offset <= this.#listed.lastOffset) return;
    if (this.#messages.size < COUNT_LIMIT || mentionsMe) this.#messages.set(offset, mentionsMe);
    if (this.#messages.size > COUNT_LIMIT) this.#dropOne();
  }

  /** The user has read up to here, in this session or (`read` event) in another. It never goes back. */
  markRead(offset: number): void {
    if (offset <= this.#readOffset) return;
    this.#readOffset = offset;
    if (offset >= this.#listed.lastOffset) this.#listed = { ...this.#listed, count: 0, mentionCount: 0 };
    for (const known of this.#messages.keys()) if (known <= offset) this.#messages.delete(known);
  }

  /** A message that does not mention the user makes room for one that does. */
  #dropOne(): void {
    for (const [offset, isMention] of this.#messages) {
      if (isMention) continue;
      this.#messages.delete(offset);
      return;
    }
    const [oldest] = this.#messages.keys();
    if (oldest !== undefined) this.#messages.delete(oldest);
  }
}
