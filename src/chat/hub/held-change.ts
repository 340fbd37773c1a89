import type { StoreRequestName, StoreRequests } from "../store/store.ts";
import type { RequestName } from "./command.ts";
import type { DoneRequest, Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { SerialChanges } from "./serial-changes.ts";

/** What is known of every request. */
export interface AnyRequest {
  readonly type: RequestName;
  readonly requestId: number;
}

/**
 * A request that changes something and whose turn it is. It ends with `done`, `end` or `refuse`, or by
 * itself when the store fails. Nothing is said to a session that has gone.
 */
export class HeldChange {
  readonly session: HubSession;
  readonly requestId: number;
  readonly request: RequestName;
  protected readonly context: HubContext;
  readonly #onEnd: () => void;

  constructor(context: HubContext, session: HubSession, asked: AnyRequest, onEnd: () => void) {
    this.context = context;
    this.session = session;
    this.requestId = asked.requestId;
    this.request = asked.type;
    this.#onEnd = onEnd;
  }

  /** `onAnswer` is called although the session may have gone: what happened, happened. */
  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
    onAnswer: (result: StoreRequests[Name]["result"]) => void,
    onFailed: () => void = () => {},
  ): void {
    this.context.ask(name, request, onAnswer, (busy) => {
      onFailed();
      this.context.refuseFailed(this.session, this.requestId, this.request, busy);
      this.end();
    });
  }

  refuse(code: Refusal["code"], detail: string, retryAfterMs = 0): void {
    if (!this.session.isGone) {
      this.context.refuse(this.session.key, this.requestId, this.request, code, detail, retryAfterMs);
    }
    this.end();
  }

  done(request: DoneRequest): void {
    this.context.done(this.session, this.requestId, request);
    this.end();
  }

  /** The next change may begin. */
  end(): void {
    this.#onEnd();
  }
}

/** Calls `work` when it is the turn of the request, which is held until it ends (BUSY: too many are). */
export function beginChange<Key>(
  context: HubContext,
  changes: SerialChanges<Key>,
  key: Key,
  session: HubSession,
  asked: AnyRequest,
  work: (change: HeldChange) => void,
): void {
  if (!context.hold(session, asked.requestId, asked.type)) return;
  changes.run(key, (done) => {
    const end = (): void => {
      context.release(session);
      done();
    };
    if (session.isGone) end();
    else work(new HeldChange(context, session, asked, end));
  });
}
