import { unreachable } from "../../base/assert.ts";
import type { UserId } from "../names.ts";
import { Accounts } from "./accounts.ts";
import { Administration } from "./administration.ts";
import type { Command, Request, RequestOf, StoreReply, Tick } from "./command.ts";
import type { EffectSink, HubTime } from "./effect-sink.ts";
import { HubContext } from "./hub-context.ts";
import { resolveHubOptions, type HubSettings } from "./hub-options.ts";
import type { HubSession } from "./hub-session.ts";
import { Maintenance } from "./maintenance.ts";
import { Presence } from "./presence.ts";
import { ReadMarkers } from "./read-markers.ts";
import { RoomAdmin } from "./room-admin.ts";
import { RoomChanges } from "./room-changes.ts";
import { RoomEntrance } from "./room-entrance.ts";
import { RoomListings } from "./room-listings.ts";
import { RoomLog } from "./room-log.ts";
import { RoomModeration } from "./room-moderation.ts";
import { RoomReader } from "./room-reader.ts";
import { RoomRegistry } from "./room-registry.ts";
import type { OpenRoom } from "./room.ts";
import { SerialChanges } from "./serial-changes.ts";
import { ServerConsole } from "./server-console.ts";
import { ServerRules } from "./server-rules.ts";
import { SignIns } from "./sign-ins.ts";
import { Typing } from "./typing.ts";
import { UserAdministration } from "./user-administration.ts";
import { Whispers } from "./whispers.ts";

/** How much a hub holds now; `publishedCount` counts from the start. */
export interface HubCounts {
  readonly users: number;
  readonly sessions: number;
  /** The lobby included. */
  readonly rooms: number;
  readonly waitingSignIns: number;
  /** Requests of sessions that wait for the store. */
  readonly waitingRequests: number;
  /** Store requests without an answer yet. */
  readonly pendingStoreRequests: number;
  readonly directConversations: number;
  readonly publishedCount: number;
}

/**
 * The chat itself as a deterministic state machine: `(state, command or reply, now) → effects`. Rooms,
 * their order, who is in them, who is signed in. No I/O, no clock, no randomness, no promises: the same
 * inputs give the same effects, always.
 *
 * Each request gets exactly one answer: its own reply, a refusal, or (a publish) the room event that
 * carries its session and request id. A session that signed out gets none.
 */
export class Hub {
  readonly #context: HubContext;
  readonly #console = new ServerConsole();
  readonly #rules: ServerRules;
  readonly #presence: Presence;
  readonly #rooms: RoomRegistry;
  readonly #entrance: RoomEntrance;
  readonly #roomAdmin: RoomAdmin;
  readonly #moderation: RoomModeration;
  readonly #listings: RoomListings;
  readonly #signIns: SignIns;
  readonly #accounts: Accounts;
  readonly #administration: Administration;
  readonly #whispers: Whispers;
  readonly #log: RoomLog;
  readonly #reader: RoomReader;
  readonly #markers: ReadMarkers;
  readonly #typing: Typing;
  readonly #maintenance: Maintenance;
  #isDraining = false;

