import { ChatError, isTransient } from "./chat-error.ts";
import type { Told } from "./client-events.ts";
import type { ClientTimer } from "./environment.ts";
import { isSnapshot, type LogEntry } from "./log-entry.ts";
import { PendingEntries } from "./pending-entries.ts";
import type { RoomInfo } from "./room-info.ts";

/** What a stream needs of its surroundings. */
export interface RoomStreamHost {
  /** This client's user. */
  readonly userName: string;
  /** Missed entries that are fetched at most; when more were missed, only so many of the newest. */
  readonly resumeLimit: number;
  /** True while an entry of this client may be in the room at a place that it does not know yet. */
  hasUncertain(stream: RoomStream): boolean;
  onEntry(stream: RoomStream, entry: LogEntry, told: Told): void;
  onResumed(stream: RoomStream, recovered: boolean, replayedCount: number): void;
  onGap(stream: RoomStream, fromOffset: number, toOffset: number): void;
  /** Asks for entries after an offset; calls back once, later. */
  fetchAfter(
    stream: RoomStream,
    after: number,
    answer: (answer: readonly LogEntry[] | ChatError) => void,
  ): void;
  startTimer(delayMs: number, onExpired: () => void): ClientTimer;
}

/** Between attempts to fetch when the server does not say how long to wait. */
const FETCH_PAUSE_MS = 500;

/** A replay that brings nothing for so long is fetched instead. */
const REPLAY_PATIENCE_MS = 10_000;

/**
 * The entries of one room in the order of their offsets, without gaps and without repeats (rule 8),
 * from whichever side they come: live notices, the server's replay after a reconnect, acknowledgements
 * of own entries, history.
 *
 * All of them are put at their offset, and told as soon as everything before them has been. The server
 * sends in order: what a notice has left out does not come any more, and is fetched from history, unless
 * the server said that it left it out. An entry by this user is held back while one of this client's own
 * is unacknowledged: it may be that one, and only the acknowledgement's offset tells.
 */
export class RoomStream {
  readonly #host: RoomStreamHost;
  #info: RoomInfo;
  #previousRoomId: number;
  #isJoined = true;
  #isEnded = false;
  /** Everything up to here has been told, or was before the client's time. */
  #position: number;
  /** The newest offset that is known to exist. */
  #newest: number;
  /** What is missing up to here does not come by itself. */
  #due: number;
  readonly #pending = new PendingEntries();
  /** Under way after a reconnect, until `target` is reached. */
  #resume: { readonly target: number; replayedCount: number } | undefined;
  /** Up to here the server sends entries again, as they are now. */
  #replayedTo = 0;
  #isFetching = false;
  #isTelling = false;
  #pause: ClientTimer | undefined;
  #patience: ClientTimer | undefined;

  /** The stream begins after `position`. What lies between it and `info.lastOffset` is fetched as missed: see `advance`. */
  constructor(host: RoomStreamHost, info: RoomInfo, position: number = info.lastOffset) {
    this.#host = host;
    this.#info = info;
    this.#previousRoomId = info.roomId;
    this.#position = position;
    this.#newest = info.lastOffset;
    this.#due = info.lastOffset;
    if (position < info.lastOffset) this.#resume = { target: info.lastOffset, replayedCount: 0 };
  }

  get roomId(): number {
    return this.#info.roomId;
  }

  /** Its id on the connection before this one; the same unless the room was made anew. */
  get previousRoomId(): number {
    return this.#previousRoomId;
  }

