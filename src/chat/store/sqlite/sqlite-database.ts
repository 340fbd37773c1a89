import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { RoomId, UserId } from "../../names.ts";
import type { Account, NewAccount, StoredMessage, StoredRoom, StoredRoomKind } from "../store.ts";
import { StoreError } from "../store.ts";
import { type AppendBatch, type AppendOutcome, NUMBERS_PER_MESSAGE } from "./append-batch.ts";
import { APPLICATION_ID, migrations, SCHEMA_VERSION } from "./schema.ts";
import { openFailure } from "./sqlite-failure.ts";

/** The database's file in the data directory; SQLite keeps `portico.db-wal` beside it. */
export const DATABASE_FILE = "portico.db";

/** How long opening waits for another process that is just ending. */
const LOCK_WAIT_MS = 500;
const PAGE_BYTES = 4096;
const CACHE_KIB = 64 * 1024;
/** Pages the write-ahead log grows to (32 MiB) before it is copied into the database. */
const CHECKPOINT_PAGES = 8192;
/** Rooms whose newest offset is remembered. */
const REMEMBERED_ROOM_LIMIT = 65_536;

export interface SqliteDatabaseOptions {
  /** Made, readable by its owner alone, when missing. */
  readonly directory: string;
  /** The most the database file may grow to; undefined: as the disk has room. */
  readonly sizeLimitBytes?: number | undefined;
}

