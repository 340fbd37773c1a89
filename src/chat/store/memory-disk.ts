import type { RoomId, UserId } from "../names.ts";
import type {
  Account,
  Appended,
  NewAccount,
  NewMessage,
  StoredMessage,
  StoredRoom,
  StoredRoomKind,
} from "./store.ts";

interface DiskRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: StoredRoomKind;
  readonly epoch: string;
  /** Message with offset n at n - 1. */
  readonly log: StoredMessage[];
  /** Offset by sender and client message id. */
  readonly offsetByClientId: Map<string, number>;
}

/**
 * What a MemoryStore has committed. It outlives the store, as a disk outlives a process: a new store on
 * the same disk finds everything that was committed and nothing else.
 */
export class MemoryDisk {
  readonly #accounts = new Map<string, Account>();
  readonly #rooms = new Map<string, DiskRoom>();
  readonly #roomsById = new Map<RoomId, DiskRoom>();
  #isLocked = false;

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
    const copy = new MemoryDisk();
    for (const [nameKey, account] of this.#accounts) copy.#accounts.set(nameKey, account);
    for (const [name, room] of this.#rooms) {
      const roomCopy = { ...room, log: [...room.log], offsetByClientId: new Map(room.offsetByClientId) };
      copy.#rooms.set(name, roomCopy);
      copy.#roomsById.set(room.id, roomCopy);
    }
    return copy;
  }

  /** undefined when the name key is taken. */
  createAccount({ name, nameKey, passwordHash }: NewAccount): UserId | undefined {
    if (this.#accounts.has(nameKey)) return undefined;
    const id = this.#accounts.size + 1;
    this.#accounts.set(nameKey, { id, name, nameKey, passwordHash });
    return id;
  }

  findAccount(nameKey: string): Account | undefined {
    return this.#accounts.get(nameKey);
  }

  openRoom(name: string, kind: StoredRoomKind, epoch: string): StoredRoom {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = { id: this.#rooms.size + 1, name, kind, epoch, log: [], offsetByClientId: new Map() };
      this.#rooms.set(name, room);
      this.#roomsById.set(room.id, room);
    }
    return describeRoom(room);
  }

  findRoom(name: string): StoredRoom | undefined {
    const room = this.#rooms.get(name);
    return room === undefined ? undefined : describeRoom(room);
  }

  /** undefined, and nothing appended, when a message names a room which does not exist. */
  append(messages: readonly NewMessage[]): Appended[] | undefined {
    if (messages.some((message) => !this.#roomsById.has(message.roomId))) return undefined;
    return messages.map((message) => this.#appendOne(message));
  }

  /** The room's whole log, oldest first. */
  log(roomId: RoomId): readonly StoredMessage[] {
    return this.#roomsById.get(roomId)?.log ?? [];
  }

  #appendOne({ roomId, senderId, senderName, clientMessageId, text, timeMs }: NewMessage): Appended {
    const room = this.#roomsById.get(roomId);
    if (room === undefined) throw new Error(`there is no room with the id ${roomId}`);
    const key = `${senderId}:${clientMessageId}`;
    const firstOffset = room.offsetByClientId.get(key);
    const first = firstOffset === undefined ? undefined : room.log[firstOffset - 1];
    if (first !== undefined) return { offset: first.offset, timeMs: first.timeMs, duplicate: true };
    const offset = room.log.length + 1;
    room.log.push({ offset, senderName, text, timeMs });
    room.offsetByClientId.set(key, offset);
    return { offset, timeMs, duplicate: false };
  }
}

function describeRoom({ id, name, kind, epoch, log }: DiskRoom): StoredRoom {
  return {
    id,
    name,
    kind,
    epoch,
    firstOffset: log[0]?.offset ?? 0,
    lastOffset: log.at(-1)?.offset ?? 0,
  };
}
