import { ChatError, isTransient } from "./chat-error.ts";
import type { ClientTimer } from "./environment.ts";

/** What is known of a room. */
export interface RoomInfo {
  readonly roomId: number;
  readonly name: string;
  readonly kind: "logged" | "memory" | "direct";
  /** When it changes, offsets mean nothing any more. */
  readonly epoch: string;
  /** Of the oldest message that history still has, and of the newest; 0 and 0 when empty. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly memberCount: number;
}

/** A message without its room. */
export interface StreamMessage {
  readonly offset: number;
  readonly timeMs: number;
  readonly sender: string;
  readonly text: string;
}

/** What a stream needs of its surroundings. */
export interface RoomStreamHost {
  /** This client's user. */
  readonly userName: string;
  /** Missed messages that are fetched at most; when more were missed, only so many of the newest. */
  readonly resumeLimit: number;
  /** True while a message of this client may be in the room at a place that it does not know yet. */
  hasUncertain(stream: RoomStream): boolean;
  onMessage(stream: RoomStream, message: StreamMessage, isOwn: boolean): void;
  onResumed(stream: RoomStream, recovered: boolean, replayedCount: number): void;
  /** Asks for messages after an offset; calls back once, later. */
  fetchAfter(
    stream: RoomStream,
    after: number,
    answer: (answer: readonly StreamMessage[] | ChatError) => void,
  ): void;
  startTimer(delayMs: number, onExpired: () => void): ClientTimer;
}

/** Live messages held back while what came before them is fetched; above it they are fetched too. */
const HELD_LIMIT = 2000;

/** Between attempts to fetch when the server does not say how long to wait. */
const FETCH_PAUSE_MS = 500;

/**
 * The messages of one room in the order of their offsets, without gaps and without repeats (rule 8),
 * from whichever side they come: live notices, acknowledgements of own messages, history.
 *
 * All of them are put at their offset, and told as soon as everything before them has been. A gap is
 * filled from history. A message by this user is held back while one of this client's own messages is
 * unacknowledged: it may be that one, and only the acknowledgement's offset tells.
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
  readonly #held = new Map<number, StreamMessage>();
  /** Own messages by their acknowledged offset, until they are told. */
  readonly #own = new Map<number, StreamMessage>();
  /** Under way after a reconnect, until `target` is reached. */
  #resume: { readonly target: number; replayedCount: number } | undefined;
  #isFetching = false;
  #isTelling = false;
  #pause: ClientTimer | undefined;

  /** The stream begins after `info.lastOffset`. */
  constructor(host: RoomStreamHost, info: RoomInfo) {
    this.#host = host;
    this.#info = info;
    this.#previousRoomId = info.roomId;
    this.#position = info.lastOffset;
    this.#newest = info.lastOffset;
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
  }

  /** Joined again on a new connection: fetches what was missed, or says that it cannot be. */
  rejoin(info: RoomInfo): void {
    const seen = this.#position;
    const isContinued = info.epoch === this.#info.epoch && info.lastOffset >= seen;
    this.#previousRoomId = this.#info.roomId;
    this.#info = info;
    this.#isJoined = true;
    this.#resume = undefined;
    if (!isContinued) {
      this.#held.clear();
      this.#own.clear();
      this.#newest = info.lastOffset;
      this.#skipTo(info.lastOffset);
      this.#host.onResumed(this, false, 0);
    } else {
      this.#newest = Math.max(this.#newest, info.lastOffset);
      const oldestWanted = Math.max(
        info.firstOffset === 0 ? info.lastOffset + 1 : info.firstOffset,
        info.lastOffset - this.#host.resumeLimit + 1,
      );
      if (seen < info.lastOffset && seen + 1 < oldestWanted) {
        this.#skipTo(oldestWanted - 1);
        this.#host.onResumed(this, false, 0);
      } else {
        this.#resume = { target: info.lastOffset, replayedCount: 0 };
      }
    }
    this.advance();
  }

  onNotice(message: StreamMessage): void {
    if (message.offset <= this.#position) return;
    this.#newest = Math.max(this.#newest, message.offset);
    if (this.#held.size < HELD_LIMIT) this.#held.set(message.offset, message);
    this.advance();
  }

  /** The server has put a message of this client at an offset. */
  onOwnAcknowledged(message: StreamMessage): void {
    if (this.#isEnded || message.offset <= this.#position) return;
    this.#newest = Math.max(this.#newest, message.offset);
    this.#own.set(message.offset, message);
    this.advance();
  }

  /** Tells what can be told now, and fetches what is missing. */
  advance(): void {
    if (this.#isEnded) return;
    if (this.#isTelling) return; // a listener's doing; the loop below goes on
    this.#isTelling = true;
    try {
      while (!this.#isEnded && this.#tellNext());
    } finally {
      this.#isTelling = false;
    }
    const resume = this.#resume;
    if (resume !== undefined && this.#position >= resume.target) {
      this.#resume = undefined;
      this.#host.onResumed(this, true, resume.replayedCount);
    }
    const isHeldBack = this.#held.has(this.#position + 1);
    if (this.#position < this.#newest && !isHeldBack) this.#fetch();
  }

  #tellNext(): boolean {
    const offset = this.#position + 1;
    const own = this.#own.get(offset);
    const message = own ?? this.#held.get(offset);
    if (message === undefined) return false;
    const mayBeOwn = own === undefined && message.sender === this.#host.userName;
    if (mayBeOwn && this.#host.hasUncertain(this)) return false;
    this.#own.delete(offset);
    this.#held.delete(offset);
    this.#position = offset;
    if (this.#resume !== undefined && offset <= this.#resume.target) this.#resume.replayedCount++;
    this.#host.onMessage(this, message, own !== undefined);
    return true;
  }

  #fetch(): void {
    if (!this.#isJoined || this.#isFetching || this.#pause !== undefined) return;
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

  #onPage(after: number, page: readonly StreamMessage[]): void {
    for (const message of page) {
      if (message.offset > this.#position) this.#held.set(message.offset, message);
    }
    const oldest = page[0]?.offset;
    // What lies directly after `after` is not there any more (a bounded history moved on meanwhile).
    if ((oldest === undefined || oldest > after + 1) && this.#position === after) this.#giveUpGap();
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
    this.#giveUpGap();
    this.advance();
  }

  /** Goes on with the next message there is, and says so. */
  #giveUpGap(): void {
    let next = this.#newest + 1;
    for (const offset of this.#held.keys()) if (offset > this.#position) next = Math.min(next, offset);
    for (const offset of this.#own.keys()) if (offset > this.#position) next = Math.min(next, offset);
    const replayedCount = this.#resume?.replayedCount ?? 0;
    this.#resume = undefined;
    this.#skipTo(next - 1);
    this.#host.onResumed(this, false, replayedCount);
  }

  #skipTo(position: number): void {
    this.#position = position;
    for (const offset of this.#held.keys()) if (offset <= position) this.#held.delete(offset);
    for (const offset of this.#own.keys()) if (offset <= position) this.#own.delete(offset);
  }
}
