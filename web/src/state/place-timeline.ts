import type { ChatError } from "../../../src/client/chat-error.ts";
import type { HistoryOptions, MessagePage } from "../../../src/client/reading-api.ts";
import type { EntryEvent, ShownMessage } from "../../../src/client/room-timeline.ts";
import { reuse } from "./cell.ts";
import type { Failure, PlaceKey, ReplyPreview, TimelineJump, TimelineSnapshot } from "./contract.ts";
import { MessageOverlays } from "./message-overlays.ts";
import { MessageWindow } from "./message-window.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";
import { ReplyLookup } from "./reply-lookup.ts";
import { type NextRows, nextRows } from "./timeline-change.ts";
import { TimelineRows } from "./timeline-rows.ts";

/** Messages of an open place that are in memory. */
export const WINDOW_LIMIT = 2000;

/** So far above the limit it may grow: the window is trimmed seldom. */
const TRIM_SLACK = 200;

/** With more unread messages than this a place opens where they begin, else at its end. */
const NEAR_UNREAD = 60;

/** Pages that are loaded by themselves when messages were missed. */
const CATCH_UP_PAGES = 5;

export interface PlaceTimelineOptions {
  readonly place: PlaceKey;
  readonly userName: string;
  /** Messages that are kept. Default 2000. */
  readonly limit?: number;
  readonly read: (range: HistoryOptions) => Promise<MessagePage>;
  readonly dayOf: (timeMs: number) => number;
  readonly displayNameOf: (name: string) => string;
  readonly toError: (error: unknown) => ChatError;
  readonly toFailure: (error: ChatError) => Failure;
  readonly onChange: () => void;
}

type JumpTarget =
  | { readonly kind: "newest" }
  | { readonly kind: "unread" }
  | { readonly kind: "message"; readonly offset: number };

/** The messages of one place as a list to be shown: window, what is on its way, and where to scroll. */
export class PlaceTimeline {
  readonly window: MessageWindow;
  readonly outgoing: OutgoingMessages;
  readonly overlays: MessageOverlays;
  readonly #options: PlaceTimelineOptions;
  readonly #limit: number;
  readonly #replies: ReplyLookup;
  readonly #rows: TimelineRows;
  #generation = -1;
  /** What had been read when the place was opened; the line is drawn after it. -1: none is drawn. */
  #readOffset = -1;
  #visibleOffset = 0;
  #isTrimDue = false;
  #wanted: JumpTarget | undefined;
  #jump: TimelineJump | undefined;
  #jumpCount = 0;

