import type { MessagePage } from "../../../src/client/reading-api.ts";
import type { ShownMessage } from "../../../src/client/room-timeline.ts";
import type { ReplyPreview } from "./contract.ts";

/** Characters of a text that is shown small. */
const EXCERPT_CHARACTERS = 160;

/** Answered messages that are kept, of one place: more than a window has messages, so none is asked for twice. */
const KNOWN_LIMIT = 2500;

/** Questions to the server at one time. */
const ASK_LIMIT = 4;

export interface ReplyLookupOptions {
  /** Asks for the message at an offset; rejects when it cannot be had now. */
  readonly read: (offset: number) => Promise<MessagePage>;
  readonly onChange: () => void;
}

/** Knows the messages that others answer, from the window or, when they are not there, from the server. */
export class ReplyLookup {
  readonly #options: ReplyLookupOptions;
  readonly #known = new Map<number, ReplyPreview>();
  readonly #ofShown = new WeakMap<ShownMessage, ReplyPreview>();
  readonly #wanted: number[] = [];
  readonly #asked = new Set<number>();
  #generation = 0;

  constructor(options: ReplyLookupOptions) {
    this.#options = options;
  }

  /** The same object for as long as nothing changes about it. `shown`: the message, if it is in the window. */
  find(offset: number, shown: ShownMessage | undefined): ReplyPreview {
    if (shown !== undefined) {
      const preview = this.#ofShown.get(shown) ?? previewOf(shown);
      this.#ofShown.set(shown, preview);
      return preview;
    }
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    const loading: ReplyPreview = { offset, sender: "", excerpt: "", state: "loading" };
    this.#keep(loading);
    this.#wanted.push(offset);
    this.#askNext();
    return loading;
  }

  clear(): void {
    this.#generation++;
    this.#known.clear();
    this.#wanted.length = 0;
    this.#asked.clear();
  }

  /** What could not be had may be asked for again: there is a connection. */
  askAgain(): void {
    for (const [offset, { state }] of this.#known)
      if (state === "loading" && !this.#asked.has(offset) && !this.#wanted.includes(offset))
        this.#wanted.push(offset);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#asked.size < ASK_LIMIT) {
      const offset = this.#wanted.shift();
      if (offset === undefined) return;
      this.#asked.add(offset);
      void this.#ask(offset);
    }
  }

  async #ask(offset: number): Promise<void> {
    const generation = this.#generation;
    let page: MessagePage | undefined;
    try {
      page = await this.#options.read(offset);
    } catch {
      page = undefined; // no connection, or too many questions: with the next connection
    }
    if (generation !== this.#generation) return;
    this.#asked.delete(offset);
    if (page !== undefined) {
      const found = page.messages.find((message) => message.offset === offset && message.kind === "text");
      this.#keep(found === undefined ? { offset, sender: "", excerpt: "", state: "gone" } : previewOf(found));
      this.#options.onChange();
    }
    this.#askNext();
  }

  #keep(preview: ReplyPreview): void {
    this.#known.delete(preview.offset);
    this.#known.set(preview.offset, preview);
    if (this.#known.size <= KNOWN_LIMIT) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

export function previewOf({
  offset,
  sender,
  text,
  isDeleted,
}: Pick<ShownMessage, "offset" | "sender" | "text" | "isDeleted">): ReplyPreview {
  return { offset, sender, excerpt: excerptOf(text), state: isDeleted ? "gone" : "known" };
}

/** One line, cut at a whole character. */
export function excerptOf(text: string): string {
  const line = text
    .slice(0, EXCERPT_CHARACTERS * 4)
    .replaceAll(/\s+/g, " ")
    .trim();
  const characters = Array.from(line);
  if (characters.length <= EXCERPT_CHARACTERS) return line;
  return `${characters.slice(0, EXCERPT_CHARACTERS - 1).join("")}…`;
}
