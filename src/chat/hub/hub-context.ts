import { assert } from "../../base/assert.ts";
import type { SessionKey } from "../names.ts";
import type { RequestName } from "./command.ts";
import type { EffectSink, HubTime } from "./effect-sink.ts";
import type { Refusal } from "./event.ts";
import type { HubOptions } from "./hub-options.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingRequest } from "./pending-request.ts";
import { UserDirectory } from "./user-directory.ts";

/** What the parts of the hub share: the options, who is signed in, and what waits for the store. */
export class HubContext {
  readonly options: HubOptions;
  readonly sessions = new Map<SessionKey, HubSession>();
  readonly users = new UserDirectory();
  readonly #pending = new Map<number, PendingRequest>();
  #nextTicket = 1;
  #heldCount = 0;
  #effects: EffectSink | undefined;
  #now: HubTime = { monotonicMs: 0, wallMs: 0 };

  constructor(options: HubOptions) {
    this.options = options;
  }

  /** Where the effects of what is being handled go. */
  get effects(): EffectSink {
    assert(this.#effects !== undefined, "effects are made while a command is handled");
    return this.#effects;
  }

  get now(): HubTime {
    return this.#now;
  }

  /** Begins the handling of one command or reply. */
  enter(now: HubTime, effects: EffectSink): void {
    this.#now = now;
    this.#effects = effects;
  }

  /** Store requests without an answer yet. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Requests of sessions that wait for the store, whether asked already or waiting in a list. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** The ticket for a store request; the answer to it finds `request` again. */
  ticketFor(request: PendingRequest): number {
    const ticket = this.#nextTicket++;
    this.#pending.set(ticket, request);
    return ticket;
  }

  /** What the ticket was given for; each ticket is answered once. */
  take(ticket: number): PendingRequest {
    const request = this.#pending.get(ticket);
    assert(request !== undefined, `ticket ${ticket} waits for an answer`);
    this.#pending.delete(ticket);
    return request;
  }

  /** The session that signed in with this key; refuses the request with NOT_LOGGED_IN when there is none. */
  signedIn(key: SessionKey, requestId: number, request: RequestName): HubSession | undefined {
    const session = this.sessions.get(key);
    if (session === undefined) this.refuse(key, requestId, request, "NOT_LOGGED_IN", "log in first");
    return session;
  }

  /**
   * Counts a request that will wait for the store, or refuses it with BUSY when too many wait.
   * Each held request is released once, when it is answered.
   */
  hold(session: HubSession, requestId: number, request: RequestName): boolean {
    if (session.pendingCount >= this.options.maxPendingPerSession) {
      this.refuseBusy(session.key, requestId, request, "too many of your requests are waiting");
      return false;
    }
    if (this.#heldCount >= this.options.maxPending) {
      this.refuseBusy(session.key, requestId, request, "too many requests are waiting");
      return false;
    }
    session.pendingCount += 1;
    this.#heldCount += 1;
    return true;
  }

  release(session: HubSession): void {
    assert(session.pendingCount > 0, "a held request is released once");
    session.pendingCount -= 1;
    this.#heldCount -= 1;
  }

  refuse(
    session: SessionKey,
    requestId: number,
    request: RequestName,
    code: Refusal["code"],
    detail: string,
    retryAfterMs = 0,
  ): void {
    const refusal: Refusal = { code, detail, retryAfterMs };
    this.effects.reply({ type: "refused", session, requestId, request, refusal });
  }

  refuseBusy(session: SessionKey, requestId: number, request: RequestName, detail: string): void {
    this.refuse(session, requestId, request, "BUSY", detail, this.options.retryAfterMs);
  }

  /** The store could not do it. Says nothing to a session that has signed out. */
  refuseFailed(session: HubSession, requestId: number, request: RequestName, busy: boolean): void {
    if (session.isGone) return;
    const code = busy ? "BUSY" : "SERVER_ERROR";
    const detail = busy ? "the store has too much to do" : "the store could not do this now";
    this.refuse(session.key, requestId, request, code, detail, this.options.retryAfterMs);
  }
}
