import type { ChatError } from "../../../src/client/chat-error.ts";
import type { HistoryOptions, MessagePage } from "../../../src/client/reading-api.ts";
import { type EntryEvent, RoomTimeline, type ShownMessage } from "../../../src/client/room-timeline.ts";

/** Entries asked for at a time; the protocol allows 200. */
const PAGE_ENTRIES = 100;

/** A page may bring reactions and edits alone: so many more are asked for until messages come. */
const PAGES_AT_ONCE = 5;
const ENOUGH_MESSAGES = 20;

/** Live entries kept while the pages that they continue are on their way. Above: they are loaded, too. */
const LATE_LIMIT = 1000;

export interface MessageWindowOptions {
  readonly userName: string;
  /** Messages that are kept; above, those at the far end are dropped. */
  readonly limit: number;
  /** Asks for a page of the log; rejects with a ChatError. */
  readonly read: (range: HistoryOptions) => Promise<MessagePage>;
  /** Something about the window has changed. */
  readonly onChange: () => void;
  /** What `read` rejected with, as it came. */
  readonly toFailure: (error: unknown) => ChatError;
}

export type WindowPhase = "empty" | "loading" | "ready" | "failed";

/**
 * A stretch of a room's log without gaps, `from` … `to`, with the messages in it: begins somewhere, grows
 * at both ends by pages, and at its newer end by what is said live once it has reached that. What is
 * known not to be kept any more inside it is a hole.
 */
export class MessageWindow {
  readonly #options: MessageWindowOptions;
  #timeline: RoomTimeline;
  #phase: WindowPhase = "empty";
  #from = 0;
  #to = 0;
  #hasOlder = false;
  #hasNewer = false;
  #older: "idle" | "loading" = "idle";
  #newer: "idle" | "loading" = "idle";
  #failure: ChatError | undefined;
  /** By the first offset after it: the first that is missing. */
  readonly #holes = new Map<number, number>();
  /** Live entries that come while a page for the newer end is on its way. */
  #late: EntryEvent[] = [];
  #isLateLost = false;
  /** Raised when the window begins anew: pages for the one before are nobody's. */
  #generation = 0;

  constructor(options: MessageWindowOptions) {
    this.#options = options;
    this.#timeline = this.#newTimeline();
  }

  get phase(): WindowPhase {
    return this.#phase;
  }

  /** Another number: all messages are others. */
  get generation(): number {
    return this.#generation;
  }

  get messages(): readonly ShownMessage[] {
    return this.#timeline.messages;
  }

  get hasOlder(): boolean {
    return this.#hasOlder;
  }

  /** False: what is said live is in it. */
  get hasNewer(): boolean {
    return this.#hasNewer;
  }

  get isLoadingOlder(): boolean {
    return this.#older === "loading";
  }

  get isLoadingNewer(): boolean {
    return this.#newer === "loading";
  }

  /** Why the last page did not come; asking again clears it. */
  get failure(): ChatError | undefined {
    return this.#failure;
  }

  /** The newest offset that is in it. */
  get to(): number {
    return this.#to;
  }

  get holes(): ReadonlyMap<number, number> {
    return this.#holes;
  }

  find(offset: number): ShownMessage | undefined {
    return this.#timeline.find(offset);
  }

  /** The offset lies inside, whether or not there is a message. */
  covers(offset: number): boolean {
    return this.#phase === "ready" && offset >= this.#from && offset <= this.#to;
  }

