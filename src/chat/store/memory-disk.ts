import type { RoomId, UserId } from "../names.ts";
import { decodeOutcome, encodeBatch } from "./sqlite/append-batch.ts";
import { SqliteDatabase } from "./sqlite/sqlite-database.ts";
import type {
  Account,
  Appended,
  NewMessage,
  StoredMessage,
  StoredRoom,
  StoreRequestName,
  StoreRequests,
} from "./store.ts";

/** Entries of a log that are read at once. */
const WHOLE_LOG = Number.MAX_SAFE_INTEGER;

/**
 * What a MemoryStore has committed: a database in memory. It outlives the store, as a disk outlives a
 * process: a new store on the same disk finds everything that was committed and nothing else.
 */
export class MemoryDisk {
  readonly #database: SqliteDatabase;
  /** Logs that were read since something was written. */
  readonly #logs = new Map<RoomId, readonly StoredMessage[]>();
  #isLocked = false;

  /** `content`: what another disk had. */
  constructor(content?: Uint8Array) {
    this.#database = SqliteDatabase.inMemory(content);
  }

  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** False when a store has it already. */
  lock(): boolean {
    if (this.#isLocked) return false;
    this.#isLocked = true;
    return true;
  }

  unlock(): void {
    this.#isLocked = false;
  }

  /** A copy as it is now, unlocked; what happens to either later does not touch the other. */
  snapshot(): MemoryDisk {
    return new MemoryDisk(this.#database.serialize());
  }

  /** Appends calls in one transaction; the answers to each. */
  append(calls: readonly (readonly NewMessage[])[]): (readonly Appended[])[] {
    this.#logs.clear();
    return decodeOutcome(calls, this.#database.append(encodeBatch(calls)));
  }

  ask<Name extends StoreRequestName>(
    name: Name,
    request: StoreRequests[Name]["request"],
  ): StoreRequests[Name]["result"] {
    if (!this.#database.isRead(name)) this.#logs.clear();
    return this.#database.ask(name, request);
  }

  /** Whether a request only reads. */
  isRead(name: StoreRequestName): boolean {
    return this.#database.isRead(name);
  }

  findAccount(nameKey: string): Account | undefined {
    return this.#database.ask("findAccount", { nameKey });
  }

  findRoom(name: string): StoredRoom | undefined {
    return this.#database.ask("findRoom", { name });
  }

  /** The room's whole log, oldest first, as it is shown to `userId` (0: nobody). */
  log(roomId: RoomId, userId: UserId = 0): readonly StoredMessage[] {
    const read = (): readonly StoredMessage[] =>
      this.#database.ask("historyAfter", { roomId, after: 0, limit: WHOLE_LOG, userId });
    if (userId !== 0) return read();
    const log = this.#logs.get(roomId) ?? read();
    this.#logs.set(roomId, log);
    return log;
  }
}
