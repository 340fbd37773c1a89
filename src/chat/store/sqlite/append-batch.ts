import type { Appended, NewMessage } from "../store.ts";

/**
 * Several `append` calls on their way to the worker, as columns: a structured clone of five arrays is
 * several times cheaper than one of thousands of objects. The numbers' buffer is transferred.
 */
export interface AppendBatch {
  /** Where each call ends: the number of messages in it and all calls before it. */
  readonly callEnds: Uint32Array<ArrayBuffer>;
  /** Room, sender and time of message i at 3i, 3i + 1 and 3i + 2. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly senderNames: readonly string[];
  readonly clientMessageIds: readonly string[];
  readonly texts: readonly string[];
}

/** What the worker answers; all of it is durable. */
export interface AppendOutcome {
  /** Offset of message i; negative when it is a duplicate of that offset; 0 when its call is refused. */
  readonly offsets: Float64Array<ArrayBuffer>;
  /** The first one's time for each duplicate, in order. */
  readonly duplicateTimesMs: readonly number[];
  /** Calls of which nothing was kept, by position, and why. */
  readonly refusedCalls: ReadonlyMap<number, string>;
}

/** Numbers per message in AppendBatch.numbers. */
export const NUMBERS_PER_MESSAGE = 3;

export function encodeBatch(calls: readonly (readonly NewMessage[])[]): AppendBatch {
  let messageCount = 0;
  const callEnds = new Uint32Array(calls.length);
  for (let call = 0; call < calls.length; call++) {
    messageCount += calls[call]?.length ?? 0;
    callEnds[call] = messageCount;
  }
  const numbers = new Float64Array(messageCount * NUMBERS_PER_MESSAGE);
  const senderNames: string[] = [];
  const clientMessageIds: string[] = [];
  const texts: string[] = [];
  let at = 0;
  for (const call of calls) {
    for (const message of call) {
      numbers[at++] = message.roomId;
      numbers[at++] = message.senderId;
      numbers[at++] = message.timeMs;
      senderNames.push(message.senderName);
      clientMessageIds.push(message.clientMessageId);
      texts.push(message.text);
    }
  }
  return { callEnds, numbers, senderNames, clientMessageIds, texts };
}

/** The answers to each of `calls`, in order; undefined for a refused one. */
export function decodeOutcome(
  calls: readonly (readonly NewMessage[])[],
  outcome: AppendOutcome,
): (readonly Appended[] | undefined)[] {
  let at = 0;
  let duplicateAt = 0;
  return calls.map((messages, call) => {
    const appended: Appended[] = [];
    for (const message of messages) {
      const offset = outcome.offsets[at++] ?? 0;
      appended.push(
        offset < 0
          ? { offset: -offset, timeMs: outcome.duplicateTimesMs[duplicateAt++] ?? 0, duplicate: true }
          : { offset, timeMs: message.timeMs, duplicate: false },
      );
    }
    return outcome.refusedCalls.has(call) ? undefined : appended;
  });
}