  /** Begins with the newest messages. */
  loadNewest(): Promise<void> {
    return this.#begin({ limit: PAGE_ENTRIES }, (page) => {
      this.#hasOlder = page.more && page.messages[0]?.offset !== 1;
      this.#hasNewer = false;
    });
  }

  /** Begins with nothing, which is all there is: a conversation that nobody has begun. */
  beginEmpty(): void {
    this.clear();
    this.#from = 1;
    this.#phase = "ready";
    this.#options.onChange();
  }

  /** Begins around an offset. */
  loadAround(offset: number): Promise<void> {
    return this.#begin({ around: offset, limit: PAGE_ENTRIES }, (page) => {
      this.#hasOlder = page.messages.length > 0 && page.messages[0]?.offset !== 1;
      this.#hasNewer = page.more;
    });
  }

  /** Nothing happens while a page is on its way, or when there are none. */
  async loadOlder(): Promise<void> {
    if (this.#phase !== "ready" || !this.#hasOlder || this.#older === "loading") return;
    this.#older = "loading";
    this.#failure = undefined;
    this.#options.onChange();
    let count = 0;
    for (let pages = 0; pages < PAGES_AT_ONCE && this.#hasOlder && count < ENOUGH_MESSAGES; pages++) {
      const page = await this.#read({ before: this.#from, limit: PAGE_ENTRIES }, () => {
        this.#older = "idle";
      });
      if (page === undefined) return;
      count += this.#putOlder(page);
    }
    this.#older = "idle";
    this.#options.onChange();
  }

  async loadNewer(): Promise<void> {
    if (this.#phase !== "ready" || !this.#hasNewer || this.#newer === "loading") return;
    this.#newer = "loading";
    this.#failure = undefined;
    this.#options.onChange();
    let count = 0;
    for (let pages = 0; pages < PAGES_AT_ONCE && this.#hasNewer && count < ENOUGH_MESSAGES; pages++) {
      const page = await this.#read({ after: this.#to, limit: PAGE_ENTRIES }, () => {
        this.#newer = "idle";
        this.#late = [];
        this.#isLateLost = false;
      });
      if (page === undefined) return;
      count += this.#putNewer(page);
    }
    this.#newer = "idle";
    this.#takeLate();
    this.#options.onChange();
  }

  /** Takes what is said live, in its order. */
  applyLive(event: EntryEvent): void {
    if (this.#phase === "empty" || this.#phase === "failed") return;
    if (this.#phase === "loading" || this.#newer === "loading") this.#keepLate(event);
    if (this.#phase !== "ready") return;
    const { offset } = event;
    if (offset === this.#to + 1 && !this.#hasNewer) {
      this.#to = offset;
      this.#timeline.applyEvent(event);
    } else if (
      offset <= this.#to ||
      event.type === "edited" ||
      event.type === "deleted" ||
      event.type === "reaction"
    ) {
      // A change of what is in the window belongs into it, wherever the change itself lies.
      this.#timeline.applyEvent(event);
      if (offset > this.#to) this.#hasNewer = true;
    } else {
      this.#hasNewer = true;
    }
    this.#options.onChange();
  }

  /** What was said last was missed: it is to be loaded. */
  markBehind(): void {
    if (this.#phase !== "ready" || this.#hasNewer) return;
    this.#hasNewer = true;
    this.#options.onChange();
  }

  /** Drops what is above the limit, the oldest. True when something was. Not while that end grows. */
  trimOldest(): boolean {
    const { messages } = this.#timeline;
    const first = messages[messages.length - this.#options.limit];
    if (first === undefined || first === messages[0] || this.#older === "loading") return false;
    this.#timeline.forgetBefore(first.offset);
    this.#from = first.offset;
    this.#hasOlder = true;
    for (const after of this.#holes.keys()) if (after <= this.#from) this.#holes.delete(after);
    this.#options.onChange();
    return true;
  }

  /** The same at the newer end. Not while that grows. */
  trimNewest(): boolean {
    const { messages } = this.#timeline;
    const last = messages[this.#options.limit - 1];
    if (last === undefined || last === messages.at(-1) || this.#newer === "loading") return false;
    this.#timeline.forgetAfter(last.offset);
    this.#to = last.offset;
    this.#hasNewer = true;
    for (const after of this.#holes.keys()) if (after > this.#to) this.#holes.delete(after);
    this.#options.onChange();
    return true;
  }

  /** Back to nothing: another log, or not needed now. */
  clear(): void {
    this.#generation++;
    this.#timeline = this.#newTimeline();
    this.#phase = "empty";
    this.#from = 0;
    this.#to = 0;
    this.#hasOlder = false;
    this.#hasNewer = false;
    this.#older = "idle";
    this.#newer = "idle";
    this.#failure = undefined;
    this.#holes.clear();
    this.#late = [];
    this.#isLateLost = false;
    this.#options.onChange();
  }

  async #begin(range: HistoryOptions, place: (page: MessagePage) => void): Promise<void> {
    this.clear();
    this.#phase = "loading";
    const page = await this.#read(range, () => {
      this.#phase = "failed";
      this.#late = [];
    });
    if (page === undefined) return;
    this.#timeline.applyPage(page.messages);
    this.#from = page.messages[0]?.offset ?? 1;
    this.#to = page.messages.at(-1)?.offset ?? 0;
    this.#findHoles(page, this.#from);
    place(page);
    this.#phase = "ready";
    this.#takeLate();
    this.#options.onChange();
    if (this.messages.length < ENOUGH_MESSAGES && this.#hasOlder) await this.loadOlder();
  }

  /** Undefined: it did not come, and `onFailed` was called; or it is for a window that is no more. */
  async #read(range: HistoryOptions, onFailed: () => void): Promise<MessagePage | undefined> {
    const generation = this.#generation;
    try {
      const page = await this.#options.read(range);
      return generation === this.#generation ? page : undefined;
    } catch (error) {
      if (generation !== this.#generation) return undefined;
      this.#failure = this.#options.toFailure(error);
      onFailed();
      this.#options.onChange();
      return undefined;
    }
  }

  /** Returns how many messages came. */
  #putOlder(page: MessagePage): number {
    const { messages } = page;
    const first = messages[0]?.offset;
    if (first === undefined) {
      this.#hasOlder = false;
      return 0;
    }
    const before = this.messages.length;
    this.#timeline.applyPage(messages);
    this.#findHoles(page, first);
    const last = messages.at(-1)?.offset ?? first;
    if (last < this.#from - 1) this.#holes.set(this.#from, last + 1);
    this.#from = first;
    this.#hasOlder = page.more && first !== 1;
    return this.messages.length - before;
  }

  #putNewer(page: MessagePage): number {
    const { messages } = page;
    const before = this.messages.length;
    this.#timeline.applyPage(messages);
    this.#findHoles(page, this.#to === 0 ? 0 : this.#to + 1);
    this.#to = messages.at(-1)?.offset ?? this.#to;
    this.#hasNewer = page.more;
    return this.messages.length - before;
  }

  /** Offsets have no gaps: one that is skipped is not kept any more. */
  #findHoles({ messages }: MessagePage, first: number): void {
    let expected = first;
    for (const { offset } of messages) {
      if (offset > expected && expected > 0) this.#holes.set(offset, expected);
      expected = offset + 1;
    }
  }

  #keepLate(event: EntryEvent): void {
    if (this.#late.length < LATE_LIMIT) this.#late.push(event);
    else this.#isLateLost = true;
  }

  #takeLate(): void {
    const late = this.#late;
    const isLost = this.#isLateLost;
    this.#late = [];
    this.#isLateLost = false;
    for (const event of late) this.applyLive(event);
    if (isLost) this.#hasNewer = true;
  }

  /** Room for both ends to grow before the window is trimmed. */
  #newTimeline(): RoomTimeline {
    const { userName, limit } = this.#options;
    return new RoomTimeline({ userName, limit: limit * 2 });
  }
}
