import { assert, unreachable } from "../../base/assert.ts";
import type { SessionKey } from "../names.ts";
import type { StoredRoom } from "../store/store.ts";
import type { Command, CommandOf, RequestName, StoreReply } from "./command.ts";
import type { EffectSink, HubTime } from "./effect-sink.ts";
import { HubContext } from "./hub-context.ts";
import { resolveHubOptions, type HubSettings } from "./hub-options.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingRequest } from "./pending-request.ts";
import { RoomLog } from "./room-log.ts";
import { RoomReader } from "./room-reader.ts";
import { RoomRegistry } from "./room-registry.ts";
import { SignIns } from "./sign-ins.ts";
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
  readonly #rooms: RoomRegistry;
  readonly #signIns: SignIns;
  readonly #log: RoomLog;
  readonly #reader: RoomReader;
  readonly #whispers: Whispers;
  #isDraining = false;

  /** Throws RangeError for limits that make no sense. */
  constructor(settings: HubSettings) {
    this.#context = new HubContext(resolveHubOptions(settings));
    this.#rooms = new RoomRegistry(this.#context);
    this.#signIns = new SignIns(this.#context, this.#rooms);
    this.#log = new RoomLog(this.#context, this.#rooms);
    this.#reader = new RoomReader(this.#context, this.#rooms);
    this.#whispers = new Whispers(this.#context);
  }

  /** True when the lobby is open; sign-ins before that wait. */
  get isReady(): boolean {
    return this.#rooms.lobby !== undefined;
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

  /** Opens the lobby. When the store fails, the next sign-in asks it again. */
  start(now: HubTime, effects: EffectSink): void {
    this.#context.enter(now, effects);
    this.#signIns.openLobby();
  }

  /** From now on each request is refused with BUSY; signing out still works. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Handles one command or reply to the end. Must not be called from within an effect. */
  apply(input: Command | StoreReply, now: HubTime, effects: EffectSink): void {
    this.#context.enter(now, effects);
    switch (input.type) {
      case "publish": {
        const session = this.#accept(input);
        if (session !== undefined) this.#log.publish(session, input);
        return;
      }
      case "appended": {
        const pending = this.#context.take(input.ticket);
        if (pending.kind === "publish") this.#log.appended(pending, input.result);
        else this.#whispers.appended(expectKind(pending, "whisper"), input.result);
        return;
      }
      case "whisper": {
        const session = this.#accept(input);
        if (session !== undefined) this.#whispers.whisper(session, input);
        return;
      }
      case "joinRoom": {
        const session = this.#accept(input);
        if (session !== undefined) this.#rooms.join(session, input);
        return;
      }
      case "leaveRoom": {
        const session = this.#accept(input);
        if (session !== undefined) this.#rooms.leave(session, input);
        return;
      }
      case "history": {
        const session = this.#accept(input);
        if (session !== undefined) this.#reader.history(session, input);
        return;
      }
      case "listUsers": {
        const session = this.#accept(input);
        if (session !== undefined) this.#reader.listUsers(session, input);
        return;
      }
      case "signIn":
        if (!this.#refusesAll(input.session, input.requestId, "signIn")) this.#signIns.signIn(input);
        return;
      case "signOut":
        this.#signIns.signOut(input.session);
        return;
      case "gateReset":
        this.#signIns.resetGate(input.gateId);
        return;
      case "appendFailed":
      case "roomOpened":
      case "roomOpenFailed":
      case "accountFound":
      case "accountFindFailed":
      case "historyRead":
      case "historyReadFailed":
        this.#applyReply(input);
        return;
      default:
        unreachable(input);
    }
  }

  #applyReply(reply: Exclude<StoreReply, { readonly type: "appended" }>): void {
    const pending = this.#context.take(reply.ticket);
    switch (reply.type) {
      case "appendFailed":
        if (pending.kind === "publish") this.#log.appendFailed(pending, reply.busy);
        else this.#whispers.appendFailed(expectKind(pending, "whisper"), reply.busy);
        return;
      case "roomOpened":
        if (pending.kind === "openRoom") this.#rooms.opened(pending.opening, reply.room);
        else if (pending.kind === "openDirect") this.#whispers.opened(pending.conversation, reply.room);
        else this.#lobbyOpened(pending, reply.room);
        return;
      case "roomOpenFailed":
        if (pending.kind === "openRoom") this.#rooms.openFailed(pending.opening);
        else if (pending.kind === "openDirect") this.#whispers.openFailed(pending.conversation);
        else this.#lobbyOpened(pending, undefined);
        return;
      case "accountFound": {
        const { session, requestId } = expectKind(pending, "findAccount");
        this.#whispers.accountFound(session, requestId, reply.user);
        return;
      }
      case "accountFindFailed": {
        const { session, requestId } = expectKind(pending, "findAccount");
        this.#whispers.accountFindFailed(session, requestId);
        return;
      }
      case "historyRead":
        if (pending.kind === "repair") this.#log.repaired(pending.room, reply.messages);
        else this.#reader.historyRead(expectKind(pending, "history"), reply.messages);
        return;
      case "historyReadFailed":
        if (pending.kind === "repair") this.#log.repaired(pending.room, undefined);
        else this.#reader.historyReadFailed(expectKind(pending, "history"));
        return;
      default:
        unreachable(reply);
    }
  }

  #lobbyOpened(pending: PendingRequest, room: StoredRoom | undefined): void {
    expectKind(pending, "openLobby");
    this.#signIns.lobbyOpened(room);
  }

  /** The session of a request that may go on; otherwise the request is refused. */
  #accept(command: CommandOf<Exclude<RequestName, "signIn">>): HubSession | undefined {
    if (this.#refusesAll(command.session, command.requestId, command.type)) return undefined;
    return this.#context.signedIn(command.session, command.requestId, command.type);
  }

  #refusesAll(session: SessionKey, requestId: number, request: RequestName): boolean {
    if (!this.#isDraining) return false;
    this.#context.refuseBusy(session, requestId, request, "the server is stopping");
    return true;
  }
}

function expectKind<Kind extends PendingRequest["kind"]>(
  pending: PendingRequest,
  kind: Kind,
): Extract<PendingRequest, { readonly kind: Kind }> {
  assert(isKind(pending, kind), "the answer fits its ticket");
  return pending;
}

function isKind<Kind extends PendingRequest["kind"]>(
  pending: PendingRequest,
  kind: Kind,
): pending is Extract<PendingRequest, { readonly kind: Kind }> {
  return pending.kind === kind;
}