/**
 * The store's database, one blocking call per request: what the worker thread runs. Failures are those
 * of node:sqlite except where a method says otherwise.
 */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  /** Newest offset in the log by room; 0 for an empty one. Only what is committed. */
  readonly #lastOffsets = new Map<RoomId, number>();
  /** The same for rooms that the running transaction appends to. */
  readonly #pendingOffsets = new Map<RoomId, number>();

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  /**
   * Opens or makes the database and locks it until it is closed or the process ends. Throws StoreError
   * STORE_UNUSABLE, STORE_LOCKED or STORE_TOO_NEW.
   */
  static open(options: SqliteDatabaseOptions): SqliteDatabase {
    const path = join(options.directory, DATABASE_FILE);
    let database: DatabaseSync | undefined;
    try {
      makeDirectory(options.directory);
      database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, enableForeignKeyConstraints: true });
      prepareDatabase(database, path);
      if (options.sizeLimitBytes !== undefined) {
        database.exec(
          `PRAGMA max_page_count = ${Math.max(1, Math.floor(options.sizeLimitBytes / PAGE_BYTES))}`,
        );
      }
      return new SqliteDatabase(database);
    } catch (error) {
      database?.close();
      throw openFailure(path, error);
    }
  }

  createAccount(account: NewAccount): UserId | undefined {
    const { name, nameKey, passwordHash, nowMs } = account;
    const { changes, lastInsertRowid } = this.#statements.insertAccount.run(
      name,
      nameKey,
      passwordHash,
      nowMs,
    );
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }

  findAccount(nameKey: string): Account | undefined {
    const row = this.#statements.findAccount.get(nameKey);
    if (row === undefined) return undefined;
    return {
      id: Number(row.id),
      name: String(row.name),
      nameKey,
      passwordHash: String(row.password_hash),
    };
  }

  /** `epoch` is the room's if it is made now. */
  openRoom(name: string, kind: StoredRoomKind, epoch: string, nowMs: number): StoredRoom {
    const room = this.findRoom(name);
    if (room !== undefined) return room;
    const { lastInsertRowid } = this.#statements.insertRoom.run(name, kind, epoch, nowMs);
    return { id: Number(lastInsertRowid), name, kind, epoch, firstOffset: 0, lastOffset: 0 };
  }

  findRoom(name: string): StoredRoom | undefined {
    const row = this.#statements.findRoom.get(name);
    if (row === undefined) return undefined;
    return {
      id: Number(row.id),
      name,
      kind: row.kind === "direct" ? "direct" : "logged",
      epoch: String(row.epoch),
      firstOffset: Number(row.first_offset),
      lastOffset: Number(row.last_offset),
    };
  }

  /**
   * Appends all calls of the batch in one transaction. A call that names a room which does not exist is
   * refused by itself; on any other failure it throws and nothing of the batch is kept.
   */
  append(batch: AppendBatch): AppendOutcome {
    const offsets = new Float64Array(batch.texts.length);
    const duplicateTimesMs: number[] = [];
    const refusedCalls = new Map<number, string>();
    this.#pendingOffsets.clear();
    this.#statements.begin.run();
    try {
      let first = 0;
      for (let call = 0; call < batch.callEnds.length; call++) {
        const end = batch.callEnds[call] ?? 0;
        const unknownRoom = this.#findUnknownRoom(batch, first, end);
        if (unknownRoom !== undefined) {
          refusedCalls.set(call, `there is no room with the id ${unknownRoom}`);
        } else {
          for (let index = first; index < end; index++) {
            offsets[index] = this.#appendOne(batch, index, duplicateTimesMs);
          }
        }
        first = end;
      }
      this.#statements.commit.run();
    } catch (error) {
      // SQLite has rolled back by itself after some failures (a full disk), not after others.
      if (this.#database.isTransaction) this.#statements.rollback.run();
      this.#lastOffsets.clear();
      throw error;
    }
    for (const [roomId, offset] of this.#pendingOffsets) this.#lastOffsets.set(roomId, offset);
    return { offsets, duplicateTimesMs, refusedCalls };
  }

  historyAfter(roomId: RoomId, after: number, limit: number): StoredMessage[] {
    return this.#statements.historyAfter.all(roomId, after, limit).map(messageOfRow);
  }

  /** `before` 0: from the end. */
  historyBefore(roomId: RoomId, before: number, limit: number): StoredMessage[] {
    const bound = before === 0 ? Number.MAX_SAFE_INTEGER : before;
    return this.#statements.historyBefore.all(roomId, bound, limit).map(messageOfRow).toReversed();
  }

  close(): void {
    this.#database.close();
  }

  /** The offset of message `index`, or minus the offset that it is a duplicate of. */
  #appendOne(batch: AppendBatch, index: number, duplicateTimesMs: number[]): number {
    const at = index * NUMBERS_PER_MESSAGE;
    const roomId = batch.numbers[at] ?? 0;
    const senderId = batch.numbers[at + 1] ?? 0;
    const timeMs = batch.numbers[at + 2] ?? 0;
    const clientMessageId = batch.clientMessageIds[index] ?? "";
    const offset = (this.#lastOffset(roomId) ?? 0) + 1;
    const { changes } = this.#statements.insertMessage.run(
      roomId,
      offset,
      senderId,
      batch.senderNames[index] ?? "",
      clientMessageId,
      batch.texts[index] ?? "",
      timeMs,
    );
    if (changes !== 0) {
      this.#pendingOffsets.set(roomId, offset);
      return offset;
    }
    const first = this.#statements.findDuplicate.get(roomId, senderId, clientMessageId);
    if (first === undefined) throw new Error("a message was refused that is no duplicate");
    duplicateTimesMs.push(Number(first.time_ms));
    return -Number(first.offset);
  }

  #findUnknownRoom(batch: AppendBatch, first: number, end: number): RoomId | undefined {
    for (let index = first; index < end; index++) {
      const roomId = batch.numbers[index * NUMBERS_PER_MESSAGE] ?? 0;
      if (this.#lastOffset(roomId) === undefined) return roomId;
    }
    return undefined;
  }

  /** undefined when there is no such room. */
  #lastOffset(roomId: RoomId): number | undefined {
    const known = this.#pendingOffsets.get(roomId) ?? this.#lastOffsets.get(roomId);
    if (known !== undefined) return known;
    const row = this.#statements.lastOffset.get(roomId);
    if (row === undefined) return undefined;
    const lastOffset = Number(row.last_offset);
    if (this.#lastOffsets.size >= REMEMBERED_ROOM_LIMIT) this.#lastOffsets.clear();
    this.#lastOffsets.set(roomId, lastOffset);
    return lastOffset;
  }
}

