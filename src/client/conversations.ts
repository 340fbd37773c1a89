import type { WhisperNotice } from "../protocol/generated/portico/v1/portico_pb.js";
import type { ChatError } from "./chat-error.ts";
import type { Told } from "./client-events.ts";
import { ConversationList } from "./conversation-list.ts";
import { emitEntry } from "./entry-events.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import type { EventHub } from "./event-hub.ts";
import { fetchPage } from "./history-page.ts";
import { entryOfWhisper, type LogEntry } from "./log-entry.ts";
import type { Outbox } from "./outbox.ts";
import { conversationInfo, type RoomListing } from "./room-info.ts";
import { RoomStream, type RoomStreamHost } from "./room-stream.ts";
import type { ServerLink } from "./server-link.ts";

/** Pages of the list that are read after a login: 1000 conversations. */
const PAGE_LIMIT = 10;

/** Entries that wait until the list has been read; above it they are fetched later. */
const WAITING_LIMIT = 1000;

/** Conversations whose missed entries are fetched at one time. */
const FETCH_LIMIT = 4;

export interface ConversationsOptions {
  readonly environment: ClientEnvironment;
  readonly events: EventHub;
  readonly outbox: Outbox;
  readonly resumeLimit: number;
  /** Missed entries of each conversation that the first login fetches. */
  readonly missedWhisperLimit: number;
  readonly requestTimeoutMs: number;
}

interface Arrival {
  readonly roomId: number;
  readonly peer: string;
  readonly entry: LogEntry;
  readonly isOwn: boolean;
}

/**
 * The user's direct conversations, each a stream of its own: every whisper once and in order. After each
 * login the server is asked where they are, and what this client has not told is fetched: at the first
 * login what lies after the read marker, later what lies after the last that it told.
 */
export class Conversations implements RoomStreamHost {
  readonly resumeLimit: number;
  readonly #options: ConversationsOptions;
  readonly #streams = new Map<number, RoomStream>();
  readonly #list: ConversationList;
  /** What came before the list that says where its conversation is. */
  #waiting: Arrival[] = [];
  /** The newest offsets that were known when the connection was made: the list says no less, if they are of the same log. */
  readonly #knownBefore = new Map<RoomStream, number>();
  /** Conversations that the list was read again for. */
  readonly #soughtAfter = new Set<number>();
  readonly #fetches: ((link: ServerLink) => void)[] = [];
  #fetchCount = 0;
  #link: ServerLink | undefined;
  #userName = "";

