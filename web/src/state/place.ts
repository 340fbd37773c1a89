import type { RoomInfo, RoomListing } from "../../../src/client/room-info.ts";
import { UnreadCounter } from "../../../src/client/unread-counter.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import type { Composition } from "./composition.ts";
import type { Failure, PlaceKey, SpeechBlock } from "./contract.ts";
import type { MemberList } from "./member-list.ts";
import type { PlaceTimeline } from "./place-timeline.ts";
import type { TypingNames } from "./typing-names.ts";

/** Messages that are counted again when the server has told anew how it counts. */
const RECENT_LIMIT = 100;

/** Names that "@" completion offers. */
const SPEAKER_LIMIT = 200;

/** The parts of a place that do work of their own. */
export interface PlaceParts {
  readonly timeline: PlaceTimeline;
  readonly composition: Composition;
  readonly typing: TypingNames;
  readonly members: MemberList;
}

export interface PlaceIdentity {
  readonly key: PlaceKey;
  readonly kind: "room" | "direct";
  readonly roomId: number;
  readonly name: string;
}

/** What is counted of a message. */
export interface CountedMessage {
  readonly offset: number;
  readonly sender: string;
  readonly mentionsMe: boolean;
}

/** A room or a direct conversation of the signed-in user. */
export class Place {
  readonly key: PlaceKey;
  readonly kind: "room" | "direct";
  /** A direct conversation's is 0 until something has been said. A room in memory that is made anew gets another. */
  roomId: number;
  /** A room's name, or the other user's. */
  name: string;
  readonly parts: PlaceParts;
  /** Of a room that this session is in. */
  info: RoomInfo | undefined;
  /** Of a room or conversation in the server's list. */
  listing: RoomListing | undefined;
  state: "ready" | "joining" | "failed" = "ready";
  failure: Failure | undefined;
  lastTimeMs = 0;
  /** The newest offset that is known. */
  lastOffset = 0;
  /** The newest message that is seen, whether or not the user looks. */
  visibleOffset = 0;
  block: SpeechBlock | undefined;
  /** Page's clock; 0: may speak now. */
  waitUntilMs = 0;
  readonly #userName: string;
  /** What this page has marked as read, and where it began, for rooms that the server does not count. */
  #readHere = 0;
  #began = 0;
  #unread: UnreadCounter;
  readonly #recent: CountedMessage[] = [];
  readonly #speakers = new Set<string>();

  constructor(identity: PlaceIdentity, userName: string, makeParts: (place: Place) => PlaceParts) {
    this.key = identity.key;
    this.kind = identity.kind;
    this.roomId = identity.roomId;
    this.name = identity.name;
    this.#userName = userName;
    this.#unread = new UnreadCounter(userName);
    this.parts = makeParts(this);
  }

  /** Under this name a draft is kept. */
  get lastingId(): string {
    if (this.kind === "direct") return `d:${nameKey(this.name)}`;
    return this.roomId < 1_000_000_000 ? `r:${this.roomId}` : `m:${nameKey(this.name)}`;
  }

  get isJoined(): boolean {
    return this.kind === "direct" || this.info !== undefined;
  }

  /** Everything up to here has been read. */
  get readOffset(): number {
    return Math.max(this.#readHere, this.listing?.readOffset ?? this.#began);
  }

  get unreadCount(): number {
    return this.#unread.count;
  }

  get mentionCount(): number {
    return this.#unread.mentionCount;
  }

  /** Who has spoken here, the latest first. */
  get speakers(): readonly string[] {
    return [...this.#speakers].toReversed();
  }

  /** The server's list says how much is unread up to `listing.lastOffset`; what came after it is counted here. */
  onListed(listing: RoomListing): void {
    this.listing = listing;
    this.roomId = listing.roomId;
    this.lastTimeMs = Math.max(this.lastTimeMs, listing.lastTimeMs);
    this.lastOffset = Math.max(this.lastOffset, listing.lastOffset);
    this.#unread = new UnreadCounter(this.#userName, listing);
    for (const message of this.#recent) this.#unread.add(message);
    // The marker may still be on its way.
    this.#unread.markRead(this.#readHere);
  }

  /** This session is in the room now. */
  onJoined(info: RoomInfo): void {
    this.info = info;
    this.roomId = info.roomId;
    this.name = info.name;
    this.state = "ready";
    this.failure = undefined;
    this.lastOffset = Math.max(this.lastOffset, info.lastOffset);
    // Where the server has not counted for this user, everything before is as good as read.
    if (this.#began === 0) this.#began = info.lastOffset;
  }

  /** A message of this place, told live or missed. */
  onMessage(message: CountedMessage & { readonly timeMs: number }): void {
    const { offset, sender, mentionsMe, timeMs } = message;
    this.lastTimeMs = Math.max(this.lastTimeMs, timeMs);
    this.lastOffset = Math.max(this.lastOffset, offset);
    this.#speakers.delete(sender);
    if (sender !== this.#userName) this.#speakers.add(sender);
    if (this.#speakers.size > SPEAKER_LIMIT) {
      const [oldest] = this.#speakers;
      if (oldest !== undefined) this.#speakers.delete(oldest);
    }
    this.#recent.push({ offset, sender, mentionsMe });
    if (this.#recent.length > RECENT_LIMIT) this.#recent.shift();
    if (offset > this.readOffset) this.#unread.add(message);
  }

  /** True when that was news. */
  markRead(offset: number): boolean {
    if (offset <= this.readOffset) return false;
    this.#readHere = offset;
    this.#unread.markRead(offset);
    return true;
  }

  /** The room was made anew: counting begins again. */
  onMadeAnew(info: RoomInfo): void {
    this.#recent.length = 0;
    this.#unread = new UnreadCounter(this.#userName);
    this.listing = undefined;
    this.#readHere = 0;
    this.#began = info.lastOffset;
    this.lastOffset = info.lastOffset;
    this.visibleOffset = 0;
    this.onJoined(info);
  }
}
