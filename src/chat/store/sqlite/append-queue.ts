import { RingBuffer } from "../../../base/ring-buffer.ts";
import { checkMessageNumbers } from "../message-check.ts";
import { type Appended, type NewMessage, StoreError } from "../store.ts";
import { type AppendBatch, type AppendOutcome, decodeOutcome, encodeBatch } from "./append-batch.ts";

/** Batches the worker has at a time: one that it commits, and one it finds when that is done. */
const BATCHES_IN_FLIGHT = 2;
/** Messages in one transaction, unless a single call has more. */
const BATCH_MESSAGES = 4096;
/** UTF-16 units of text in one transaction, unless a single call has more. */
const BATCH_TEXT_UNITS = 4 * 1024 * 1024;

export interface AppendQueueOptions {
  /** Messages that may wait or be on their way. */
  readonly limitMessages: number;
  /** UTF-16 units of text that may wait or be on their way. */
  readonly limitTextUnits: number;
  /** Writes a batch in one transaction. Rejects with StoreError. */
  readonly write: (batch: AppendBatch) => Promise<AppendOutcome>;
}

interface WaitingCall {
  readonly messages: readonly NewMessage[];
  readonly textUnits: number;
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Group commit: what is asked for while a transaction runs waits, and goes together as the next one. A
 * call is never split over two.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #waiting: RingBuffer<WaitingCall>;
  /** Messages and text of the calls that are waiting or in flight. */
  #messageCount = 0;
  #textUnits = 0;
  #inFlight = 0;
  #flushIsSet = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
    this.#waiting = new RingBuffer(options.limitMessages);
  }

  /** Messages that are waiting or on their way. */
  get messageCount(): number {
    return this.#messageCount;
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    if (messages.length === 0) return Promise.resolve([]);
    let textUnits = 0;
    for (const message of messages) {
      checkMessageNumbers(message);
      textUnits += message.text.length + message.clientMessageId.length + message.senderName.length;
    }
    const { limitMessages, limitTextUnits } = this.#options;
    if (
      this.#messageCount + messages.length > limitMessages ||
      this.#textUnits + textUnits > limitTextUnits
    ) {
      return Promise.reject(
        new StoreError("STORE_BUSY", `the store's queue is full: ${this.#messageCount} messages are waiting`),
      );
    }
    this.#messageCount += messages.length;
    this.#textUnits += textUnits;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, textUnits, resolve, reject });
      this.#setFlush();
    });
  }

  /** Resolves when nothing is waiting or on its way. */
  async whenEmpty(): Promise<void> {
    if (this.#messageCount === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Calls made before the running job ends still go together. */
  #setFlush(): void {
    if (this.#flushIsSet || this.#inFlight >= BATCHES_IN_FLIGHT) return;
    this.#flushIsSet = true;
    queueMicrotask(() => {
      this.#flushIsSet = false;
      while (this.#inFlight < BATCHES_IN_FLIGHT && !this.#waiting.isEmpty) void this.#writeBatch();
    });
  }

  async #writeBatch(): Promise<void> {
    const calls = this.#takeBatch();
    const batch = calls.map((call) => call.messages);
    this.#inFlight++;
    try {
      const outcome = await this.#options.write(encodeBatch(batch));
      this.#release(calls);
      const answers = decodeOutcome(batch, outcome);
      for (const [index, call] of calls.entries()) call.resolve(answers[index] ?? []);
    } catch (error) {
      this.#release(calls);
      const failure =
        error instanceof StoreError
          ? error
          : new StoreError("UNKNOWN_OUTCOME", "the messages did not reach the store", { cause: error });
      for (const call of calls) call.reject(failure);
    }
    this.#setFlush();
    if (this.#messageCount === 0) this.#onEmpty?.();
  }

  #takeBatch(): WaitingCall[] {
    const calls: WaitingCall[] = [];
    let messageCount = 0;
    let textUnits = 0;
    for (let next = this.#waiting.at(0); next !== undefined; next = this.#waiting.at(0)) {
      messageCount += next.messages.length;
      textUnits += next.textUnits;
      const isTooMuch = messageCount > BATCH_MESSAGES || textUnits > BATCH_TEXT_UNITS;
      if (calls.length > 0 && isTooMuch) break;
      this.#waiting.shift();
      calls.push(next);
    }
    return calls;
  }

  #release(calls: readonly WaitingCall[]): void {
    this.#inFlight--;
    for (const call of calls) {
      this.#messageCount -= call.messages.length;
      this.#textUnits -= call.textUnits;
    }
  }
}
