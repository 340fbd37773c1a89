import type { RoomId } from "../../names.ts";
import {
  AS_MODERATOR,
  type AppendBatch,
  type AppendOutcome,
  type AppendRefusal,
  NUMBERS_PER_MESSAGE,
} from "./append-batch.ts";
import type { Sql } from "./lazy-statement.ts";
import type { LogHead, LogHeads } from "./log-heads.ts";
import type { MentionTable } from "./mention-table.ts";
import type { MessageChange, MessageChanges } from "./message-changes.ts";
import { TEXT_KIND } from "./message-kinds.ts";
import type { SearchIndex } from "./search-index.ts";

export interface AppenderParts {
  readonly sql: Sql;
  readonly heads: LogHeads;
  readonly mentions: MentionTable;
  readonly changes: MessageChanges;
  readonly index: SearchIndex;
}

/** Appends batches inside a transaction that its caller begins and ends. */
export class MessageAppender {
  readonly #parts: AppenderParts;
  readonly #insert;
  readonly #findDuplicate;
  readonly #setActive;
  #touched: LogHead[] = [];

  constructor(parts: AppenderParts) {
    const { sql } = parts;
    this.#parts = parts;
    this.#insert = sql(`
      INSERT INTO messages
        (room_id, offset, sender_id, sender_name, client_message_id, text, time_ms, kind, target, reply_to)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id, client_message_id, sender_id) DO NOTHING`);
    this.#findDuplicate = sql(
      "SELECT offset, time_ms FROM messages WHERE room_id = ? AND sender_id = ? AND client_message_id = ?",
    );
    this.#setActive = sql("UPDATE room_members SET active_ms = ? WHERE room_id = ?");
  }

  append(batch: AppendBatch): AppendOutcome {
    const outcome = {
      offsets: new Float64Array(batch.texts.length),
      duplicateTimesMs: [],
      refusals: new Map<number, AppendRefusal>(),
    };
    this.#touched = [];
    for (let index = 0; index < batch.texts.length; index++) this.#appendOne(batch, index, outcome);
    this.#finishTouched();
    return outcome;
  }

  #appendOne(
    batch: AppendBatch,
    index: number,
    outcome: Pick<AppendOutcome, "offsets"> & {
      readonly duplicateTimesMs: number[];
      readonly refusals: Map<number, AppendRefusal>;
    },
  ): void {
    const at = index * NUMBERS_PER_MESSAGE;
    const { numbers } = batch;
    const roomId = numbers[at] ?? 0;
    const senderId = numbers[at + 1] ?? 0;
    const timeMs = numbers[at + 2] ?? 0;
    const rights = numbers[at + 3] ?? 0;
    const kind = rights % AS_MODERATOR;
    const clientMessageId = batch.clientMessageIds[index] ?? "";
    const text = batch.texts[index] ?? "";
    const head = this.#parts.heads.of(roomId);
    if (head === undefined) {
      outcome.refusals.set(index, "NO_TARGET");
      return;
    }
    const offset = head.lastOffset + 1;
    const target = numbers[at + 4] ?? 0;
    let change: MessageChange | undefined;
    if (kind !== TEXT_KIND) {
      const asModerator = rights >= AS_MODERATOR;
      change = { roomId, offset, senderId, timeMs, kind, target, text, asModerator };
      if (this.#isDuplicate(roomId, senderId, clientMessageId, index, outcome)) return;
      const refusal = this.#parts.changes.refusalOf(change);
      if (refusal !== undefined) {
        outcome.refusals.set(index, refusal);
        return;
      }
    }
    const changes = this.#insert.run(
      roomId,
      offset,
      senderId,
      senderId > 0 ? "" : (batch.senderNames[index] ?? ""),
      clientMessageId,
      text,
      timeMs,
      kind,
      target,
      numbers[at + 5] ?? 0,
    );
    if (changes === 0) {
      if (!this.#isDuplicate(roomId, senderId, clientMessageId, index, outcome)) {
        throw new Error("a message was refused that is no duplicate");
      }
      return;
    }
    outcome.offsets[index] = offset;
    head.lastOffset = offset;
    head.lastTimeMs = timeMs;
    if (!head.isTouched) {
      head.isTouched = true;
      this.#touched.push(head);
    }
    if (change !== undefined) this.#parts.changes.apply(change);
    else if (text.includes("@")) this.#parts.mentions.add(roomId, offset, senderId, text);
  }

  #isDuplicate(
    roomId: RoomId,
    senderId: number,
    clientMessageId: string,
    index: number,
    outcome: Pick<AppendOutcome, "offsets"> & { readonly duplicateTimesMs: number[] },
  ): boolean {
    const first = this.#findDuplicate.get(roomId, senderId, clientMessageId);
    if (first === undefined) return false;
    outcome.offsets[index] = -Number(first.offset);
    outcome.duplicateTimesMs.push(Number(first.time_ms));
    return true;
  }

  #finishTouched(): void {
    for (const head of this.#touched) {
      head.isTouched = false;
      this.#parts.index.noteAppended(head.roomId);
      if (head.isDirect) this.#setActive.run(head.lastTimeMs, head.roomId);
    }
    this.#touched = [];
  }
}
