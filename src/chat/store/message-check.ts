import type { NewMessage } from "./store.ts";

/** Throws RangeError for an id, time or offset that is no whole number. */
export function checkMessageNumbers({ roomId, senderId, timeMs, target, replyTo }: NewMessage): void {
  const areWhole =
    Number.isSafeInteger(roomId) &&
    Number.isSafeInteger(senderId) &&
    Number.isSafeInteger(timeMs) &&
    Number.isSafeInteger(target) &&
    Number.isSafeInteger(replyTo);
  if (areWhole) return;
  throw new RangeError(
    `ids, times and offsets are whole numbers, got ${[roomId, senderId, timeMs, target, replyTo].join(", ")}`,
  );
}
