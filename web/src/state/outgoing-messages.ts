import type { Receipt } from "../../../src/client/outgoing-message.ts";
import type { Failure } from "./contract.ts";

/** A message of this page that is not in the room's window yet. */
export interface OutgoingItem {
  /** Stays the message's key when it is in the window. */
  readonly key: string;
  readonly clientMessageId: string;
  readonly text: string;
  /** 0: none. */
  readonly replyTo: number;
  /** The page's clock. */
  readonly timeMs: number;
  /** Undefined: on its way, or waiting for a connection. */
  readonly failure: Failure | undefined;
  /** Where the server has put it; 0: not known yet. */
  readonly offset: number;
}

/** Keys of messages that were sent from this page; the oldest are forgotten, their rows are made anew then. */
const KEY_LIMIT = 1000;

/** Messages of one place between the composer and the window, in the order in which they were written. */
export class OutgoingMessages {
  readonly #items: OutgoingItem[] = [];
  readonly #keys = new Map<number, string>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get items(): readonly OutgoingItem[] {
    return this.#items;
  }

  get queuedCount(): number {
    return this.#items.filter(({ failure, offset }) => failure === undefined && offset === 0).length;
  }

  get failedCount(): number {
    return this.#items.filter(({ failure }) => failure !== undefined).length;
  }

  find(key: string): OutgoingItem | undefined {
    return this.#items.find((item) => item.key === key);
  }

  /** The key of the message at an offset, if it was sent from here. */
  keyOf(offset: number): string | undefined {
    return this.#keys.get(offset);
  }

  add(item: Pick<OutgoingItem, "clientMessageId" | "text" | "replyTo" | "timeMs">): OutgoingItem {
    const added: OutgoingItem = {
      ...item,
      key: `own:${item.clientMessageId}`,
      failure: undefined,
      offset: 0,
    };
    this.#items.push(added);
    this.#onChange();
    return added;
  }

  onSent(key: string, { offset }: Receipt): void {
    this.#keys.set(offset, key);
    if (this.#keys.size > KEY_LIMIT) {
      const [oldest] = this.#keys.keys();
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    this.#replace(key, { offset, failure: undefined });
  }

  onFailed(key: string, failure: Failure): void {
    this.#replace(key, { failure });
  }

  /** It is tried again, as the newest. */
  onRetried(key: string): void {
    const index = this.#items.findIndex((item) => item.key === key);
    const [item] = index < 0 ? [] : this.#items.splice(index, 1);
    if (item !== undefined) this.#items.push({ ...item, failure: undefined });
    this.#onChange();
  }

  discard(key: string): void {
    const index = this.#items.findIndex((item) => item.key === key);
    if (index >= 0) this.#items.splice(index, 1);
    this.#onChange();
  }

  /** Forgets those that `isShown` says are in the window now, or will be when that is loaded. */
  settle(isShown: (offset: number) => boolean): void {
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const offset = this.#items[index]?.offset ?? 0;
      if (offset > 0 && isShown(offset)) this.#items.splice(index, 1);
    }
  }

  /** Offsets mean something else now. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  #replace(key: string, change: Partial<OutgoingItem>): void {
    const index = this.#items.findIndex((item) => item.key === key);
    const item = this.#items[index];
    if (item !== undefined) this.#items[index] = { ...item, ...change };
    this.#onChange();
  }
}