  /** Throws RangeError for limits that make no sense. */
  constructor(settings: HubSettings) {
    this.#context = new HubContext(resolveHubOptions(settings));
    this.#rules = new ServerRules(this.#context);
    this.#presence = new Presence(this.#context);
    this.#rooms = new RoomRegistry(this.#context, this.#presence);
    this.#signIns = new SignIns(this.#context, this.#rooms, this.#rules);
    const roomChanges = new RoomChanges(this.#context, this.#rooms);
    this.#entrance = new RoomEntrance(this.#context, this.#rooms, roomChanges);
    this.#roomAdmin = new RoomAdmin(this.#context, this.#rooms, roomChanges, this.#entrance.openings);
    this.#moderation = new RoomModeration(this.#context, this.#rooms, roomChanges);
    this.#listings = new RoomListings(this.#context, this.#rooms, roomChanges);
    this.#whispers = new Whispers(this.#context, this.#rules);
    const parts = { rules: this.#rules, signIns: this.#signIns, changes: new SerialChanges<UserId>() };
    const accountsParts = { ...parts, rooms: this.#rooms, whispers: this.#whispers };
    this.#accounts = new Accounts(this.#context, accountsParts);
    const users = new UserAdministration(this.#context, { ...parts, accounts: this.#accounts });
    this.#administration = new Administration(this.#context, { ...parts, roomChanges, users });
    this.#log = new RoomLog(this.#context, this.#rooms, this.#whispers, this.#rules);
    this.#reader = new RoomReader(this.#context, this.#rooms, this.#whispers);
    this.#markers = new ReadMarkers(this.#context, this.#rooms, this.#whispers);
    this.#typing = new Typing(this.#context, this.#whispers, this.#rules);
    this.#maintenance = new Maintenance(this.#context, this.#rooms);
  }

  /** True when the lobby is open and the server's rules are known; sign-ins before that wait. */
  get isReady(): boolean {
    return this.#rooms.lobby !== undefined && this.#rules.isLoaded;
  }

  get counts(): HubCounts {
    return {
      users: this.#context.users.count,
      sessions: this.#context.sessions.size,
      rooms: this.#rooms.count,
      waitingSignIns: this.#signIns.waitingCount,
      waitingRequests: this.#context.heldCount,
      pendingStoreRequests: this.#context.pendingCount,
      directConversations: this.#whispers.conversationCount,
      publishedCount: this.#log.publishedCount,
    };
  }

  /** The rooms that are open, the lobby included, in no order. */
  *openRooms(): Generator<OpenRoom> {
    for (const room of this.#rooms.all()) yield room.overview;
  }

  /** Opens the lobby and reads the server's rules. When the store fails, the next sign-in asks it again. */
  start(now: HubTime, effects: EffectSink): void {
    this.#context.enter(now, effects);
    this.#signIns.openLobby();
  }

  /** From now on each request is refused with BUSY; signing out still works. */
  drain(): void {
    this.#isDraining = true;
    this.#maintenance.stop();
  }

  /** Handles one command or reply to the end. Must not be called from within an effect. */
  apply(input: Command | StoreReply | Tick, now: HubTime, effects: EffectSink): void {
    this.#context.enter(now, effects);
    switch (input.type) {
      case "appended": {
        const pending = this.#context.take(input.ticket);
        if (pending.kind === "publish") this.#log.appended(pending, input.result);
        else this.#whispers.appended(pending, input.result);
        return;
      }
      case "appendFailed": {
        const pending = this.#context.take(input.ticket);
        if (pending.kind === "publish") this.#log.appendFailed(pending, input.busy);
        else this.#whispers.appendFailed(pending, input.busy);
        return;
      }
      case "answered":
        this.#context.answered(input.ticket, input.result);
        return;
      case "askFailed":
        this.#context.askFailed(input.ticket, input.busy);
        return;
      case "signIn":
        if (!this.#refusesAll(input)) this.#signIns.signIn(input);
        return;
      case "signOut":
        this.#signIns.signOut(input.session);
        return;
      case "typing":
        this.#typing.typing(input);
        return;
      case "gateReset":
        this.#signIns.resetGate(input.gateId);
        this.#rules.tell();
        return;
      case "tick":
        this.#presence.tick();
        this.#maintenance.tick();
        return;
      default: {
        const session = this.#accept(input);
        if (session !== undefined) this.#request(session, input);
      }
    }
  }

  #request(session: HubSession, request: Exclude<Request, RequestOf<"signIn">>): void {
    switch (request.type) {
      case "publish":
        return this.#log.publish(session, request);
      case "editMessage":
      case "deleteMessage":
      case "react":
        return this.#log.amend(session, request);
      case "whisper":
        return this.#whispers.whisper(session, request);
      case "markRead":
        return this.#markers.markRead(session, request);
      case "history":
        return this.#reader.history(session, request);
      case "search":
        return this.#reader.search(session, request);
      case "joinRoom":
        return this.#entrance.join(session, request);
      case "leaveRoom":
        return this.#entrance.leave(session, request);
      case "createRoom":
        return this.#entrance.create(session, request);
      case "updateRoom":
        return this.#roomAdmin.update(session, request);
      case "deleteRoom":
        return this.#roomAdmin.delete(session, request);
      case "invite":
        return this.#moderation.invite(session, request);
      case "setRole":
        return this.#moderation.setRole(session, request);
      case "moderate":
        return this.#moderation.moderate(session, request);
      case "listRooms":
        return this.#listings.rooms(session, request);
      case "listMembers":
        return this.#listings.members(session, request);
      case "listUsers":
        return this.#listings.users(session, request);
      case "changePassword":
        return this.#accounts.changePassword(session, request);
      case "setDisplayName":
        return this.#accounts.setDisplayName(session, request);
      case "deleteAccount":
        return this.#accounts.deleteAccount(session, request);
      case "listTokens":
        return this.#accounts.listTokens(session, request);
      case "revokeToken":
        return this.#accounts.revokeToken(session, request);
      case "blockUser":
        return this.#accounts.blockUser(session, request);
      case "listBlocks":
        return this.#accounts.listBlocks(session, request);
      case "adminUser":
        return this.#administration.user(session, request);
      case "adminAddress":
        return this.#administration.address(session, request);
      case "adminLockdown":
        return this.#administration.lockdown(session, request);
      case "adminInvitation":
        return this.#administration.invitation(session, request);
      case "listAudit":
        return this.#administration.listAudit(session, request);
      case "listSanctions":
        return this.#administration.listSanctions(session, request);
      default:
        unreachable(request);
    }
  }

  /** The session of a request that may go on; otherwise the request is refused. */
  #accept(request: Exclude<Request, RequestOf<"signIn">>): HubSession | undefined {
    if (this.#refusesAll(request)) return undefined;
    const { session, requestId, type } = request;
    if (!this.#console.owns(session)) return this.#context.signedIn(session, requestId, type);
    if (this.isReady && this.#console.mayAsk(type)) return this.#console.session(session);
    if (this.isReady) {
      this.#context.refuse(session, requestId, type, "PERMISSION_DENIED", "the console is in no room");
    } else {
      this.#context.refuseBusy(session, requestId, type, "the server is starting");
    }
    return undefined;
  }

  #refusesAll({ session, requestId, type }: Request): boolean {
    if (!this.#isDraining) return false;
    this.#context.refuseBusy(session, requestId, type, "the server is stopping");
    return true;
  }
}
