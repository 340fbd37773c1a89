import type { Command, StoreReply, UserIdentity } from "../../src/chat/hub/command.ts";
import type { EffectSink } from "../../src/chat/hub/effect-sink.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "../../src/chat/hub/event.ts";
import { Hub } from "../../src/chat/hub/hub.ts";
import type { HubSettings } from "../../src/chat/hub/hub-options.ts";
import { sessionKey, type RoomId, type SessionKey } from "../../src/chat/names.ts";
import type { NewMessage, StoreRequestName, StoreRequests } from "../../src/chat/store/store.ts";
import { FakeStore } from "./fake-store.ts";

export type Effect =
  | { readonly type: "publish"; readonly event: RoomEvent }
  | { readonly type: "reply"; readonly event: SessionEvent }
  | { readonly type: "broadcast"; readonly event: ServerEvent }
  | { readonly type: "subscribe"; readonly gateId: number; readonly roomId: RoomId }
  | { readonly type: "unsubscribe"; readonly gateId: number; readonly roomId: RoomId };

/** How the store fails: "kept" does it and fails all the same, as a store that died would. */
export type StoreFailure = "none" | "busy" | "lost" | "kept";

/** A store request of the hub: first the store does it, then the hub is told. */
export interface StoreTask {
  readonly type: "append" | StoreRequestName;
  readonly ticket: number;
  readonly run: (failure: StoreFailure) => StoreReply;
  reply: StoreReply | undefined;
}

/** A hub, a store in memory that answers when the test says, and everything the hub did. */
export class HubWorld implements EffectSink {
  readonly hub: Hub;
  readonly store = new FakeStore();
  readonly effects: Effect[] = [];
  readonly tasks: StoreTask[] = [];
  nowMs = 1_000;
  failedReadCount = 0;
  onEffect: (effect: Effect) => void = () => {};

  constructor(settings: Partial<HubSettings> = {}) {
    this.hub = new Hub({ bootEpoch: "boot", normalizeName: (name) => name.toLowerCase(), ...settings });
  }

  /** Starts the hub and lets the store answer. */
  start(): this {
    this.hub.start(this.#now(), this);
    this.settle();
    return this;
  }

  /** Gives the hub a command; returns the effects it had at once. */
  command(command: Command): Effect[] {
    const first = this.effects.length;
    this.hub.apply(command, this.#now(), this);
    return this.effects.slice(first);
  }

  /** Gives the hub a command, lets the store answer all it is asked, returns the effects. */
  do(command: Command): Effect[] {
    const first = this.effects.length;
    this.hub.apply(command, this.#now(), this);
    this.settle();
    return this.effects.slice(first);
  }

  /** Lets the store do and answer everything, in order; returns the effects. */
  settle(failure: StoreFailure = "none"): Effect[] {
    const first = this.effects.length;
    for (let task = this.tasks[0]; task !== undefined; task = this.tasks[0]) this.finish(task, failure);
    return this.effects.slice(first);
  }

  /** Lets the store do and answer one task. */
  finish(task: StoreTask, failure: StoreFailure = "none"): void {
    task.reply ??= task.run(failure);
    this.tasks.splice(this.tasks.indexOf(task), 1);
    this.hub.apply(task.reply, this.#now(), this);
  }

  /** Lets a second go by for the hub. */
  tick(elapsedMs = 1_000): Effect[] {
    const first = this.effects.length;
    this.nowMs += elapsedMs;
    this.hub.apply({ type: "tick" }, this.#now(), this);
    return this.effects.slice(first);
  }

  stored(roomId: RoomId): readonly NewMessage[] {
    return this.store.log(roomId);
  }

  storedRoom(name: string): RoomId | undefined {
    return this.store.roomNamed(name)?.id;
  }

  publish(event: RoomEvent): void {
    this.#note({ type: "publish", event });
  }

  reply(event: SessionEvent): void {
    this.#note({ type: "reply", event });
  }

  broadcast(event: ServerEvent): void {
    this.#note({ type: "broadcast", event });
  }

  subscribe(gateId: number, roomId: RoomId): void {
    this.#note({ type: "subscribe", gateId, roomId });
  }

  unsubscribe(gateId: number, roomId: RoomId): void {
    this.#note({ type: "unsubscribe", gateId, roomId });
  }

  append(ticket: number, message: NewMessage): void {
    this.#task("append", ticket, (failure) => {
      if (failure === "none" || failure === "kept") {
        const result = this.store.append(message);
        if (failure === "none") return { type: "appended", ticket, result };
      }
      return { type: "appendFailed", ticket, busy: failure === "busy" };
    });
  }

  ask<Name extends StoreRequestName>(
    ticket: number,
    name: Name,
    request: StoreRequests[Name]["request"],
  ): void {
    this.#task(name, ticket, (failure) => {
      if (failure === "none" || failure === "kept") {
        const result = this.store.ask(name, request);
        if (failure === "none") return { type: "answered", ticket, result };
      }
      if (name.startsWith("history")) this.failedReadCount += 1;
      return { type: "askFailed", ticket, busy: failure === "busy" };
    });
  }

  #task(type: StoreTask["type"], ticket: number, run: StoreTask["run"]): void {
    this.tasks.push({ type, ticket, run, reply: undefined });
  }

  #note(effect: Effect): void {
    this.effects.push(effect);
    this.onEffect(effect);
  }

  #now(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.nowMs, wallMs: this.nowMs };
  }
}

/** A user for tests; the name's key is its lower case. */
export function user(id: number, name: string, isAdmin = false): UserIdentity {
  return { id, name, nameKey: name.toLowerCase(), displayName: "", isAdmin, mutedUntilMs: 0 };
}

/** A sign-in. */
export function signIn(key: SessionKey, identity: UserIdentity, requestId = 1, tokenId = 0): Command {
  return { type: "signIn", session: key, requestId, user: identity, address: "127.0.0.1", tokenId };
}

export function session(gateId: number, serial: number): SessionKey {
  return sessionKey(gateId, serial);
}

/** The session events of one session among effects. */
export function repliesTo(effects: readonly Effect[], key: SessionKey): SessionEvent[] {
  return effects.flatMap((effect) =>
    effect.type === "reply" && effect.event.session === key ? [effect.event] : [],
  );
}

export function published(effects: readonly Effect[]): RoomEvent[] {
  return effects.flatMap((effect) => (effect.type === "publish" ? [effect.event] : []));
}

/** The codes of the refusals among effects. */
export function refusals(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === "reply" && effect.event.type === "refused" ? [effect.event.refusal.code] : [],
  );
}
