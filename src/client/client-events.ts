import type { DisconnectCodeName } from "../protocol/codes.ts";
import type { ChatError } from "./chat-error.ts";

/** Where a client is with its connection. */
export type ClientState =
  /** `connect` has not been called. */
  | { readonly name: "idle" }
  | { readonly name: "connecting" }
  /** Logged in. `user` is the name as the server writes it. */
  | { readonly name: "online"; readonly user: string; readonly server: string }
  /** No connection; the next attempt comes by itself. */
  | { readonly name: "offline"; readonly retryInMs: number; readonly why: string }
  /** For good, until `connect` is called again. */
  | {
      readonly name: "closed";
      /** CLOSED when `close` was called, DISCONNECTED, or why the login was refused. */
      readonly error: ChatError;
      readonly disconnectCode: DisconnectCodeName | undefined;
    };

/** A message at its place in a room. */
export interface RoomMessage {
  readonly roomId: number;
  readonly room: string;
  /** Its place in the room, from 1, without gaps. */
  readonly offset: number;
  /** Server's time, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  readonly sender: string;
  readonly text: string;
}

export type ClientEvent =
  | { readonly type: "state"; readonly state: ClientState }
  /**
   * The next message of a room. All messages of a room come, once each, in the order of their offsets,
   * this client's own too, when they are acknowledged (`isOwn`). Messages of the same user's other
   * sessions have `isOwn` false.
   */
  | ({ readonly type: "message"; readonly isOwn: boolean } & RoomMessage)
  /** A whisper to this user, or (`isOwn`: from this client) by this user. */
  | {
      readonly type: "whisper";
      readonly isOwn: boolean;
      readonly from: string;
      readonly to: string;
      readonly offset: number;
      readonly timeMs: number;
      readonly text: string;
    }
  | { readonly type: "userJoined"; readonly roomId: number; readonly room: string; readonly name: string }
  | { readonly type: "userLeft"; readonly roomId: number; readonly room: string; readonly name: string }
  /**
   * After a reconnect, once for each room. `recovered`: every missed message (`replayedCount` of them)
   * has been told, before this event. Otherwise some are lost to this client, and what comes after this
   * event is not the continuation of what came before it.
   */
  | {
      readonly type: "resumed";
      readonly roomId: number;
      /** Another than `roomId` when the room was made anew. */
      readonly previousRoomId: number;
      readonly room: string;
      readonly recovered: boolean;
      readonly replayedCount: number;
    }
  /** After a reconnect the room could not be joined again; it is not one of the client's rooms any more. */
  | { readonly type: "roomLost"; readonly roomId: number; readonly room: string; readonly error: ChatError }
  /** The server complains about something that no request waits for, or said what cannot be read. */
  | { readonly type: "warning"; readonly error: ChatError }
  /** Only in `events()`: its buffer was full, and this many events at this place were dropped. */
  | { readonly type: "overflow"; readonly droppedCount: number };

export type ClientEventType = ClientEvent["type"];
export type ClientEventOf<Type extends ClientEventType> = Extract<ClientEvent, { readonly type: Type }>;

type Listener = (event: never) => void;

/** Events to listeners, at once, and to iterators, through a bounded buffer each. */
export class EventHub {
  readonly #listeners = new Map<ClientEventType, Set<Listener>>();
  readonly #iterators = new Set<EventIterator>();

  on<Type extends ClientEventType>(type: Type, listener: (event: ClientEventOf<Type>) => void): () => void {
    let listeners = this.#listeners.get(type);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(type, listeners);
    }
    // Its own function, so that one listener added twice is called twice and removed once.
    const entry: Listener = (event) => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  emit<Type extends ClientEventType>(event: ClientEventOf<Type>): void {
    for (const iterator of this.#iterators) iterator.push(event);
    const listeners = this.#listeners.get(event.type);
    if (listeners === undefined) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- listeners are kept by the type of their events
    for (const listener of listeners) listener(event as never);
  }

  iterate(limit: number): AsyncIterableIterator<ClientEvent> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`the limit of events is a whole number from 1, got ${limit}`);
    }
    const iterator: EventIterator = new EventIterator(limit, () => this.#iterators.delete(iterator));
    this.#iterators.add(iterator);
    return iterator;
  }
}

/** Ends after a state event "closed". When its buffer is full the oldest events are dropped, and it says so. */
class EventIterator implements AsyncIterableIterator<ClientEvent> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #buffer: ClientEvent[] = [];
  readonly #waiting: ((result: IteratorResult<ClientEvent, undefined>) => void)[] = [];
  #droppedCount = 0;
  #isEnded = false;

  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  push(event: ClientEvent): void {
    if (this.#isEnded) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      if (this.#buffer.length === this.#limit) {
        this.#buffer.shift();
        this.#droppedCount++;
      }
      this.#buffer.push(event);
    } else {
      waiting({ done: false, value: event });
    }
    if (event.type === "state" && event.state.name === "closed") this.#end();
  }

  next(): Promise<IteratorResult<ClientEvent, undefined>> {
    if (this.#droppedCount > 0) {
      const droppedCount = this.#droppedCount;
      this.#droppedCount = 0;
      return Promise.resolve({ done: false, value: { type: "overflow", droppedCount } });
    }
    const event = this.#buffer.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  return(): Promise<IteratorResult<ClientEvent, undefined>> {
    this.#buffer.length = 0;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }
}
