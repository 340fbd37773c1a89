import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;

/**
 * A statement that is compiled when it is first used: most stores are asked few of all requests. One
 * either reads (`get`, `all`) or writes (`run`, `insert`).
 */
export class LazyStatement {
  readonly #database: DatabaseSync;
  readonly #sql: string;
  #statement: StatementSync | undefined;

  constructor(database: DatabaseSync, sql: string) {
    this.#database = database;
    this.#sql = sql;
  }

  get(...values: readonly SQLInputValue[]): Row | undefined {
    return (this.#statement ??= this.#compile()).get(...values);
  }

  all(...values: readonly SQLInputValue[]): Row[] {
    return (this.#statement ??= this.#compile()).all(...values);
  }

  /** How many rows it changed. */
  run(...values: readonly SQLInputValue[]): number {
    return Number((this.#statement ??= this.#compileWriting()).run(...values).changes);
  }

  /** Runs an INSERT; the new row's id. */
  insert(...values: readonly SQLInputValue[]): number {
    return Number((this.#statement ??= this.#compileWriting()).run(...values).lastInsertRowid);
  }

  #compile(): StatementSync {
    return this.#database.prepare(this.#sql);
  }

  /**
   * `run` gives the id of the row that was inserted last, by whatever statement. Those of the search index
   * can be above what a number holds, and node:sqlite throws then.
   */
  #compileWriting(): StatementSync {
    const statement = this.#compile();
    statement.setReadBigInts(true);
    return statement;
  }
}

/** Makes a statement; values are bound, never written into it. */
export type Sql = (text: string) => LazyStatement;
