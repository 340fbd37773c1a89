import type { ChatClient } from "../../../src/client/chat-client.ts";
import type { Welcome } from "../../../src/client/chat-client-options.ts";
import { ChatError } from "../../../src/client/chat-error.ts";
import { hexOf } from "../../../src/client/hex.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import { Composition } from "./composition.ts";
import type { Failure, InvitationItem, Notice, Outcome, PlaceKey, Presence } from "./contract.ts";
import { Drafts } from "./drafts.ts";
import { failureOf, outcomeOf } from "./failure.ts";
import { MemberList } from "./member-list.ts";
import type { PageHost } from "./page-host.ts";
import { Place, type PlaceIdentity } from "./place.ts";
import { PlaceBook } from "./place-book.ts";
import type { PlaceSurroundings } from "./place-snapshots.ts";
import { PlaceTimeline } from "./place-timeline.ts";
import { PresenceBoard } from "./presence.ts";
import { ReadMarkers } from "./read-markers.ts";
import { RoomEntrance } from "./room-entrance.ts";
import { SearchModel } from "./search-model.ts";
import { TypingNames } from "./typing-names.ts";

/** What views show, by what makes it stale. */
export interface Stale {
  readonly session: () => void;
  readonly connection: () => void;
  readonly sideList: () => void;
  readonly place: () => void;
  readonly timeline: () => void;
  readonly composer: () => void;
  readonly typing: () => void;
  readonly members: () => void;
  readonly search: () => void;
}

export interface UserSessionOptions {
  readonly client: ChatClient;
  readonly host: PageHost;
  readonly stale: Stale;
  readonly welcome: Welcome;
  readonly notice: (
    tone: Notice["tone"],
    code: Notice["code"],
    params?: Notice["params"],
    failure?: Failure,
  ) => void;
  /** The user wants to be told of what is said to them while the page is not looked at. */
  readonly areNotificationsOn: () => boolean;
}

/** Places whose messages stay in memory; the others are loaded again when they are opened. */
const LOADED_PLACES = 4;

/** Everything of the user who is signed in. Begins with `onOnline`, ends with `end`. */
export class UserSession {
  readonly client: ChatClient;
  readonly host: PageHost;
  readonly stale: Stale;
  readonly notice: UserSessionOptions["notice"];
  readonly areNotificationsOn: () => boolean;
  readonly book: PlaceBook;
  readonly drafts: Drafts;
  readonly presence = new PresenceBoard();
  readonly search: SearchModel;
  readonly entrance: RoomEntrance;
  readonly userName: string;
  readonly isGuest: boolean;
  isAdmin: boolean;
  displayName: string;
  invitations: readonly InvitationItem[] = [];
  /** Keys of names whose whispers are not taken. */
  readonly blocked = new Set<string>();
  readonly lobby: Place;
  /** Rooms whose missed messages are on their way after a reconnect. */
  readonly catchingUp = new Set<number>();
  readonly #markers: ReadMarkers;
  readonly #loaded: Place[] = [];
  readonly #endAttention: () => void;
  readonly #messageIdSuffix: string;
  #messageCount = 0;
  #current: Place | undefined;

