import type { Random } from "../../base/random.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { checkMessageNumbers } from "./message-check.ts";
import { prepareRequest } from "./prepared-request.ts";
import {
  type Appended,
  type NewMessage,
  type Store,
  StoreError,
  type StoreRequestName,
  type StoreRequests,
} from "./store.ts";

export interface MemoryStoreOptions {
  /** What survives the store. Default: a new, empty one. Throws STORE_LOCKED when another store has it. */
  readonly disk?: MemoryDisk;
  /**
   * Runs `action` later, once: the time the disk takes. It is called twice for each transaction, before
   * the commit and between the commit and its answer, and likewise for each other request. A simulation
   * draws the delays: requests are carried out in their order, while answers and appends overtake each
   * other. Default: `queueMicrotask`.
   */
  readonly defer?: (action: () => void) => void;
  /** Messages that may wait, at most. Default 65,536. */
  readonly queueLimit?: number;
  /** Where epochs come from. Default: counted, the same in every run. */
  readonly random?: Random;
}

/** How an injected failure ends: what the disk has, and what the caller is told. */
export type MemoryStoreFailure =
  /** Nothing is kept: WRITE_FAILED. */
  | "writeFails"
  /** Nothing is kept: UNKNOWN_OUTCOME. */
  | "diesBeforeCommit"
  /** All is kept: UNKNOWN_OUTCOME. */
  | "diesAfterCommit";

interface WaitingAppend {
  readonly messages: readonly NewMessage[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The store's contract in memory, with group commit: for tests and the whole-server simulation. It is
 * deterministic: no clock, no randomness, no I/O of its own.
 */
export class MemoryStore implements Store {
  readonly disk: MemoryDisk;
  readonly #defer: (action: () => void) => void;
  readonly #queueLimit: number;
  readonly #random: Random | undefined;
  readonly #failures: MemoryStoreFailure[] = [];
  #state: "open" | "closing" | "closed" | "crashed" = "open";
  #waiting: WaitingAppend[] = [];
  /** Requests that are not carried out yet, in their order. */
  readonly #asked: (() => void)[] = [];
  /** Messages that wait or are being committed. */
  #messageCount = 0;
  /** Requests and transactions that are not answered. */
  #runningCount = 0;
  #isCommitting = false;
  #epochCount = 0;
  #onIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: MemoryStoreOptions = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.#defer = options.defer ?? queueMicrotask;
    this.#queueLimit = options.queueLimit ?? 65_536;
    this.#random = options.random;
    if (!this.disk.lock()) throw new StoreError("STORE_LOCKED", "another store has this disk");
  }

  /** Messages that wait or are being committed. */
  get messageCount(): number {
    return this.#messageCount;
  }

  async ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): Promise<StoreRequests[Name]["result"]> {
    const prepared = prepareRequest(name, request, () => this.#newEpoch());
    if (this.#state !== "open") return this.#refuse();
    this.#runningCount++;
    return new Promise((resolve, reject) => {
      this.#asked.push(() => {
        const answer = this.#carryOut(name, prepared, resolve, reject);
        this.#later(() => {
          answer();
          this.#finish();
        });
      });
      this.#later(() => this.#asked.shift()?.());
    });
  }

  async backup(_path: string): Promise<void> {
    if (this.#state !== "open") return this.#refuse();
    throw new StoreError("STORE_UNUSABLE", "a store in memory has no files to back up");
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    if (this.#state !== "open") return this.#refuse();
    if (messages.length === 0) return Promise.resolve([]);
    for (const message of messages) checkMessageNumbers(message);
    if (this.#messageCount + messages.length > this.#queueLimit) {
      return Promise.reject(new StoreError("STORE_BUSY", `${this.#messageCount} messages are waiting`));
    }
    this.#messageCount += messages.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject });
      this.#commitWaiting();
    });
  }

  close(): Promise<void> {
    if (this.#state === "crashed") return new Promise(() => undefined);
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  /** The next transactions of appends end so, one each, in the order given. */
  failNextAppend(failure: MemoryStoreFailure = "writeFails"): void {
    this.#failures.push(failure);
  }

  /**
   * The process is gone: nothing more is committed or answered, and promises stay as they are. The disk
   * is free for the next store.
   */
  crash(): void {
    assertNotOver(this.#state);
    this.#state = "crashed";
    this.disk.unlock();
  }

  /** A copy of what would be found if the process were gone now. */
  snapshotDurable(): MemoryDisk {
    return this.disk.snapshot();
  }

  #carryOut<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
    resolve: (result: StoreRequests[Name]["result"]) => void,
    reject: (error: StoreError) => void,
  ): () => void {
    try {
      const result = this.disk.ask(name, request);
      return () => resolve(result);
    } catch (cause) {
      const code = this.disk.isRead(name) ? "STORE_UNUSABLE" : "WRITE_FAILED";
      const error = new StoreError(code, `${name} failed: ${String(cause)}`, { cause });
      return () => reject(error);
    }
  }

  #commitWaiting(): void {
    if (this.#isCommitting || this.#waiting.length === 0) return;
    this.#isCommitting = true;
    this.#runningCount++;
    // What is asked for until the disk takes it still goes along.
    this.#later(() => {
      const group = this.#waiting;
      this.#waiting = [];
      const answers = this.#commit(group);
      this.#later(() => {
        this.#isCommitting = false;
        for (const append of group) this.#messageCount -= append.messages.length;
        for (const answer of answers) answer();
        this.#commitWaiting();
        this.#finish();
      });
    });
  }

  #commit(group: readonly WaitingAppend[]): (() => void)[] {
    const failure = this.#failures.shift();
    const rejectWith = (error: StoreError): (() => void)[] =>
      group.map(
        ({ reject }) =>
          () =>
            reject(error),
      );
    if (failure === "writeFails") return rejectWith(new StoreError("WRITE_FAILED", "injected failure"));
    const died = new StoreError("UNKNOWN_OUTCOME", "injected death");
    if (failure === "diesBeforeCommit") return rejectWith(died);
    let outcomes: (readonly Appended[])[];
    try {
      outcomes = this.disk.append(group.map(({ messages }) => messages));
    } catch (cause) {
      return rejectWith(new StoreError("WRITE_FAILED", `appending failed: ${String(cause)}`, { cause }));
    }
    const answers = group.map(
      ({ resolve }, index) =>
        () =>
          resolve(outcomes[index] ?? []),
    );
    return failure === "diesAfterCommit" ? rejectWith(died) : answers;
  }

  /** Like `defer`, but nothing happens after a crash. */
  #later(action: () => void): void {
    this.#defer(() => {
      if (this.#state !== "crashed") action();
    });
  }

  #finish(): void {
    this.#runningCount--;
    if (this.#runningCount === 0) this.#onIdle?.();
  }

  async #closeWhenIdle(): Promise<void> {
    this.#state = "closing";
    if (this.#runningCount > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#state = "closed";
    this.disk.unlock();
  }

  #refuse(): Promise<never> {
    // The caller is as gone as the store.
    if (this.#state === "crashed") return new Promise(() => undefined);
    return Promise.reject(new StoreError("STORE_CLOSED", "the store is closed"));
  }

  #newEpoch(): string {
    if (this.#random !== undefined) return Buffer.from(this.#random.bytes(12)).toString("base64url");
    this.#epochCount++;
    return `epoch-${this.#epochCount}`;
  }
}

function assertNotOver(state: string): void {
  if (state === "closed" || state === "crashed")
    throw new RangeError(`a store that is ${state} cannot crash`);
}
