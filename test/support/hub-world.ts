import { Hub } from "../../src/chat/hub/hub.ts";
import type { Command, StoreReply, UserIdentity } from "../../src/chat/hub/command.ts";
import type { EffectSink } from "../../src/chat/hub/effect-sink.ts";
import type { RoomEvent, SessionEvent } from "../../src/chat/hub/event.ts";
import type { HubSettings } from "../../src/chat/hub/hub-options.ts";
import { assert } from "../../src/base/assert.ts";
import { sessionKey, type RoomId, type SessionKey } from "../../src/chat/names.ts";
import type { Appended, NewMessage, StoredRoom, StoredRoomKind } from "../../src/chat/store/store.ts";

export type Effect =
  | { readonly type: "publish"; readonly event: RoomEvent }
  | { readonly type: "reply"; readonly event: SessionEvent }
  | { readonly type: "subscribe"; readonly gateId: number; readonly roomId: RoomId }
  | { readonly type: "unsubscribe"; readonly gateId: number; readonly roomId: RoomId };

/** A store request of the hub: first the store does it, then the hub is told. */
export interface StoreTask {
  readonly type: "append" | "openRoom" | "findAccount" | "readHistory";
  readonly ticket: number;
  /** What the store does; "kept" fails and does it all the same, as a store that died would. */
  readonly run: (failure: "none" | "busy" | "lost" | "kept") => StoreReply;
  reply: StoreReply | undefined;
}

interface LoggedRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: StoredRoomKind;
  readonly log: NewMessage[];
}

/** A hub, a store in memory that answers when the test says, and everything the hub did. */
export class HubWorld implements EffectSink {
  readonly hub: Hub;
  readonly effects: Effect[] = [];
  readonly tasks: StoreTask[] = [];
  readonly accounts = new Map<string, UserIdentity>();
  nowMs = 1_000;
  failedReadCount = 0;
  onEffect: (effect: Effect) => void = () => {};
  readonly #rooms = new Map<string, LoggedRoom>();

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
  settle(failure: "none" | "busy" | "lost" | "kept" = "none"): Effect[] {
    const first = this.effects.length;
    for (let task = this.tasks[0]; task !== undefined; task = this.tasks[0]) this.finish(task, failure);
    return this.effects.slice(first);
  }

  /** Lets the store do and answer one task. */
  finish(task: StoreTask, failure: "none" | "busy" | "lost" | "kept" = "none"): void {
    task.reply ??= task.run(failure);
    this.tasks.splice(this.tasks.indexOf(task), 1);
    this.hub.apply(task.reply, this.#now(), this);
  }

  stored(roomId: RoomId): readonly NewMessage[] {
    return this.#roomById(roomId)?.log ?? [];
  }

  storedRoom(name: string): RoomId | undefined {
    return this.#rooms.get(name)?.id;
  }

  publish(event: RoomEvent): void {
    this.#note({ type: "publish", event });
  }

  reply(event: SessionEvent): void {
    this.#note({ type: "reply", event });
  }

  subscribe(gateId: number, roomId: RoomId): void {
    this.#note({ type: "subscribe", gateId, roomId });
  }

  unsubscribe(gateId: number, roomId: RoomId): void {
    this.#note({ type: "unsubscribe", gateId, roomId });
  }

  append(ticket: number, message: NewMessage): void {
    this.#ask("append", ticket, (failure) => {
      if (failure === "none" || failure === "kept") {
        const result = this.#appendToLog(message);
        if (failure === "none") return { type: "appended", ticket, result };
      }
      return { type: "appendFailed", ticket, busy: failure === "busy" };
    });
  }

  openRoom(ticket: number, name: string, kind: StoredRoomKind | "none"): void {
    this.#ask("openRoom", ticket, (failure) => {
      if (failure !== "none") return { type: "roomOpenFailed", ticket };
      return { type: "roomOpened", ticket, room: this.#open(name, kind) };
    });
  }

  findAccount(ticket: number, nameKey: string): void {
    this.#ask("findAccount", ticket, (failure) => {
      if (failure !== "none") return { type: "accountFindFailed", ticket };
      return { type: "accountFound", ticket, user: this.accounts.get(nameKey) };
    });
  }

  readHistory(
    ticket: number,
    roomId: RoomId,
    direction: "after" | "before",
    offset: number,
    limit: number,
  ): void {
    this.#ask("readHistory", ticket, (failure) => {
      if (failure !== "none") {
        this.failedReadCount += 1;
        return { type: "historyReadFailed", ticket };
      }
      const all = this.stored(roomId).map((message, index) => ({ ...message, offset: index + 1 }));
      const below = all.filter((message) => offset === 0 || message.offset < offset);
      const messages =
        direction === "after"
          ? all.filter((message) => message.offset > offset).slice(0, limit)
          : below.slice(-limit);
      return { type: "historyRead", ticket, messages };
    });
  }

  #ask(type: StoreTask["type"], ticket: number, run: StoreTask["run"]): void {
    this.tasks.push({ type, ticket, run, reply: undefined });
  }

  #note(effect: Effect): void {
    this.effects.push(effect);
    this.onEffect(effect);
  }

  #now(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.nowMs, wallMs: this.nowMs };
  }

  #roomById(roomId: RoomId): LoggedRoom | undefined {
    return [...this.#rooms.values()].find((room) => room.id === roomId);
  }

  #open(name: string, kind: StoredRoomKind | "none"): StoredRoom | undefined {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      if (kind === "none") return undefined;
      room = { id: this.#rooms.size + 1, name, kind, log: [] };
      this.#rooms.set(name, room);
    }
    const lastOffset = room.log.length;
    const firstOffset = Math.min(1, lastOffset);
    return { id: room.id, name, kind: room.kind, epoch: `epoch-${room.id}`, firstOffset, lastOffset };
  }

  #appendToLog(message: NewMessage): Appended {
    const room = this.#roomById(message.roomId);
    assert(room !== undefined, "messages go to rooms that the store has opened");
    const same = (kept: NewMessage): boolean =>
      kept.senderId === message.senderId && kept.clientMessageId === message.clientMessageId;
    const index = room.log.findIndex(same);
    const first = room.log[index];
    if (first !== undefined) return { offset: index + 1, timeMs: first.timeMs, duplicate: true };
    return { offset: room.log.push(message), timeMs: message.timeMs, duplicate: false };
  }
}

/** A user for tests; the name's key is its lower case. */
export function user(id: number, name: string): UserIdentity {
  return { id, name, nameKey: name.toLowerCase() };
}

/** A sign-in. */
export function signIn(key: SessionKey, identity: UserIdentity, requestId = 1): Command {
  return { type: "signIn", session: key, requestId, user: identity };
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
