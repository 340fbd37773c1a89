import type { RoomId, UserId } from "../../names.ts";
import type { AppendRefusal } from "./append-batch.ts";
import type { Sql } from "./lazy-statement.ts";
import type { MentionTable } from "./mention-table.ts";
import { DELETE_KIND, EDIT_KIND, REACTION_KIND, REACTION_REMOVED_KIND, TEXT_KIND } from "./message-kinds.ts";
import type { ReactionTable } from "./reaction-table.ts";
import type { SearchIndex } from "./search-index.ts";

/** An entry that changes the text message at `target`. */
export interface MessageChange {
  readonly roomId: RoomId;
  readonly offset: number;
  readonly senderId: UserId;
  readonly timeMs: number;
  readonly kind: number;
  readonly target: number;
  readonly text: string;
  readonly asModerator: boolean;
}

export interface MessageChangesParts {
  readonly sql: Sql;
  readonly mentions: MentionTable;
  readonly reactions: ReactionTable;
  readonly index: SearchIndex;
}

/** What edits, deletions and reactions do to the messages that they are about. */
export class MessageChanges {
  readonly #parts: MessageChangesParts;
  readonly #findTarget;
  readonly #mark;
  readonly #edit;
  readonly #addEdit;
  readonly #erase;
  readonly #eraseEdits;
  readonly #forgetEdits;

  constructor(parts: MessageChangesParts) {
    const { sql } = parts;
    this.#parts = parts;
    this.#findTarget = sql("SELECT sender_id, kind, deleted FROM messages WHERE room_id = ? AND offset = ?");
    this.#mark = sql("UPDATE messages SET changed_offset = ? WHERE room_id = ? AND offset = ?");
    this.#edit = sql("UPDATE messages SET text = ?, edited_ms = ? WHERE room_id = ? AND offset = ?");
    this.#addEdit = sql("INSERT INTO edits (room_id, target, offset) VALUES (?, ?, ?)");
    this.#erase = sql("UPDATE messages SET text = '', deleted = 1 WHERE room_id = ? AND offset = ?");
    this.#eraseEdits = sql(`
      UPDATE messages SET text = '' WHERE room_id = ?1
        AND offset IN (SELECT offset FROM edits WHERE room_id = ?1 AND target = ?2)`);
    this.#forgetEdits = sql("DELETE FROM edits WHERE room_id = ? AND target = ?");
  }

  /** Why the entry cannot be appended; undefined when it can. */
  refusalOf(change: MessageChange): AppendRefusal | undefined {
    const { roomId, target, kind, senderId, asModerator, text } = change;
    const row = this.#findTarget.get(roomId, target);
    if (row === undefined || row.kind !== TEXT_KIND || row.deleted === 1) return "NO_TARGET";
    if (kind === REACTION_KIND || kind === REACTION_REMOVED_KIND) {
      const isGiven = this.#parts.reactions.has({ roomId, offset: target, reaction: text, userId: senderId });
      return isGiven === (kind === REACTION_KIND) ? "NO_CHANGE" : undefined;
    }
    const needsAuthor = kind === EDIT_KIND || kind === DELETE_KIND;
    return needsAuthor && !asModerator && row.sender_id !== senderId ? "NOT_AUTHOR" : undefined;
  }

  /** Changes the target of an entry that is in the log now. */
  apply(change: MessageChange): void {
    const { roomId, target, text, senderId, offset } = change;
    const { reactions } = this.#parts;
    this.#mark.run(offset, roomId, target);
    switch (change.kind) {
      case EDIT_KIND:
        this.#editTarget(change);
        return;
      case DELETE_KIND:
        this.#deleteTarget(roomId, target);
        return;
      case REACTION_KIND:
        reactions.add({ roomId, offset: target, reaction: text, userId: senderId }, offset);
        return;
      case REACTION_REMOVED_KIND:
        reactions.take({ roomId, offset: target, reaction: text, userId: senderId });
        return;
      default:
        throw new RangeError(`there is no message kind ${change.kind}`);
    }
  }

  #editTarget({ roomId, target, offset, text, timeMs }: MessageChange): void {
    const { mentions, index } = this.#parts;
    const author = Number(this.#findTarget.get(roomId, target)?.sender_id);
    this.#edit.run(text, timeMs, roomId, target);
    this.#addEdit.run(roomId, target, offset);
    mentions.remove(roomId, target, target);
    if (text.includes("@")) mentions.add(roomId, target, author, text);
    index.noteChanged(roomId, target);
  }

  #deleteTarget(roomId: RoomId, target: number): void {
    const { mentions, reactions, index } = this.#parts;
    this.#erase.run(roomId, target);
    this.#eraseEdits.run(roomId, target);
    this.#forgetEdits.run(roomId, target);
    mentions.remove(roomId, target, target);
    reactions.remove(roomId, target, target);
    index.noteChanged(roomId, target);
  }
}
