import { assert } from "../../base/assert.ts";
import type { Appended, NewMessage } from "../store/store.ts";
import type { StoreReply } from "./command.ts";

export type AppendReply = Extract<StoreReply, { readonly type: "appended" | "appendFailed" }>;

export interface AppendPipelineOptions {
  /** Messages in one batch at most. */
  readonly batchLimit: number;
  /** Batches with the store at once. */
  readonly inFlightLimit: number;
  /** Hands a batch to the store; later `answered` or `failed` is called with it, once. */
  readonly send: (batch: AppendBatch) => void;
  /** The answers of one batch, in the order of its messages; batches in the order they were sent. */
  readonly onReplies: (replies: readonly AppendReply[]) => void;
}

/** Messages that are appended in one transaction. */
export interface AppendBatch {
  readonly messages: NewMessage[];
  readonly tickets: number[];
}

/**
 * Group commit: messages gather while earlier ones are with the store, so the slower the disk, the
 * larger the groups. With two batches under way the disk stays busy while the answers of one are
 * published. How many messages wait in all is the hub's to limit (`maxPending`).
 */
export class AppendPipeline {
  readonly #options: AppendPipelineOptions;
  /** The last one is still gathering; those before it are full. */
  #gathered: AppendBatch[] = [];
  readonly #inFlight: { readonly batch: AppendBatch; replies: readonly AppendReply[] | undefined }[] = [];
  #pendingCount = 0;

  constructor(options: AppendPipelineOptions) {
    assert(options.batchLimit >= 1 && options.inFlightLimit >= 1, "the limits let something through");
    this.#options = options;
  }

  /** Messages without an answer. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  add(ticket: number, message: NewMessage): void {
    let batch = this.#gathered.at(-1);
    if (batch === undefined || batch.messages.length >= this.#options.batchLimit) {
      batch = { messages: [], tickets: [] };
      this.#gathered.push(batch);
    }
    batch.messages.push(message);
    batch.tickets.push(ticket);
    this.#pendingCount += 1;
  }

  /** Hands what has gathered to the store as far as the limits allow; the rest follows by itself. */
  flush(): void {
    while (this.#inFlight.length < this.#options.inFlightLimit) {
      const batch = this.#gathered.shift();
      if (batch === undefined) return;
      this.#inFlight.push({ batch, replies: undefined });
      this.#options.send(batch);
    }
  }

  /** One result for each message. */
  answered(batch: AppendBatch, results: readonly Appended[]): void {
    const replies = results.map((result, index): AppendReply => {
      const ticket = batch.tickets[index];
      assert(ticket !== undefined, "the store answers each message once");
      return { type: "appended", ticket, result };
    });
    assert(replies.length === batch.tickets.length, "the store answers each message");
    this.#settle(batch, replies);
  }

  /** None of the messages was kept, or it is not known (then not `busy`). */
  failed(batch: AppendBatch, busy: boolean): void {
    const replies = batch.tickets.map((ticket): AppendReply => ({ type: "appendFailed", ticket, busy }));
    this.#settle(batch, replies);
  }

  /** Passes answers on in the order of the batches, even if a store should answer out of it. */
  #settle(batch: AppendBatch, replies: readonly AppendReply[]): void {
    const entry = this.#inFlight.find((candidate) => candidate.batch === batch);
    assert(entry !== undefined && entry.replies === undefined, "a batch is answered once");
    entry.replies = replies;
    for (let first = this.#inFlight[0]; first?.replies !== undefined; first = this.#inFlight[0]) {
      this.#inFlight.shift();
      this.#pendingCount -= first.replies.length;
      this.#options.onReplies(first.replies);
    }
    this.flush();
  }
}
