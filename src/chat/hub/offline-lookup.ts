import type { Account } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { Partner } from "./direct-conversation.ts";
import type { Refusal } from "./event.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";

interface WaitingWhisper {
  readonly session: HubSession;
  readonly command: CommandOf<"whisper">;
}

/**
 * Whispers to names that are not signed in: the store is asked whether there is an account. With the
 * policy "store" they go on to it, and whispers to the same name that come meanwhile wait behind them;
 * with "reject" they are refused, and what comes after the addressee is waits for nothing.
 */
export class OfflineLookup {
  readonly #context: HubContext;
  readonly #send: (session: HubSession, command: CommandOf<"whisper">, to: Partner) => void;
  readonly #waiting = new Map<string, WaitingWhisper[]>();

  /** `send` goes on with a whisper, its request still held. */
  constructor(
    context: HubContext,
    send: (session: HubSession, command: CommandOf<"whisper">, to: Partner) => void,
  ) {
    this.#context = context;
    this.#send = send;
  }

  /** Whether a whisper to somebody who is signed in would overtake one that is looked up. */
  mustWait(nameKey: string): boolean {
    if (this.#waiting.size === 0) return false;
    return this.#context.options.offlineWhispers === "store" && this.#waiting.has(nameKey);
  }

  /** The request is held. */
  find(session: HubSession, command: CommandOf<"whisper">, nameKey: string): void {
    const waiting = this.#waiting.get(nameKey);
    if (waiting === undefined) {
      this.#waiting.set(nameKey, [{ session, command }]);
      this.#context.ask(
        "findAccount",
        { nameKey },
        (account) => this.#found(nameKey, account),
        (busy) => this.#failed(nameKey, busy),
      );
    } else if (waiting.length < this.#context.options.maxWaitingPerRoom) {
      waiting.push({ session, command });
    } else {
      this.#context.release(session);
      const detail = "too many whispers are waiting";
      this.#context.refuseBusy(session.key, command.requestId, "whisper", detail);
    }
  }

  #found(nameKey: string, account: Account | undefined): void {
    const isStored = this.#context.options.offlineWhispers === "store";
    const to = isStored ? (this.#context.users.byNameKey(nameKey) ?? account) : undefined;
    for (const { session, command } of this.#take(nameKey)) {
      if (to !== undefined) this.#send(session, command, to);
      else if (account === undefined)
        this.#refuse(session, command, "USER_NOT_FOUND", "no user has this name");
      else this.#refuse(session, command, "USER_OFFLINE", `${account.name} is not here now`);
    }
  }

  #failed(nameKey: string, busy: boolean): void {
    for (const { session, command } of this.#take(nameKey)) {
      this.#context.release(session);
      this.#context.refuseFailed(session, command.requestId, "whisper", busy);
    }
  }

  #take(nameKey: string): readonly WaitingWhisper[] {
    const waiting = this.#waiting.get(nameKey) ?? [];
    this.#waiting.delete(nameKey);
    return waiting;
  }

  #refuse(
    session: HubSession,
    { requestId }: CommandOf<"whisper">,
    code: Refusal["code"],
    detail: string,
  ): void {
    this.#context.release(session);
    if (!session.isGone) this.#context.refuse(session.key, requestId, "whisper", code, detail);
  }
}
