import type { Appended, NewMessage } from "../store.ts";
import { kindNumber } from "./message-kinds.ts";

/**
 * Several `append` calls on their way to the worker, as columns: a structured clone of four arrays is
 * several times cheaper than one of thousands of objects. The numbers' buffer is transferred.
 */
export interface AppendBatch {
  /** Of message i from NUMBERS_PER_MESSAGE * i on: room, sender, time, kind and rights, target, reply to. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly senderNames: readonly string[];
  readonly clientMessageIds: readonly string[];
  readonly texts: readonly string[];
}

export type AppendRefusal = NonNullable<Appended["refused"]>;

/** What the worker answers; all of it is durable. */
export interface AppendOutcome {
  /** Offset of message i; negative when it is a duplicate of that offset; 0 when it is refused. */
  readonly offsets: Float64Array<ArrayBuffer>;
  /** The first one's time for each duplicate, in order. */
  readonly duplicateTimesMs: readonly number[];
  /** Why messages were refused, by index. */
  readonly refusals: ReadonlyMap<number, AppendRefusal>;
}

/** Numbers per message in AppendBatch.numbers. */
export const NUMBERS_PER_MESSAGE = 6;

/** Added to the kind's number when the sender may change others' messages. */
export const AS_MODERATOR = 8;

export function encodeBatch(calls: readonly (readonly NewMessage[])[]): AppendBatch {
  const messageCount = calls.reduce((count, { length }) => count + length, 0);
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
      numbers[at++] = kindNumber(message.kind) + (message.asModerator ? AS_MODERATOR : 0);
      numbers[at++] = message.target;
      numbers[at++] = message.replyTo;
      senderNames.push(message.senderName);
      clientMessageIds.push(message.clientMessageId);
      texts.push(message.text);
    }
  }
  return { numbers, senderNames, clientMessageIds, texts };
}

/** The answers to each of `calls`, in order. */
export function decodeOutcome(
  calls: readonly (readonly NewMessage[])[],
  outcome: AppendOutcome,
): (readonly Appended[])[] {
  let index = 0;
  let duplicateAt = 0;
  return calls.map((messages) =>
    messages.map(({ timeMs }) => {
      const offset = outcome.offsets[index] ?? 0;
      const refused = offset === 0 ? outcome.refusals.get(index) : undefined;
      index++;
      if (offset < 0) {
        return { offset: -offset, timeMs: outcome.duplicateTimesMs[duplicateAt++] ?? 0, duplicate: true };
      }
      const answer = { offset, timeMs, duplicate: false };
      return refused === undefined ? answer : { ...answer, refused };
    }),
  );
}
