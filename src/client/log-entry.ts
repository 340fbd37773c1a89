import {
  MessageKind,
  type MessageNotice,
  type WhisperNotice,
} from "../protocol/generated/portico/v1/portico_pb.js";

/**
 * What an entry of a room's log is: something said, or a change of the message at its `target`. Of a
 * reaction, taken back or not, `text` has the characters.
 */
export type EntryKind = "text" | "edit" | "delete" | "reaction" | "reactionRemoved";

/** A reaction to a message, and by how many users. */
export interface Reaction {
  readonly reaction: string;
  readonly count: number;
  /** This user's is among them. */
  readonly isMine: boolean;
}

/** An entry of a room's log, without its room. */
export interface LogEntry {
  /** Its place in the room, from 1, without gaps. */
  readonly offset: number;
  /** Server's time, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  readonly sender: string;
  /** Empty when the message was deleted. */
  readonly text: string;
  readonly kind: EntryKind;
  /** Of every kind but "text": the offset of the message that it changes; else 0. */
  readonly target: number;
  /** The offset of the message that this answers; 0: none. */
  readonly replyTo: number;
  /** When the text was last edited; 0: never. */
  readonly editedMs: number;
  readonly isDeleted: boolean;
  readonly reactions: readonly Reaction[];
  /**
   * Changes up to this offset are in what is shown, and none after it. Of a message that nothing has
   * changed, its own offset.
   */
  readonly asOf: number;
}

const kinds: Readonly<Partial<Record<number, EntryKind>>> = {
  [MessageKind.TEXT]: "text",
  [MessageKind.EDIT]: "edit",
  [MessageKind.DELETE]: "delete",
  [MessageKind.REACTION]: "reaction",
  [MessageKind.REACTION_REMOVED]: "reactionRemoved",
};

/** An entry as a notice, a history page or a search brings it. A kind that this version does not know is shown as text. */
export function entryOf(notice: MessageNotice): LogEntry {
  const offset = Number(notice.offset);
  return {
    offset,
    timeMs: Number(notice.timeMs),
    sender: notice.sender,
    text: notice.text,
    kind: kinds[notice.kind] ?? "text",
    target: Number(notice.target),
    replyTo: Number(notice.replyTo),
    editedMs: Number(notice.editedMs),
    isDeleted: notice.deleted,
    reactions: notice.reactions.map(({ reaction, count, mine }) => ({ reaction, count, isMine: mine })),
    asOf: Math.max(offset, Number(notice.changedOffset)),
  };
}

export function entryOfWhisper(notice: WhisperNotice): LogEntry {
  const { from, text, kind, target, replyTo, offset, timeMs } = notice;
  return newEntry({
    offset: Number(offset),
    timeMs: Number(timeMs),
    sender: from,
    text,
    kind: kinds[kind] ?? "text",
    target: Number(target),
    replyTo: Number(replyTo),
  });
}

/** An entry that nothing has changed yet. */
export function newEntry(entry: Omit<LogEntry, "editedMs" | "isDeleted" | "reactions" | "asOf">): LogEntry {
  return { ...entry, editedMs: 0, isDeleted: false, reactions: [], asOf: entry.offset };
}

/** True when a message is shown as it became, not as it was said. */
export function isSnapshot({ editedMs, isDeleted, reactions }: LogEntry): boolean {
  return editedMs > 0 || isDeleted || reactions.length > 0;
}