  constructor(options: PlaceTimelineOptions) {
    const { userName, read, onChange, limit = WINDOW_LIMIT } = options;
    this.#options = options;
    this.#limit = limit;
    this.window = new MessageWindow({ userName, limit, read, onChange, toFailure: options.toError });
    this.outgoing = new OutgoingMessages(onChange);
    this.overlays = new MessageOverlays(onChange);
    this.#rows = new TimelineRows(userName, options.dayOf);
    this.#replies = new ReplyLookup({
      read: (offset) => read({ after: offset - 1, limit: 1 }),
      onChange,
    });
  }

  /** Requests that wait for their acknowledgement. */
  get pendingCount(): number {
    return this.outgoing.queuedCount + this.overlays.count;
  }

  /** The newest message in the window; undefined: there is none. */
  get newest(): ShownMessage | undefined {
    return this.window.messages.at(-1);
  }

  /** Comes to be shown: at what is unread, if that is much, else at the end. `readOffset` -1: not known. */
  open(readOffset: number, unreadCount: number): void {
    this.#readOffset = unreadCount > 0 ? readOffset : -1;
    this.#visibleOffset = 0;
    const isFar = unreadCount > NEAR_UNREAD && readOffset > 0;
    this.#wanted = unreadCount > 0 && readOffset >= 0 ? { kind: "unread" } : { kind: "newest" };
    const { phase, hasNewer } = this.window;
    if (phase === "ready" && !hasNewer && (!isFar || this.window.covers(readOffset + 1)))
      this.#options.onChange();
    else if (phase !== "loading")
      void (isFar ? this.window.loadAround(readOffset) : this.window.loadNewest());
  }

  /** Tries again what failed for want of a connection. */
  onOnline(): void {
    this.#replies.askAgain();
    const { phase } = this.window;
    if (phase === "failed") void this.window.loadNewest();
    else if (phase === "ready" && this.window.failure !== undefined && this.window.hasNewer) this.loadNewer();
  }

  loadOlder(): void {
    if (this.window.phase === "failed") void this.window.loadNewest();
    else void this.window.loadOlder();
  }

  loadNewer(): void {
    void this.window.loadNewer();
  }

  jumpTo(offset: number): void {
    this.#wanted = { kind: "message", offset };
    if (this.window.covers(offset)) this.#options.onChange();
    else void this.window.loadAround(offset);
  }

  jumpToNewest(): void {
    this.#wanted = { kind: "newest" };
    if (this.window.phase === "ready" && !this.window.hasNewer) this.#options.onChange();
    else if (this.window.phase !== "loading") void this.window.loadNewest();
  }

  /** The newest message that the user sees. */
  markVisible(offset: number): void {
    this.#visibleOffset = offset;
  }

  applyLive(event: EntryEvent): void {
    const wasAtEnd = !this.window.hasNewer;
    this.window.applyLive(event);
    if (wasAtEnd && this.window.hasNewer) this.#catchUp();
  }

  /** Entries were missed that do not come by themselves any more; history may have them. */
  onMissed(): void {
    const wasAtEnd = !this.window.hasNewer;
    this.window.markBehind();
    if (wasAtEnd) this.#catchUp();
  }

  /** The room was made anew: nothing that is known of its messages is true. */
  onMadeAnew(): void {
    this.#replies.clear();
    this.outgoing.forgetKeys();
    this.#readOffset = -1;
    const wasLoaded = this.window.phase !== "empty";
    this.window.clear();
    if (wasLoaded) this.jumpToNewest();
  }

  /** Not needed now: what is in memory goes; what is on its way stays. */
  release(): void {
    this.#replies.clear();
    this.window.clear();
    this.#wanted = undefined;
  }

  /** The preview of a message that is to be answered. */
  previewOf(offset: number): ReplyPreview {
    return this.#replies.find(offset, this.window.find(offset));
  }

  /** `before`: the snapshot that the view has. */
  snapshot(before: TimelineSnapshot | undefined, isOnline: boolean, unreadCount: number): TimelineSnapshot {
    if (this.#isTrimDue) this.#trim();
    const { window } = this;
    this.outgoing.settle((offset) => window.covers(offset) || window.phase !== "ready" || window.hasNewer);
    const { messages } = window;
    const rows = this.#rows.make({
      messages,
      holes: window.holes,
      unreadOffset: this.#unreadOffset(messages),
      outgoing: window.hasNewer ? [] : this.outgoing.items,
      isOnline,
      keyOf: (offset) => this.outgoing.keyOf(offset),
      overlayOf: (offset) => this.overlays.find(offset),
      replyTo: (offset) => this.#replies.find(offset, window.find(offset)),
      displayNameOf: this.#options.displayNameOf,
    });
    const { place, toFailure } = this.#options;
    const isAnew = before?.place !== place || this.#generation !== window.generation;
    this.#generation = window.generation;
    const next: NextRows = isAnew
      ? { items: rows, change: "replace", hasMore: false }
      : nextRows(before.items, rows);
    if (next.hasMore) this.#options.onChange();
    else this.#settle(next.items, messages.length);
    return reuse(before, {
      place,
      items: next.items,
      change: next.change,
      isEmpty: window.phase !== "ready",
      hasOlder: window.hasOlder,
      hasNewer: window.hasNewer,
      isLoadingOlder: window.isLoadingOlder,
      isLoadingNewer: window.isLoadingNewer,
      loadFailure: this.#failure(before, toFailure),
      jump: this.#jump,
      unreadCount,
    });
  }

  #failure(
    before: TimelineSnapshot | undefined,
    toFailure: (error: ChatError) => Failure,
  ): Failure | undefined {
    const { failure } = this.window;
    return failure === undefined ? undefined : reuse(before?.loadFailure, toFailure(failure));
  }

  #unreadOffset(messages: readonly ShownMessage[]): number {
    if (this.#readOffset < 0) return 0;
    const { userName } = this.#options;
    const first = messages.find(({ offset, sender }) => offset > this.#readOffset && sender !== userName);
    return first?.offset ?? 0;
  }

  /** All changes are in the view's rows now: where to scroll, and whether there are too many. */
  #settle(items: TimelineSnapshot["items"], messageCount: number): void {
    if (messageCount > this.#limit + TRIM_SLACK) {
      this.#isTrimDue = true;
      this.#options.onChange();
    }
    const wanted = this.#wanted;
    if (wanted === undefined || this.window.phase !== "ready") return;
    this.#wanted = undefined;
    if (items.length === 0) return;
    const serial = ++this.#jumpCount;
    const end: TimelineJump = { serial, index: items.length - 1, align: "end", highlightKey: undefined };
    if (wanted.kind === "newest") {
      this.#jump = end;
    } else if (wanted.kind === "unread") {
      const index = items.findIndex(({ type }) => type === "unread");
      this.#jump = index < 0 ? end : { serial, index, align: "start", highlightKey: undefined };
    } else {
      const index = items.findIndex(
        (item) => item.type === "message" && item.message.offset >= wanted.offset,
      );
      this.#jump = index < 0 ? end : { serial, index, align: "center", highlightKey: items[index]?.key };
    }
  }

  /** Drops messages at the end that is further from what the user sees. */
  #trim(): void {
    this.#isTrimDue = false;
    const { messages } = this.window;
    if (messages.length <= this.#limit + TRIM_SLACK) return;
    const middle = messages[messages.length >> 1]?.offset ?? 0;
    const seesOlderHalf = this.#visibleOffset > 0 && this.#visibleOffset < middle;
    if (seesOlderHalf) this.window.trimNewest();
    else this.window.trimOldest();
  }

  #catchUp(): void {
    void (async () => {
      for (let pages = 0; pages < CATCH_UP_PAGES && this.window.hasNewer; pages++) {
        await this.window.loadNewer();
        if (this.window.failure !== undefined) return;
      }
    })();
  }
}
