import type { AuditRecord, StoredAudit } from "../store.ts";
import type { Sql } from "./lazy-statement.ts";

/** Records that are kept, the newest ones. */
const RECORD_LIMIT = 100_000;

/** Who did what to whom. */
export class AuditLog {
  readonly #insert;
  readonly #list;
  readonly #trim;

  constructor(sql: Sql) {
    this.#insert = sql(
      "INSERT INTO audit (time_ms, actor, action, subject, room, detail) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#list = sql("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?");
    this.#trim = sql(`
      DELETE FROM audit WHERE id IN (
        SELECT id FROM audit WHERE id <= (SELECT max(id) FROM audit) - ${RECORD_LIMIT} ORDER BY id LIMIT ?)`);
  }

  write(record: AuditRecord | undefined): void {
    if (record === undefined) return;
    const { timeMs, actor, action, subject, room, detail } = record;
    this.#insert.run(timeMs, actor, action, subject, room, detail);
  }

  /** Below `before` (0: all), the newest first. */
  list(before: number, limit: number): StoredAudit[] {
    return this.#list.all(before === 0 ? Number.MAX_SAFE_INTEGER : before, limit).map((row) => ({
      id: Number(row.id),
      timeMs: Number(row.time_ms),
      actor: String(row.actor),
      action: String(row.action),
      subject: String(row.subject),
      room: String(row.room),
      detail: String(row.detail),
    }));
  }

  /** Removes at most `limit` of what is above the bound; true when that may not be all. */
  trim(limit: number): boolean {
    return this.#trim.run(limit) === limit;
  }
}
