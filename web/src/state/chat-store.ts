import type { ChatClient } from "../../../src/client/chat-client.ts";
import type { ClientState } from "../../../src/client/client-events.ts";
import type { ClientTimer } from "../../../src/client/environment.ts";
import { Batch, Cell, type Observable, reuse, reuseRows } from "./cell.ts";
import { chatActions } from "./chat-actions.ts";
import type {
  AppSnapshot,
  ChatActions,
  ConnectionStatus,
  Me,
  MembersSnapshot,
  ServerFacts,
  SessionSnapshot,
  SideListSnapshot,
  TypingSnapshot,
} from "./contract.ts";
import { NoticeList } from "./notice-list.ts";
import type { PageHost } from "./page-host.ts";
import type { Place } from "./place.ts";
import { composerSnapshot, conversationItem, placeSnapshot, roomItem } from "./place-snapshots.ts";
import { Preferences } from "./preferences.ts";
import { IDLE_SEARCH } from "./search-model.ts";
import { takeServerEvent } from "./server-events.ts";
import { SignIn } from "./sign-in.ts";
import { type Stale, UserSession } from "./user-session.ts";

export interface ChatStoreOptions {
  readonly host: PageHost;
  /** A client for one sign-in. */
  readonly makeClient: () => ChatClient;
}

type Cells = { readonly [Name in keyof AppSnapshot]: Cell<AppSnapshot[Name]> };

/** The application's snapshot, slice by slice. */
export type Slices = { readonly [Name in keyof AppSnapshot]: Observable<AppSnapshot[Name]> };

/** What the place in the address bar is called. */
export interface PlaceAddress {
  readonly kind: "room" | "direct";
  readonly name: string;
}

/** A server that restarts is back by then. */
const DRAINING_MS = 60_000;

/** Between two changes of the page's title. */
const TITLE_PAUSE_MS = 500;

const NOBODY: TypingSnapshot = { names: [], moreCount: 0 };
const NO_PLACES: SideListSnapshot = {
  rooms: [],
  conversations: [],
  invitations: [],
  current: undefined,
  isLoading: false,
};

/**
 * Everything that the page shows, as observable snapshots, and everything that it can be asked for. What
 * has changed reaches subscribers once for each frame; a snapshot, and each row in it, is the same object
 * until something about it is another.
 */
export class ChatStore {
  readonly actions: ChatActions;
  readonly signIn: SignIn;
  readonly preferences: Preferences;
  readonly notices: NoticeList;
  readonly host: PageHost;
  readonly #batch: Batch;
  readonly #cells: Cells;
  readonly #stale: Stale;
  readonly #title: Cell<string>;
  #user: UserSession | undefined;
  #state: ClientState = { name: "idle" };
  #wasNetworkUp: boolean;
  #retryAtMs = 0;
  /** When the server said that it stops. */
  #drainedMs: number | undefined;
  #shownTitle = "";
  #titleTimer: ClientTimer | undefined;
  #wantedAddress: (PlaceAddress & { readonly offset: number | undefined }) | undefined;

  constructor({ host, makeClient }: ChatStoreOptions) {
    this.host = host;
    this.#batch = new Batch((callback) => host.requestFrame(callback));
    this.#cells = this.#makeCells();
    this.#title = new Cell(this.#batch, () => this.#pageTitle());
    this.#stale = this.#makeStale();
    this.notices = new NoticeList(host.environment, this.#cells.notices.invalidate);
    this.preferences = new Preferences(host, this.#cells.preferences.invalidate);
    this.signIn = new SignIn({
      host,
      makeClient,
      onSignedIn: (client, welcome) => {
        this.#user = new UserSession({
          client,
          host,
          welcome,
          stale: this.#stale,
          notice: (...told) => this.notices.add(...told),
          areNotificationsOn: () => this.preferences.notifications === "on",
        });
        this.#user.onOnline();
        this.#openWanted();
        this.#staleAll();
      },
      onEvent: (event) => {
        if (this.#user !== undefined) takeServerEvent(this.#user, event);
        this.#openWanted();
      },
      onState: (state) => this.#onState(state),
      onSignedOut: () => {
        this.#user?.end();
        this.#user = undefined;
        this.#state = { name: "idle" };
        this.notices.clear();
        this.#staleAll();
      },
      onChange: () => this.#stale.session(),
    });
    this.actions = chatActions(this);
    this.#wasNetworkUp = host.isNetworkUp();
    host.onAttention(() => {
      this.#followNetwork();
      this.#stale.connection();
      this.#cells.preferences.invalidate();
    });
    this.#title.subscribe(() => this.#showTitle());
    this.#cells.connection.subscribe(() => host.setUnsaved(this.#cells.connection.get().queuedCount > 0));
  }

  /** The user who is signed in. */
  get user(): UserSession | undefined {
    return this.#user;
  }

  /** What views look at, one by one, so that each renders when its own has changed. */
  get slices(): Slices {
    return this.#cells;
  }

  /** Begins: takes up the kept session. */
  start(): void {
    void this.signIn.start();
  }

  retryNow(): void {
    this.signIn.client?.retryNow();
  }

  /** Brings views up to date now: what was sent must be out of the composer before the next key. */
  flush(): void {
    this.#batch.flush();
  }

  /** What is typed is kept: the page goes, or is put aside. */
  save(): void {
    this.#user?.drafts.save();
  }

  /** Opens what the address bar names, as soon as it is known, at a message or where it opens; undefined: the list. */
  openAddress(address: PlaceAddress | undefined, offset?: number): void {
    this.#wantedAddress = address === undefined ? undefined : { ...address, offset };
    if (address === undefined) this.#user?.open(undefined);
    else this.#openWanted();
  }

  /** The lobby, unless another place is open already. */
  openLobby(): void {
    const user = this.#user;
    if (user !== undefined && user.current === undefined) user.open(user.lobby.key);
  }

  /** What the address bar is to name; undefined: the list. */
  get address(): PlaceAddress | undefined {
    const place = this.#user?.current;
    return place === undefined ? undefined : { kind: place.kind, name: place.name };
  }

  /** The address asked for is not shown yet: its room is still to be found. */
  get isSeeking(): boolean {
    return this.#wantedAddress !== undefined;
  }

  /** A person chose another place meanwhile: the address is not sought any more. */
  stopSeeking(): void {
    this.#wantedAddress = undefined;
  }

  /** A connection over a network that is gone would look alive for as long as nothing is said. */
  #followNetwork(): void {
    const isUp = this.host.isNetworkUp();
    const hasChanged = isUp !== this.#wasNetworkUp;
    this.#wasNetworkUp = isUp;
    if (hasChanged && !isUp) this.signIn.client?.suspend("this device has no network");
    // Back on its network, or woken up: no reason to wait.
    if (isUp && (hasChanged || this.host.isAttended())) this.retryNow();
  }

