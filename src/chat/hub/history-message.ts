import type { Reaction, StoredMessage } from "../store/store.ts";
import type { HistoryMessage } from "./event.ts";

/** What `historyMessage` makes one of; the reader's user is the one who asked the store. */
export function historyMessage(stored: StoredMessage): HistoryMessage {
  return {
    offset: stored.offset,
    timeMs: stored.timeMs,
    sender: stored.senderName,
    text: stored.text,
    kind: stored.kind,
    target: stored.target,
    replyTo: stored.replyTo,
    editedMs: stored.editedMs,
    changedOffset: stored.changedOffset,
    deleted: stored.deleted,
    reactions: stored.reactions,
  };
}

/** How a sender is shown whose account is no more; as the store does. */
export const DELETED_NAME = "(deleted)";

export const NO_REACTIONS: readonly Reaction[] = [];
