import type { DatabaseSync } from "node:sqlite";
import type { StoreRequestName, StoreRequests } from "../store.ts";
import type { AppendBatch, AppendOutcome } from "./append-batch.ts";
import { copyDatabase } from "./backup-copy.ts";
import { type DatabaseFileOptions, openDatabaseFile, openDatabaseInMemory } from "./database-file.ts";
import { LazyStatement, type Sql } from "./lazy-statement.ts";
import { MessageAppender } from "./message-appender.ts";
import type { RequestHandler, RequestHandlers } from "./request-handlers.ts";
import { makeHandlers, makeTables } from "./request-table.ts";

/** What became of one call of a group. */
export type GroupOutcome<Result> =
  { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly error: unknown };

/**
 * The store's database, one blocking call per request: what the worker thread runs. Failures are those
 * of node:sqlite except where a method says otherwise; after one nothing of the call is kept.
 */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #tables: ReturnType<typeof makeTables>;
  readonly #appender: MessageAppender;
  readonly #handlers: RequestHandlers;
  readonly #begin: LazyStatement;
  readonly #commit: LazyStatement;
  readonly #rollback: LazyStatement;
  readonly #savepoint: LazyStatement;
  readonly #release: LazyStatement;
  readonly #rollbackTo: LazyStatement;
  #isGrouped = false;

  private constructor(database: DatabaseSync) {
    const sql: Sql = (text) => new LazyStatement(database, text);
    this.#database = database;
    this.#tables = makeTables(sql);
    this.#appender = new MessageAppender(this.#tables);
    this.#handlers = makeHandlers(this.#tables);
    this.#begin = sql("BEGIN IMMEDIATE");
    this.#commit = sql("COMMIT");
    this.#rollback = sql("ROLLBACK");
    this.#savepoint = sql("SAVEPOINT call");
    this.#release = sql("RELEASE call");
    this.#rollbackTo = sql("ROLLBACK TO call");
  }

  /** Opens or makes the file, as openDatabaseFile does. */
  static open(options: DatabaseFileOptions): SqliteDatabase {
    return new SqliteDatabase(openDatabaseFile(options));
  }

  /** A database without a file; `content`: what another one's `serialize` gave. */
  static inMemory(content?: Uint8Array): SqliteDatabase {
    return new SqliteDatabase(openDatabaseInMemory(content));
  }

  /** Appends all messages of the batch in one transaction. */
  append(batch: AppendBatch): AppendOutcome {
    return this.#transact(() => this.#appender.append(batch));
  }

  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): StoreRequests[Name]["result"] {
    const handler: RequestHandler<StoreRequests[Name]["request"], StoreRequests[Name]["result"]> =
      this.#handlers[name];
    return handler.access === "reads"
      ? handler.handle(request)
      : this.#transact(() => handler.handle(request));
  }

  /**
   * Makes several calls of this database in one transaction, so that they share its flush to the disk. One
   * that fails takes nothing from the others, unless the disk did: then those before it fail too. Throws
   * when the transaction cannot be committed; nothing of the group is kept then.
   */
  group<Result>(calls: readonly (() => Result)[]): GroupOutcome<Result>[] {
    const outcomes: GroupOutcome<Result>[] = [];
    this.#begin.run();
    this.#isGrouped = true;
    try {
      for (const call of calls) {
        try {
          outcomes.push({ ok: true, result: call() });
        } catch (error) {
          if (!this.#database.isTransaction) {
            // SQLite has rolled back everything by itself, as it does when the disk is full.
            for (let index = 0; index < outcomes.length; index++) outcomes[index] = { ok: false, error };
            this.#begin.run();
          }
          outcomes.push({ ok: false, error });
        }
      }
      this.#commit.run();
    } catch (error) {
      this.#undo();
      throw error;
    } finally {
      this.#isGrouped = false;
    }
    return outcomes;
  }

  /** Whether a request only reads. */
  isRead(name: StoreRequestName): boolean {
    return this.#handlers[name].access === "reads";
  }

  /** Copies the database into the file at `path`. Other calls may be made meanwhile, but not `close`. */
  async backup(path: string): Promise<void> {
    await copyDatabase(this.#database, path);
  }

  /** All that is in it, as the bytes of a file. */
  serialize(): Uint8Array {
    return this.#database.serialize();
  }

  close(): void {
    this.#database.close();
  }

  #transact<Result>(act: () => Result): Result {
    if (this.#isGrouped) return this.#transactInGroup(act);
    this.#begin.run();
    try {
      const result = act();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  #transactInGroup<Result>(act: () => Result): Result {
    this.#savepoint.run();
    try {
      const result = act();
      this.#release.run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) {
        this.#rollbackTo.run();
        this.#release.run();
      }
      this.#forget();
      throw error;
    }
  }

  #undo(): void {
    // SQLite has rolled back by itself after some failures (a full disk), not after others.
    if (this.#database.isTransaction) this.#rollback.run();
    this.#forget();
  }

  /** What was remembered of the logs may not be so. */
  #forget(): void {
    this.#tables.heads.clear();
    this.#tables.index.reset();
  }
}
