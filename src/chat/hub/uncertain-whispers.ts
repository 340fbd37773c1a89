import type { PendingWhisper } from "./pending-request.ts";

/** Whispers with an uncertain outcome that are remembered; enough for a store's whole queue. */
const LIMIT = 16_384;

/**
 * Failed appends that the log may hold, so that a repeat is still to be delivered; with the newest
 * offset seen before, because a repeat of what is at or below that was delivered already.
 */
export class UncertainWhispers {
  readonly #seenOffsets = new Map<string, number>();

  remember(pending: PendingWhisper): void {
    const key = keyOf(pending);
    if (this.#seenOffsets.has(key)) return;
    if (this.#seenOffsets.size >= LIMIT) {
      const [oldest] = this.#seenOffsets.keys();
      if (oldest !== undefined) this.#seenOffsets.delete(oldest);
    }
    this.#seenOffsets.set(key, pending.conversation.lastOffset);
  }

  /** True when an earlier try of this whisper put it at `offset` and failed before it was delivered. */
  forget(pending: PendingWhisper, offset: number): boolean {
    if (this.#seenOffsets.size === 0) return false;
    const key = keyOf(pending);
    const seenOffset = this.#seenOffsets.get(key);
    this.#seenOffsets.delete(key);
    return seenOffset !== undefined && offset > seenOffset;
  }
}

function keyOf({ message }: PendingWhisper): string {
  return `${message.roomId} ${message.senderId} ${message.clientMessageId}`;
}
