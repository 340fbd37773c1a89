import { assert } from "../base/assert.ts";
import type { Bus, GateEvent, GateLink } from "../chat/bus/bus.ts";
import type { RequestName, RequestOf, Requests } from "../chat/hub/command.ts";
import type { Refusal, SessionEvent } from "../chat/hub/event.ts";
import { ADMIN_PAGE_SESSION, CONSOLE_GATE_ID, CONSOLE_SESSION, type SessionKey } from "../chat/names.ts";
import type { LockdownLevel } from "../chat/store/store.ts";

/** What a request of the console is answered with. */
export type ConsoleAnswer = Exclude<
  Extract<SessionEvent, { readonly requestId: number }>,
  { readonly type: "refused" }
>;

/** The hub refuses; `code` is one of the protocol's (docs/PROTOCOL.md, Error codes). */
export class ConsoleError extends Error {
  readonly code: Refusal["code"];
  readonly retryAfterMs: number;

  constructor({ code, detail, retryAfterMs }: Refusal) {
    super(detail);
    this.name = "ConsoleError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Requests under way at once; more are refused with BUSY. */
const PENDING_LIMIT = 1000;

/** Whoever has one asks the hub with an administrator's rights. */
export interface AdminSeat {
  /** Resolves with the hub's answer. Rejects with ConsoleError. */
  ask<Name extends RequestName>(name: Name, fields: Requests[Name]): Promise<ConsoleAnswer>;
}

/**
 * The server's own seat on the bus, as the user "(console)"; `page` is another, "(admin page)". The command
 * line and the admin page go through it, so what they do is checked, announced and audited like everything
 * else. One for each hub.
 */
export class AdminConsole implements AdminSeat {
  /** The admin page's seat. */
  readonly page: AdminSeat = {
    ask: (name, fields) => this.#ask(ADMIN_PAGE_SESSION, name, fields),
  };
  readonly #link: GateLink;
  readonly #pending = new Map<number, PendingRequest>();
  #nextRequestId = 1;
  #isClosed = false;
  #lockdown: LockdownLevel = 0;

  constructor(bus: Bus) {
    this.#link = bus.attachGate(CONSOLE_GATE_ID, (events) => this.#onEvents(events));
    this.#link.send({ type: "gateReset", gateId: CONSOLE_GATE_ID });
  }

  /** As the hub told it last. */
  get lockdown(): LockdownLevel {
    return this.#lockdown;
  }

  ask<Name extends RequestName>(name: Name, fields: Requests[Name]): Promise<ConsoleAnswer> {
    return this.#ask(CONSOLE_SESSION, name, fields);
  }

  #ask<Name extends RequestName>(
    session: SessionKey,
    name: Name,
    fields: Requests[Name],
  ): Promise<ConsoleAnswer> {
    if (this.#isClosed || this.#pending.size >= PENDING_LIMIT) {
      const detail = this.#isClosed ? "the server has stopped" : "too many requests are under way";
      return Promise.reject(new ConsoleError({ code: "BUSY", detail, retryAfterMs: 1000 }));
    }
    const requestId = this.#nextRequestId++;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a request's name and its own fields, put together
    const command = {
      type: name,
      session,
      requestId,
      ...fields,
    } as unknown as RequestOf<Name>;
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject });
      this.#link.send(command);
    });
  }

  /** Leaves the bus; what is under way is refused. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#link.detach();
    const gone = new ConsoleError({ code: "BUSY", detail: "the server has stopped", retryAfterMs: 1000 });
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
  }

  #onEvents(events: readonly GateEvent[]): void {
    for (const event of events) {
      if (event.type === "serverRules") this.#lockdown = event.lockdown;
      if (!("requestId" in event) || !("session" in event)) continue; // nothing else is said to it unasked
      const request = this.#pending.get(event.requestId);
      assert(request !== undefined, "each request of the console is answered once");
      this.#pending.delete(event.requestId);
      if (event.type === "refused") request.reject(new ConsoleError(event.refusal));
      else request.resolve(event);
    }
  }
}

interface PendingRequest {
  readonly resolve: (answer: ConsoleAnswer) => void;
  readonly reject: (error: ConsoleError) => void;
}