  constructor(options: ConversationsOptions) {
    this.#options = options;
    this.resumeLimit = options.resumeLimit;
    this.#list = new ConversationList({
      environment: options.environment,
      requestTimeoutMs: options.requestTimeoutMs,
      onPage: (page) => this.#onPage(page),
      onEnd: () => this.#onListed(),
    });
  }

  get userName(): string {
    return this.#userName;
  }

  /** The other user of a conversation that this client knows. */
  peerOf(roomId: number): string | undefined {
    return this.#streams.get(roomId)?.info.name;
  }

  /** The newest offset that is known of a conversation. */
  lastOffsetOf(roomId: number): number | undefined {
    return this.#streams.get(roomId)?.info.lastOffset;
  }

  attach(link: ServerLink, userName: string): void {
    this.#link = link;
    this.#userName = userName;
    for (const stream of this.#streams.values()) this.#knownBefore.set(stream, stream.info.lastOffset);
    this.#list.read(link, PAGE_LIMIT);
  }

  detach(): void {
    this.#link = undefined;
    this.#list.stop();
    this.#fetches.length = 0;
    this.#fetchCount = 0;
    // Others' whispers are in the history that the next login fetches; own ones are known only here.
    this.#waiting = this.#waiting.filter(({ isOwn }) => isOwn);
    this.#soughtAfter.clear();
    this.#knownBefore.clear();
    for (const stream of this.#streams.values()) stream.onLinkEnded();
  }

  /** Another user's conversations are none of this one's. */
  clear(): void {
    for (const stream of this.#streams.values()) stream.end();
    this.#streams.clear();
    this.#waiting = [];
  }

  onNotice(notice: WhisperNotice): void {
    const { roomId, from, to } = notice;
    const peer = from === this.#userName ? to : from;
    this.#onArrival({ roomId, peer, entry: entryOfWhisper(notice), isOwn: false });
  }

  /** The server has put an entry of this client into a conversation. */
  onOwnAcknowledged(roomId: number, peer: string, entry: LogEntry): void {
    this.#onArrival({ roomId, peer, entry, isOwn: true });
  }

  /** Own entries have become certain: what was held back because of them may be told. */
  advanceAll(): void {
    for (const stream of this.#streams.values()) if (stream.isJoined) stream.advance();
  }

  hasUncertain(stream: RoomStream): boolean {
    return this.#options.outbox.hasUncertainWhisper(stream.roomId, stream.info.name);
  }

  onEntry(stream: RoomStream, entry: LogEntry, told: Told): void {
    this.#emit(stream.roomId, stream.info.name, entry, told);
  }

  onResumed(stream: RoomStream, recovered: boolean, replayedCount: number): void {
    if (recovered) return;
    const { roomId, previousRoomId, info } = stream;
    const { name: room } = info;
    this.#options.events.emit({ type: "resumed", roomId, previousRoomId, room, recovered, replayedCount });
  }

  onGap(stream: RoomStream, fromOffset: number, toOffset: number): void {
    const { roomId, info } = stream;
    this.#options.events.emit({ type: "gap", roomId, room: info.name, fromOffset, toOffset });
  }

  fetchAfter(
    stream: RoomStream,
    after: number,
    answer: (answer: readonly LogEntry[] | ChatError) => void,
  ): void {
    this.#fetches.push((link) => {
      fetchPage(link, stream, after, this.#options.requestTimeoutMs, (page) => {
        if (this.#link !== link) return;
        this.#fetchCount--;
        answer(page);
        this.#fetchNext();
      });
    });
    this.#fetchNext();
  }

  startTimer(delayMs: number, onExpired: () => void): ClientTimer {
    return this.#options.environment.startTimer(delayMs, onExpired);
  }

  #fetchNext(): void {
    while (this.#link !== undefined && this.#fetchCount < FETCH_LIMIT) {
      const fetch = this.#fetches.shift();
      if (fetch === undefined) return;
      this.#fetchCount++;
      fetch(this.#link);
    }
  }

  #onArrival(arrival: Arrival): void {
    const { roomId, peer, entry, isOwn } = arrival;
    const stream = this.#streams.get(roomId);
    if (roomId === 0) {
      // A server that does not say which conversation it is: told as it comes.
      this.#emit(roomId, peer, entry, { isOwn, isMissed: false });
    } else if (stream !== undefined) {
      if (isOwn) stream.onOwnAcknowledged(entry);
      else stream.onNotice(entry);
    } else if (this.#list.isReading || this.#link === undefined) {
      if (isOwn || this.#waiting.length < WAITING_LIMIT) this.#waiting.push(arrival);
    } else if (entry.offset > 1 && !this.#soughtAfter.has(roomId)) {
      // It was not in the list, and it is not new. It is the latest now, so the first page has it.
      this.#soughtAfter.add(roomId);
      this.#waiting.push(arrival);
      this.#list.read(this.#link, 1);
    } else {
      const info = conversationInfo({ roomId, name: peer, epoch: "", lastOffset: entry.offset - 1 });
      this.#streams.set(roomId, new RoomStream(this, info));
      this.#onArrival(arrival);
    }
  }

  #onPage(page: readonly RoomListing[]): void {
    for (const listed of page) {
      if (this.#link === undefined) return; // a listener has closed the client
      const stream = this.#streams.get(listed.roomId);
      if (stream === undefined) this.#begin(listed);
      else if (!stream.isJoined) this.#goOn(stream, listed);
    }
  }

  #begin(listed: RoomListing): void {
    const { roomId, lastOffset } = listed;
    const arrivals = this.#waiting.filter((arrival) => arrival.roomId === roomId);
    this.#waiting = this.#waiting.filter((arrival) => arrival.roomId !== roomId);
    const oldest = Math.min(...arrivals.map(({ entry }) => entry.offset));
    const wanted = Math.max(lastOffset - this.#options.missedWhisperLimit, 0);
    const read = Math.min(listed.readOffset, lastOffset, oldest - 1);
    const position = Math.min(Math.max(read, wanted), oldest - 1);
    const stream = new RoomStream(this, conversationInfo(listed), position);
    this.#streams.set(roomId, stream);
    if (read < position) this.onGap(stream, read + 1, position);
    for (const arrival of arrivals) this.#onArrival(arrival);
    stream.advance();
  }

  #goOn(stream: RoomStream, listed: RoomListing): void {
    const info = conversationInfo(listed);
    const isSameLog = info.lastOffset >= (this.#knownBefore.get(stream) ?? 0);
    // What came since the list was made has been told already.
    const lastOffset = isSameLog ? Math.max(info.lastOffset, stream.info.lastOffset) : info.lastOffset;
    stream.rejoin({ ...info, lastOffset }, false);
  }

  #onListed(): void {
    for (const stream of this.#streams.values()) {
      if (!stream.isJoined) stream.rejoin(stream.info, false);
    }
    for (const arrival of this.#waiting.splice(0)) this.#onArrival(arrival);
  }

  #emit(roomId: number, room: string, entry: LogEntry, told: Told): void {
    emitEntry(this.#options.events, { roomId, room, direct: true }, entry, told, this.#userName);
  }
}