  get info(): RoomInfo {
    return { ...this.#info, lastOffset: this.#newest };
  }

  /** A member of the room on the connection there is now. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** The client has left the room: this stream tells nothing any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The newest offset that was told; where a resume begins. */
  get position(): number {
    return this.#position;
  }

  /** The client has left the room, or lost it. What is under way for this stream is not heard. */
  end(): void {
    this.#isEnded = true;
    this.onLinkEnded();
  }

  onLinkEnded(): void {
    this.#isJoined = false;
    this.#isFetching = false;
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  /** The room's settings changed; its epoch and its offsets are this stream's own. */
  update(change: Partial<Omit<RoomInfo, "roomId" | "epoch" | "lastOffset">>): void {
    this.#info = { ...this.#info, ...change };
  }

  /**
   * Joined again on a new connection. `isReplayed`: the server sends what was missed; otherwise it is
   * fetched, or the stream says that it cannot be. False when offsets mean something else than before.
   */
  rejoin(info: RoomInfo, isReplayed: boolean): boolean {
    const seen = this.#position;
    const { lastOffset, firstOffset } = info;
    const isSameEpoch = info.epoch === this.#info.epoch || this.#info.epoch === "";
    const isSameLog = isSameEpoch && lastOffset >= seen;
    this.#previousRoomId = this.#info.roomId;
    this.#info = info;
    this.#isJoined = true;
    this.#resume = undefined;
    this.#replayedTo = isReplayed ? lastOffset : 0;
    this.#pending.forgetGaps();
    if (!isSameLog) {
      this.#pending.clear();
      this.#newest = lastOffset;
      this.#due = lastOffset;
      this.#skipTo(lastOffset);
      this.#host.onResumed(this, false, 0);
    } else {
      this.#newest = Math.max(this.#newest, lastOffset);
      this.#due = isReplayed ? seen : this.#newest;
      const oldestWanted = Math.max(
        firstOffset === 0 ? lastOffset + 1 : firstOffset,
        lastOffset - this.#host.resumeLimit + 1,
      );
      if (!isReplayed && seen < lastOffset && seen + 1 < oldestWanted) {
        this.#skipTo(oldestWanted - 1);
        this.#host.onResumed(this, false, 0);
      } else {
        this.#resume = { target: lastOffset, replayedCount: 0 };
      }
    }
    this.advance();
    return isSameLog;
  }

  onNotice(entry: LogEntry): void {
    if (entry.offset <= this.#position) return;
    this.#newest = Math.max(this.#newest, entry.offset);
    this.#due = Math.max(this.#due, entry.offset);
    this.#pending.hold(this.#dated(entry));
    this.advance();
  }

  /** The server has left these out, on purpose. */
  onGap(fromOffset: number, toOffset: number): void {
    if (this.#isEnded || toOffset <= this.#position || toOffset < fromOffset) return;
    this.#newest = Math.max(this.#newest, toOffset);
    this.#due = Math.max(this.#due, fromOffset - 1);
    this.#pending.addGap(fromOffset, toOffset);
    this.advance();
  }

  /** The server has put an entry of this client at an offset. */
  onOwnAcknowledged(entry: LogEntry): void {
    if (this.#isEnded || entry.offset <= this.#position) return;
    this.#newest = Math.max(this.#newest, entry.offset);
    this.#pending.addOwn(entry);
    this.advance();
  }

  /** Tells what can be told now, and fetches what is missing. */
  advance(): void {
    if (this.#isEnded) return;
    if (this.#isTelling) return; // a listener's doing; the loop below goes on
    this.#isTelling = true;
    try {
      this.#settleResume();
      while (!this.#isEnded && this.#tellNext()) this.#settleResume();
    } finally {
      this.#isTelling = false;
    }
    if (!this.#isJoined || this.#position >= this.#newest) return;
    if (this.#pending.has(this.#position + 1)) return; // held back: it may be an own one
    if (this.#position < this.#due) this.#fetch();
    else this.#waitForReplay();
  }

  #tellNext(): boolean {
    const offset = this.#position + 1;
    const found = this.#pending.find(offset);
    if (found === undefined) return this.#tellGap(offset);
    const { entry, isOwn } = found;
    const mayBeOwn = !isOwn && entry.sender === this.#host.userName;
    if (mayBeOwn && this.#host.hasUncertain(this)) return false;
    this.#pending.remove(offset);
    this.#position = offset;
    const isMissed = this.#resume !== undefined;
    if (this.#resume !== undefined) this.#resume.replayedCount++;
    this.#host.onEntry(this, entry, { isOwn, isMissed });
    return true;
  }

  #tellGap(fromOffset: number): boolean {
    const end = this.#pending.gapEnd(fromOffset);
    // An own entry may lie in the gap: its acknowledgement tells where.
    if (end === undefined || this.#host.hasUncertain(this)) return false;
    const toOffset = Math.min(end, this.#pending.nextAfter(fromOffset) - 1);
    const resume = this.#resume;
    this.#resume = undefined;
    this.#skipTo(toOffset);
    this.#host.onGap(this, fromOffset, toOffset);
    if (resume !== undefined) this.#host.onResumed(this, false, resume.replayedCount);
    return true;
  }

  #settleResume(): void {
    const resume = this.#resume;
    if (resume === undefined || this.#position < resume.target) return;
    this.#resume = undefined;
    this.#host.onResumed(this, true, resume.replayedCount);
  }

  /** A replayed message has the changes in it that are replayed after it. */
  #dated(entry: LogEntry): LogEntry {
    if (entry.offset > this.#replayedTo && !isSnapshot(entry)) return entry;
    return { ...entry, asOf: Math.max(entry.asOf, this.#replayedTo, this.#newest) };
  }

  #fetch(): void {
    if (this.#isFetching || this.#pause !== undefined) return;
    this.#isFetching = true;
    const after = this.#position;
    this.#host.fetchAfter(this, after, (answer) => {
      // A page for a connection that has ended meanwhile is asked for again on the next.
      if (!this.#isFetching || !this.#isJoined) return;
      this.#isFetching = false;
      if (answer instanceof ChatError) this.#onFetchFailed(answer);
      else this.#onPage(after, answer);
    });
  }

  #onPage(after: number, page: readonly LogEntry[]): void {
    this.#pending.holdPage(page, this.#position);
    const oldest = page[0]?.offset;
    // What lies directly after `after` is not there any more (a bounded history moved on meanwhile).
    if ((oldest === undefined || oldest > after + 1) && this.#position === after) this.#giveUp();
    this.advance();
  }

  #onFetchFailed(error: ChatError): void {
    if (error.code === "CONNECTION_LOST") return;
    if (isTransient(error.code) || error.code === "TIMEOUT") {
      this.#pause = this.#host.startTimer(Math.max(error.retryAfterMs, FETCH_PAUSE_MS), () => {
        this.#pause = undefined;
        this.advance();
      });
      return;
    }
    this.#giveUp();
    this.advance();
  }

  /** Own acknowledgements come before what is replayed. Only if nothing comes at all is it fetched. */
  #waitForReplay(): void {
    if (this.#patience !== undefined) return;
    const position = this.#position;
    this.#patience = this.#host.startTimer(REPLAY_PATIENCE_MS, () => {
      this.#patience = undefined;
      if (this.#position === position) this.#due = this.#newest;
      this.advance();
    });
  }

  /** Goes on with the next entry there is, and says so. */
  #giveUp(): void {
    const replayedCount = this.#resume?.replayedCount ?? 0;
    this.#resume = undefined;
    this.#skipTo(Math.min(this.#pending.nextAfter(this.#position) - 1, this.#newest));
    this.#host.onResumed(this, false, replayedCount);
  }

  #skipTo(position: number): void {
    this.#position = position;
    this.#pending.forgetUpTo(position);
  }
}
