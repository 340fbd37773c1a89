import { assert } from "../../base/assert.ts";
import type { SessionKey } from "../names.ts";
import type { StoreRequestName, StoreRequests } from "../store/store.ts";
import type { RequestName } from "./command.ts";
import type { EffectSink, HubTime } from "./effect-sink.ts";
import type { DoneRequest, Refusal, SessionEvent } from "./event.ts";
import type { HubOptions } from "./hub-options.ts";
import type { HubSession } from "./hub-session.ts";
import type { PendingRequest } from "./pending-request.ts";
import { RecentEntries } from "./recent-entries.ts";
import { UserDirectory } from "./user-directory.ts";

interface Question {
  readonly onAnswer: (result: unknown) => void;
  readonly onFailed: (busy: boolean) => void;
}

/** What the parts of the hub share: the options, who is signed in, and what waits for the store. */
export class HubContext {
  readonly options: HubOptions;
  readonly sessions = new Map<SessionKey, HubSession>();
  readonly users = new UserDirectory();
  /** The newest entries of logged rooms. */
  readonly recent = new RecentEntries();
  readonly #pending = new Map<number, PendingRequest>();
  readonly #questions = new Map<number, Question>();
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
    return this.#pending.size + this.#questions.size;
  }

  /** Requests of sessions that wait for the store, whether asked already or waiting in a list. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /**
   * Asks the store something; exactly one of the two is called, later. What they do must not depend on
   * who asked being there still: `tell` says nothing to a session that is gone.
   */
  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
    onAnswer: (result: StoreRequests[Name]["result"]) => void,
    onFailed: (busy: boolean) => void,
  ): void {
    const ticket = this.#nextTicket++;
    // What a deleted account said is shown under another name.
    if (name === "deleteAccount") {
      onAnswer = this.#forgetsRecent(onAnswer);
      onFailed = this.#forgetsRecent(onFailed);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer to this ticket has the result of this name
    this.#questions.set(ticket, { onAnswer: onAnswer as Question["onAnswer"], onFailed });
    this.effects.ask(ticket, name, request);
  }

  /**
   * Asks the store on behalf of a request: held (BUSY when too many are), released when the answer comes,
   * refused when the store fails. `onAnswer` is called even when the session has gone: what happened,
   * happened.
   */
  askFor<Name extends StoreRequestName>(
    session: HubSession,
    requestId: number,
    requestName: RequestName,
    name: Name,
    request: StoreRequests[Name]["request"],
    onAnswer: (result: StoreRequests[Name]["result"]) => void,
  ): void {
    if (!this.hold(session, requestId, requestName)) return;
    this.ask(
      name,
      request,
      (result) => {
        this.release(session);
        onAnswer(result);
      },
      (busy) => {
        this.release(session);
        this.refuseFailed(session, requestId, requestName, busy);
      },
    );
  }

  /** The store has answered the question with this ticket. */
  answered(ticket: number, result: StoreRequests[StoreRequestName]["result"]): void {
    this.#takeQuestion(ticket).onAnswer(result);
  }

  askFailed(ticket: number, busy: boolean): void {
    this.#takeQuestion(ticket).onFailed(busy);
  }

  #forgetsRecent<Answer>(then: (answer: Answer) => void): (answer: Answer) => void {
    return (answer) => {
      this.recent.forget();
      then(answer);
    };
  }

  #takeQuestion(ticket: number): Question {
    const question = this.#questions.get(ticket);
    assert(question !== undefined, `ticket ${ticket} waits for an answer`);
    this.#questions.delete(ticket);
    return question;
  }

  /** Says something to a session, if it is still there. */
  tell(session: HubSession, event: SessionEvent): void {
    if (!session.isGone) this.effects.reply(event);
  }

  /** The request is done, and there is nothing more to say. */
  done(session: HubSession, requestId: number, request: DoneRequest): void {
    this.tell(session, { type: "done", session: session.key, requestId, request });
  }

  /** The ticket for an append; the answer to it finds `request` again. */
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
