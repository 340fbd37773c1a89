import type { ClientEvent, ClientEventOf, ClientEventType } from "./client-events.ts";

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