  constructor(options: UserSessionOptions) {
    const { client, host, stale, welcome } = options;
    this.client = client;
    this.host = host;
    this.stale = stale;
    this.notice = options.notice;
    this.areNotificationsOn = options.areNotificationsOn;
    this.userName = welcome.user;
    this.displayName = welcome.displayName;
    this.isGuest = welcome.isGuest;
    this.isAdmin = welcome.isAdmin;
    this.#messageIdSuffix = hexOf(host.environment.random.bytes(12));
    this.drafts = new Drafts(host.lasting, host.environment, nameKey(welcome.user));
    this.book = new PlaceBook((identity) => this.#makePlace(identity));
    this.search = new SearchModel({
      search: (query, range) => client.search(query, range),
      placeOf: ({ roomId, room }) => {
        const place = this.book.byRoomId(roomId) ?? this.book.room(roomId, room);
        return { key: place.key, title: place.name, isDirect: place.kind === "direct" };
      },
      toFailure: (error) => this.toFailure(error),
      onChange: stale.search,
    });
    this.#markers = new ReadMarkers(host.environment, (roomId, offset) => client.markRead(roomId, offset));
    this.entrance = new RoomEntrance(this);
    this.lobby = this.book.room(welcome.lobby.roomId, welcome.lobby.name);
    this.lobby.onJoined(welcome.lobby);
    this.#endAttention = host.onAttention(() => this.#onAttention());
  }

  get current(): Place | undefined {
    return this.#current;
  }

  get isOnline(): boolean {
    return this.client.state.name === "online";
  }

  get nowMs(): number {
    return this.host.environment.clock.wallMs();
  }

  get surroundings(): PlaceSurroundings {
    return {
      isGuest: this.isGuest,
      lobbyId: this.lobby.roomId,
      textLimitBytes: this.textLimitBytes,
      nowMs: this.nowMs,
      presenceOf: (name): Presence => this.presence.presenceOf(name),
      isBlocked: (name) => this.blocked.has(nameKey(name)),
      hasDraft: (place) => place !== this.#current && this.drafts.find(place.lastingId) !== undefined,
    };
  }

  get textLimitBytes(): number {
    return this.client.server?.textLimitBytes ?? 4000;
  }

  get unreadCount(): number {
    return this.book.all.reduce((count, place) => count + place.unreadCount, 0);
  }

  toFailure(error: unknown): Failure {
    return failureOf(error, this.host.environment.clock);
  }

  outcome(request: () => Promise<unknown>): Promise<Outcome> {
    return outcomeOf(request, this.host.environment.clock);
  }

  /** Begins with the time, as the client's own: see ChatClient. */
  newMessageId(): string {
    return `${this.nowMs.toString(36)}-${(++this.#messageCount).toString(36)}-${this.#messageIdSuffix}`;
  }

  /** Logged in, for the first time or again. */
  onOnline(): void {
    this.#markers.onOnline();
    for (const place of this.#loaded) place.parts.timeline.onOnline();
    void this.entrance.onOnline();
  }

  onOffline(): void {
    this.presence.forget();
    this.entrance.onOffline();
    for (const place of this.book.all) place.parts.typing.clear();
    for (const { roomId, isJoined, kind } of this.book.all)
      if (kind === "room" && isJoined) this.catchingUp.add(roomId);
    this.stale.timeline();
    this.stale.sideList();
  }

  end(): void {
    this.#endAttention();
    this.#markers.stop();
    this.entrance.onOffline();
    this.drafts.save();
    for (const place of this.book.all) {
      place.parts.typing.clear();
      place.parts.timeline.release();
    }
  }

  /** Shows a place, and loads it when it is not in memory. */
  open(key: PlaceKey | undefined): void {
    const place = this.book.find(key);
    if (place === this.#current && place?.state !== "failed") return;
    this.#keepDraft();
    this.#current = place;
    if (place !== undefined) {
      place.visibleOffset = 0;
      this.#load(place);
      if (place.isJoined) this.show(place);
      else void this.entrance.enter(place);
    }
    this.staleAll();
  }

  /** The open place has become readable. */
  show(place: Place): void {
    const { timeline, members } = place.parts;
    if (place.roomId === 0) timeline.window.beginEmpty();
    else timeline.open(place.readOffset, place.unreadCount);
    if (place.kind === "room" && !members.isRead && this.isOnline) void members.load();
  }

  /** The place is no more. */
  remove(place: Place): void {
    if (place === this.#current) this.open(this.lobby.key);
    const at = this.#loaded.indexOf(place);
    if (at >= 0) this.#loaded.splice(at, 1);
    this.book.remove(place);
    this.catchingUp.delete(place.roomId);
    this.stale.sideList();
    this.stale.connection();
  }

  markVisible(offset: number): void {
    const place = this.#current;
    if (place === undefined || offset <= 0) return;
    place.visibleOffset = offset;
    place.parts.timeline.markVisible(offset);
    if (this.host.isAttended()) this.#readVisible(place);
  }

  /** All that is known of the place is read. */
  markRead(place: Place, offset = place.lastOffset): void {
    if (!place.markRead(offset)) return;
    if (!this.isGuest) this.#markers.add(place, offset);
    this.stale.sideList();
    if (place === this.#current) this.stale.timeline();
  }

  /** Somewhere in `place` something has changed. */
  staleTimeline(place: Place): void {
    if (place === this.#current) this.stale.timeline();
    this.stale.sideList();
    this.stale.connection();
  }

  staleAll(): void {
    const { session: _session, ...others } = this.stale;
    for (const stale of Object.values(others)) stale();
  }

  keepDraft(place: Place): void {
    if (this.drafts.set(place.lastingId, place.parts.composition.draft)) this.stale.sideList();
  }

  #keepDraft(): void {
    const place = this.#current;
    if (place === undefined) return;
    this.keepDraft(place);
    place.parts.typing.clear();
  }

  #load(place: Place): void {
    const at = this.#loaded.indexOf(place);
    if (at >= 0) this.#loaded.splice(at, 1);
    this.#loaded.push(place);
    if (this.#loaded.length > LOADED_PLACES) this.#loaded.shift()?.parts.timeline.release();
  }

  #onAttention(): void {
    if (!this.host.isAttended()) {
      this.drafts.save();
      return;
    }
    if (this.#current !== undefined) this.#readVisible(this.#current);
  }

  #readVisible(place: Place): void {
    const { visibleOffset } = place;
    if (visibleOffset === 0) return;
    const { timeline } = place.parts;
    const newest = timeline.newest?.offset ?? 0;
    // Behind the newest message there may be reactions and edits: they are seen with it.
    const seesAll = !timeline.window.hasNewer && visibleOffset >= newest;
    this.markRead(place, seesAll ? Math.max(timeline.window.to, visibleOffset) : visibleOffset);
  }

  #makePlace(identity: PlaceIdentity): Place {
    const { client, host, stale } = this;
    const toError = (error: unknown): ChatError => {
      if (error instanceof ChatError) return error;
      throw error;
    };
    return new Place(identity, this.userName, (place) => ({
      timeline: new PlaceTimeline({
        place: identity.key,
        userName: this.userName,
        read: (range) => client.history(place.roomId, range),
        dayOf: (timeMs) => host.dayOf(timeMs),
        displayNameOf: (name) => this.#displayNameOf(place, name),
        toError,
        toFailure: (error) => this.toFailure(error),
        onChange: () => this.staleTimeline(place),
      }),
      composition: new Composition(this.drafts.find(place.lastingId), () => {
        if (place === this.#current) stale.composer();
      }),
      typing: new TypingNames(host.environment, () => {
        if (place === this.#current) stale.typing();
      }),
      members: new MemberList({
        readMembers: (after, limit) => client.members(place.roomId, { after, limit }),
        readPresent: (after, limit) => client.listUsers(place.roomId, { after, limit }),
        toError,
        onChange: () => {
          if (place !== this.#current) return;
          stale.members();
          stale.timeline();
          stale.composer();
        },
      }),
    }));
  }

  #displayNameOf(place: Place, name: string): string {
    if (name === this.userName) return this.displayName;
    return place.parts.members.displayNameOf(name) || this.lobby.parts.members.displayNameOf(name);
  }
}
