import { ChatError } from "../../../src/client/chat-error.ts";
import type { ClientTimer } from "../../../src/client/environment.ts";
import type { RoomInfo, RoomListing } from "../../../src/client/room-info.ts";
import type { ListRoomsOptions } from "../../../src/client/rooms-api.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import type { Place } from "./place.ts";
import type { UserSession } from "./user-session.ts";

/** Rooms and conversations that are listed: pages of 100. */
const LIST_PAGES = 5;
const PAGE_ROOMS = 100;

/** Rooms that are joined by themselves: a session may be in 32, and some are left for the user to open. */
const JOIN_LIMIT = 24;

/** After a list that did not come. */
const LIST_RETRY_MS = 3000;

/** Rooms that a list of memberships does not have, by name, kept as long as the tab. */
const KEPT_ROOMS = "portico.rooms";

/** Brings the user into rooms: those that the account is a member of, those of this tab, those that are opened. */
export class RoomEntrance {
  readonly #session: UserSession;
  #isListing = false;
  #hasListed = false;
  #timer: ClientTimer | undefined;
  /** Raised when the connection ends: answers that were on their way are nobody's. */
  #generation = 0;

  constructor(session: UserSession) {
    this.#session = session;
  }

  /** The lists have not been read yet. */
  get isLoading(): boolean {
    return this.#isListing && !this.#hasListed;
  }

  async onOnline(): Promise<void> {
    const generation = ++this.#generation;
    this.#isListing = true;
    this.#session.stale.sideList();
    try {
      await this.#list(generation);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (generation !== this.#generation) return;
      // With the connection that is lost, the next one lists. Otherwise the server had no time.
      if (this.#session.isOnline) {
        this.#timer = this.#session.host.environment.startTimer(
          Math.max(error.retryAfterMs, LIST_RETRY_MS),
          () => void this.onOnline(),
        );
      }
      return;
    }
    if (generation === this.#generation) {
      this.#isListing = false;
      this.#session.stale.sideList();
    }
  }

  onOffline(): void {
    this.#generation++;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Joins the room of a place that is opened. */
  async enter(place: Place): Promise<void> {
    const { stale, current } = this.#session;
    place.state = "joining";
    place.failure = undefined;
    stale.place();
    try {
      const info = await this.join(place.name);
      place.onJoined(info);
      if (place === this.#session.current) this.#session.show(place);
    } catch (error) {
      place.failure = this.#session.toFailure(error);
      place.state = "failed";
    }
    if (place === current || place === this.#session.current) this.#session.staleAll();
  }

  /** Joins a room by name. When this session is in as many as it may be, it leaves one that is not looked at. */
  async join(name: string, password = "", create?: "logged" | "memory"): Promise<RoomInfo> {
    const { client } = this.#session;
    const options = { password, ...(create === undefined ? {} : { create }) };
    try {
      return await client.joinRoom(name, options);
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== "TOO_MANY_ROOMS") throw error;
      if (!(await this.#makeRoom())) throw error;
      return client.joinRoom(name, options);
    }
  }

  /** The room is one of this session's now. */
  onJoined(info: RoomInfo): Place {
    const place = this.#session.book.room(info.roomId, info.name);
    place.onJoined(info);
    this.keepRooms();
    this.#session.stale.sideList();
    return place;
  }

  /** Memory rooms, and guests' rooms, are in no list of the server's: the tab remembers them for a reload. */
  keepRooms(): void {
    const { book, lobby, isGuest, host } = this.#session;
    const names = book.rooms
      .filter((place) => place !== lobby && (isGuest ? place.isJoined : place.info?.kind === "memory"))
      .map(({ name }) => name);
    host.ofTab.set(KEPT_ROOMS, names.length === 0 ? undefined : JSON.stringify(names));
  }

  async #list(generation: number): Promise<void> {
    const session = this.#session;
    const { client, book, lobby, presence, isGuest } = session;
    const present = await client.listUsers(lobby.roomId, { limit: 200 });
    if (generation !== this.#generation) return;
    presence.onRead(present.names, present.total);
    if (!isGuest) {
      const rooms = await this.#read("mine");
      if (generation !== this.#generation) return;
      for (const listed of rooms) book.room(listed.roomId, listed.name).onListed(listed);
      const conversations = await this.#read("direct");
      if (generation !== this.#generation) return;
      for (const listed of conversations) this.#onConversation(listed);
      session.blocked.clear();
      for (const name of await client.blocks()) session.blocked.add(nameKey(name));
    }
    if (generation !== this.#generation) return;
    this.#hasListed = true;
    session.staleAll();
    await this.#joinAll(generation);
  }

  #onConversation(listed: RoomListing): void {
    const session = this.#session;
    const place = session.book.conversation(listed.name);
    const wasUnknown = place.roomId === 0;
    place.onListed(listed);
    // It was opened before it was known that something has been said there.
    if (wasUnknown && place === session.current) session.show(place);
  }

  async #read(scope: NonNullable<ListRoomsOptions["scope"]>): Promise<RoomListing[]> {
    const listed: RoomListing[] = [];
    let after = "";
    for (let pages = 0; pages < LIST_PAGES; pages++) {
      const page = await this.#session.client.listRooms({ scope, after, limit: PAGE_ROOMS });
      listed.push(...page.rooms);
      after = page.rooms.at(-1)?.cursor ?? "";
      if (!page.more || after === "") break;
    }
    return listed;
  }

  /** The most recently used first, so that those are heard when there are too many. */
  async #joinAll(generation: number): Promise<void> {
    const { book, stale, current } = this.#session;
    const waiting = book.rooms
      .filter((place) => !place.isJoined && place.listing !== undefined && !place.listing.isArchived)
      .sort((one, other) => other.lastTimeMs - one.lastTimeMs)
      .map(({ name }) => name);
    const names = new Set([
      ...(current?.isJoined === false ? [current.name] : []),
      ...this.#keptRooms(),
      ...waiting,
    ]);
    for (const name of names) {
      if (book.rooms.filter(({ isJoined }) => isJoined).length >= JOIN_LIMIT) break;
      if (book.roomNamed(name)?.isJoined === true) continue;
      try {
        const info = await this.#session.client.joinRoom(name);
        if (generation !== this.#generation) return;
        const place = this.onJoined(info);
        if (place === this.#session.current) this.#session.show(place);
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        if (generation !== this.#generation || error.code === "TOO_MANY_ROOMS") return;
        // Banned meanwhile, a password that a guest must give again, …: it is told when the user opens it.
        if (error.code === "RATE_LIMITED" || error.code === "BUSY") throw error;
      }
    }
    stale.sideList();
  }

  #keptRooms(): string[] {
    const json = this.#session.host.ofTab.get(KEPT_ROOMS);
    if (json === undefined) return [];
    try {
      const names: unknown = JSON.parse(json);
      return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
    } catch {
      return []; // not ours, or cut off
    }
  }

  /** Leaves the room that was spoken in longest ago; membership stays. False: there is none. */
  async #makeRoom(): Promise<boolean> {
    const { book, lobby, current, client } = this.#session;
    const [oldest] = book.rooms
      .filter(
        (place) => place.isJoined && place !== lobby && place !== current && place.info?.kind === "logged",
      )
      .sort((one, other) => one.lastTimeMs - other.lastTimeMs);
    if (oldest === undefined) return false;
    await client.leaveRoom(oldest.roomId);
    oldest.info = undefined;
    oldest.parts.timeline.release();
    return true;
  }
}