/** Not mkdir's `recursive`: in Node 26 that never returns where nothing can be made, as in /proc. */
function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  mkdirSync(directory, { mode: 0o700 });
}

/** Locks the database, refuses what is not ours and brings an older one up to date. */
function prepareDatabase(database: DatabaseSync, path: string): void {
  // Exclusive before the first look: then the write-ahead log needs no shared memory, and the lock is
  // the kernel's, gone with the process however it ended.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN IMMEDIATE; COMMIT");
  const applicationId = readPragma(database, "application_id");
  const version = readPragma(database, "user_version");
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (applicationId !== APPLICATION_ID && !(isEmpty && applicationId === 0)) {
    throw new StoreError("STORE_UNUSABLE", `${path} is a SQLite database of another program`);
  }
  if (typeof version !== "number" || version > SCHEMA_VERSION) {
    throw new StoreError(
      "STORE_TOO_NEW",
      `${path} has schema version ${String(version)}, and this Portico knows versions up to ` +
        `${SCHEMA_VERSION}: run the newer Portico that wrote it, or restore an older copy`,
    );
  }
  if (readPragma(database, "journal_mode = WAL") !== "wal") {
    throw new StoreError("STORE_UNUSABLE", `${path}: the file system allows no write-ahead log`);
  }
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${2 * CHECKPOINT_PAGES * PAGE_BYTES};
    BEGIN IMMEDIATE;
  `);
  for (const migration of migrations.slice(version)) database.exec(migration);
  if (version !== SCHEMA_VERSION) {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  }
  database.exec("COMMIT");
}

function readPragma(database: DatabaseSync, pragma: string): unknown {
  const row = database.prepare(`PRAGMA ${pragma}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),
    insertAccount: prepare(
      "INSERT INTO accounts (name, name_key, password_hash, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT (name_key) DO NOTHING",
    ),
    findAccount: prepare("SELECT id, name, password_hash FROM accounts WHERE name_key = ?"),
    insertRoom: prepare("INSERT INTO rooms (name, kind, epoch, created_ms) VALUES (?, ?, ?, ?)"),
    findRoom: prepare(`
      SELECT id, kind, epoch,
        ifnull((SELECT min(offset) FROM messages WHERE room_id = rooms.id), 0) AS first_offset,
        ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS last_offset
      FROM rooms WHERE name = ?`),
    lastOffset: prepare(`
      SELECT ifnull((SELECT max(offset) FROM messages WHERE room_id = rooms.id), 0) AS last_offset
      FROM rooms WHERE id = ?`),
    insertMessage: prepare(`
      INSERT INTO messages (room_id, offset, sender_id, sender_name, client_message_id, text, time_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id, client_message_id, sender_id) DO NOTHING`),
    findDuplicate: prepare(
      "SELECT offset, time_ms FROM messages WHERE room_id = ? AND sender_id = ? AND client_message_id = ?",
    ),
    historyAfter: prepare(`
      SELECT offset, sender_name, text, time_ms FROM messages
      WHERE room_id = ? AND offset > ? ORDER BY offset LIMIT ?`),
    historyBefore: prepare(`
      SELECT offset, sender_name, text, time_ms FROM messages
      WHERE room_id = ? AND offset < ? ORDER BY offset DESC LIMIT ?`),
  };
}

function messageOfRow(row: Record<string, unknown>): StoredMessage {
  return {
    offset: Number(row.offset),
    senderName: String(row.sender_name),
    text: String(row.text),
    timeMs: Number(row.time_ms),
  };
}