  #openWanted(): void {
    const address = this.#wantedAddress;
    const user = this.#user;
    if (address === undefined || user === undefined) return;
    const place =
      address.kind === "direct" ? user.book.conversation(address.name) : user.book.roomNamed(address.name);
    if (place === undefined) return;
    this.#wantedAddress = undefined;
    user.open(place.key);
    if (address.offset !== undefined) place.parts.timeline.jumpTo(address.offset);
  }

  #onState(state: ClientState): void {
    const before = this.#state.name;
    this.#state = state;
    const { clock } = this.host.environment;
    this.#retryAtMs = state.name === "offline" ? clock.wallMs() + state.retryInMs : 0;
    if (state.name === "online") this.#drainedMs = undefined;
    if (state.name === "offline" && state.disconnectCode === "SHUTDOWN")
      this.#drainedMs = clock.monotonicMs();
    if (state.name === "online" && before !== "online") this.#user?.onOnline();
    if (state.name === "offline" && before !== "offline") this.#user?.onOffline();
    this.#stale.connection();
    this.#stale.timeline();
    this.#stale.session();
  }

  #staleAll(): void {
    for (const cell of Object.values(this.#cells)) cell.invalidate();
    this.#title.invalidate();
  }

  #makeStale(): Stale {
    const { session, connection, sideList, place, timeline, composer, typing, members, search } = this.#cells;
    return {
      session: session.invalidate,
      connection: connection.invalidate,
      sideList: () => {
        sideList.invalidate();
        this.#title.invalidate();
        if (this.#wantedAddress !== undefined) this.#openWanted();
      },
      place: () => {
        place.invalidate();
        this.#title.invalidate();
      },
      timeline: timeline.invalidate,
      composer: composer.invalidate,
      typing: typing.invalidate,
      members: members.invalidate,
      search: search.invalidate,
    };
  }

  #makeCells(): Cells {
    const batch = this.#batch;
    return {
      session: new Cell(batch, (before) => this.#sessionSnapshot(before)),
      connection: new Cell(batch, (before) => reuse(before, this.#connectionStatus())),
      sideList: new Cell(batch, (before) => this.#sideListSnapshot(before)),
      place: new Cell(batch, (before) =>
        this.#ofCurrent((place, user) => placeSnapshot(place, user.surroundings, before)),
      ),
      timeline: new Cell(batch, (before) =>
        this.#ofCurrent((place, user) =>
          place.parts.timeline.snapshot(before, user.isOnline, place.unreadCount),
        ),
      ),
      typing: new Cell(batch, (before) => this.#typingSnapshot(before)),
      composer: new Cell(batch, (before) =>
        this.#ofCurrent((place, user) => composerSnapshot(place, user.surroundings, before)),
      ),
      members: new Cell(batch, (before) =>
        this.#ofCurrent((place, user) => membersSnapshot(place, user, before)),
      ),
      search: new Cell(batch, () => this.#user?.search.snapshot ?? IDLE_SEARCH),
      notices: new Cell(batch, () => this.notices.all),
      preferences: new Cell(batch, (before) => reuse(before, this.preferences.snapshot)),
    };
  }

  #ofCurrent<Snapshot>(make: (place: Place, user: UserSession) => Snapshot): Snapshot | undefined {
    const user = this.#user;
    return user?.current === undefined ? undefined : make(user.current, user);
  }

  #sessionSnapshot(before: SessionSnapshot | undefined): SessionSnapshot {
    const { phase, failure, end, lastName } = this.signIn;
    return reuse(before, {
      phase,
      me: this.#me(before?.me),
      server: this.#serverFacts(before?.server),
      failure,
      end,
      lastName,
    });
  }

  #me(before: Me | undefined): Me | undefined {
    const user = this.#user;
    if (user === undefined) return undefined;
    const { userName: name, displayName, isGuest, isAdmin } = user;
    return reuse(before, { name, displayName, isGuest, isAdmin });
  }

  #serverFacts(before: ServerFacts | undefined): ServerFacts | undefined {
    const server = this.signIn.client?.server;
    // What a server said of itself stays true when its client is gone.
    if (server === undefined) return before;
    const { name, guestsAllowed, registrationOpen, invitationRequired, textLimitBytes } = server;
    return reuse(before, { name, guestsAllowed, registrationOpen, invitationRequired, textLimitBytes });
  }

  #connectionStatus(): ConnectionStatus {
    const state = this.#state;
    const user = this.#user;
    const isOffline = state.name === "offline";
    // Without a network an attempt is as good as none; an answered one shows that the browser is mistaken.
    const isDown = state.name !== "online" && !this.host.isNetworkUp();
    const isWaiting = isOffline && !isDown && Number.isFinite(this.#retryAtMs);
    return {
      phase: state.name === "online" ? "online" : isDown ? "offline" : isWaiting ? "waiting" : "connecting",
      retryAtMs: isWaiting ? this.#retryAtMs : 0,
      queuedCount: user === undefined ? 0 : user.client.pendingCount,
      lastError: isOffline ? state.why : "",
      isDraining: this.#isDraining,
      isCatchingUp: state.name === "online" && (user?.catchingUp.size ?? 0) > 0,
    };
  }

  /** The attempts that fail meanwhile do not make it untrue; after a while nobody knows any more. */
  get #isDraining(): boolean {
    if (this.#drainedMs === undefined) return false;
    return this.host.environment.clock.monotonicMs() - this.#drainedMs < DRAINING_MS;
  }

  #sideListSnapshot(before: SideListSnapshot | undefined): SideListSnapshot {
    const user = this.#user;
    if (user === undefined) return NO_PLACES;
    const { book, surroundings, lobby, invitations, current, entrance } = user;
    const rooms = book.rooms
      .filter((place) => place.isJoined || (place.listing?.role ?? "none") !== "none" || place === current)
      .map((place) => roomItem(place, surroundings))
      .sort(
        (one, other) =>
          Number(other.key === lobby.key) - Number(one.key === lobby.key) || byName(one.name, other.name),
      );
    const conversations = book.conversations
      .filter((place) => place.roomId > 0 || place === current || place.parts.timeline.pendingCount > 0)
      .map((place) => conversationItem(place, surroundings))
      .sort((one, other) => other.lastTimeMs - one.lastTimeMs || byName(one.peer, other.peer));
    return reuse(before, {
      rooms: reuseRows(before?.rooms, rooms, ({ key }) => key),
      conversations: reuseRows(before?.conversations, conversations, ({ key }) => key),
      invitations,
      current: current?.key,
      isLoading: entrance.isLoading,
    });
  }

  #typingSnapshot(before: TypingSnapshot | undefined): TypingSnapshot {
    const next = this.#user?.current?.parts.typing.snapshot ?? NOBODY;
    const isSame =
      before !== undefined &&
      before.moreCount === next.moreCount &&
      before.names.length === next.names.length &&
      before.names.every((name, index) => name === next.names[index]);
    return isSame ? before : next;
  }

  /** At once, and then not again for a while: browsers tell a title to the whole window, and a lively room changes it each frame. */
  #showTitle(): void {
    if (this.#titleTimer !== undefined) return;
    this.host.setTitle(this.#title.get());
    this.#titleTimer = this.host.environment.startTimer(TITLE_PAUSE_MS, () => {
      this.#titleTimer = undefined;
      if (this.#title.get() !== this.#shownTitle) this.#showTitle();
    });
    this.#shownTitle = this.#title.get();
  }

  #pageTitle(): string {
    const user = this.#user;
    if (user === undefined) return "Portico";
    const unread = user.unreadCount;
    const counted = unread === 0 ? "" : unread > 99 ? "(99+) " : `(${unread}) `;
    const { current } = user;
    if (current === undefined) return `${counted}Portico`;
    return `${counted}${current.kind === "room" ? "#" : "@"}${current.name} · Portico`;
  }
}

function membersSnapshot(
  place: Place,
  user: UserSession,
  before: MembersSnapshot | undefined,
): MembersSnapshot {
  const onlooker = { name: user.userName, role: place.info?.role ?? "none", isAdmin: user.isAdmin } as const;
  return place.parts.members.snapshot(place.key, before, onlooker, (error) => user.toFailure(error));
}

const collator = new Intl.Collator(undefined, { numeric: true });

function byName(one: string, other: string): number {
  return collator.compare(one, other);
}
