import type { StoredRoom } from "../store/store.ts";
import type { CommandOf } from "./command.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { Room } from "./room.ts";

/** Who waits for a room of some name to be found, or made. */
export interface RoomWaiter {
  readonly session: HubSession;
  readonly command: CommandOf<"joinRoom"> | CommandOf<"createRoom">;
}

/** Decides about those who wait. */
export interface RoomDecider {
  /** The room is there; `isNew`: the waiter is the one it was made for. */
  enter(room: Room, waiter: RoomWaiter, isNew: boolean): void;
  /** There is none of this name, in the store neither, and the waiter's is not to be stored. */
  withoutRoom(waiter: RoomWaiter, name: string): void;
  /** Makes a stored room; calls back with it, or with nothing after it refused the waiter. */
  make(waiter: RoomWaiter, onMade: (stored: StoredRoom | undefined) => void, onFailed: OnFailed): void;
}

type OnFailed = (busy: boolean) => void;

/**
 * Names of rooms that are not open and that the store is asked about. The store is asked once for each
 * name, whoever wants it: joins, creations, and a room that is to be renamed so. They are decided in the
 * order they came.
 */
export class RoomOpenings {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  readonly #decider: RoomDecider;
  /** By name, who waits for it. */
  readonly #openings = new Map<string, RoomWaiter[]>();

  constructor(context: HubContext, rooms: RoomRegistry, decider: RoomDecider) {
    this.#context = context;
    this.#rooms = rooms;
    this.#decider = decider;
  }

  get count(): number {
    return this.#openings.size;
  }

  has(name: string): boolean {
    return this.#openings.has(name);
  }

  /** The room is not open. Refuses with BUSY when too many wait. */
  wait(name: string, waiter: RoomWaiter): void {
    const { session, command } = waiter;
    const { requestId, type } = command;
    const waiting = this.#openings.get(name);
    if (waiting !== undefined && waiting.length >= this.#context.options.maxWaitingPerRoom) {
      this.#context.refuseBusy(session.key, requestId, type, "too many wait for this room");
    } else if (this.#context.hold(session, requestId, type)) {
      if (waiting !== undefined) waiting.push(waiter);
      else this.#find(name, [waiter]);
    }
  }

  /** Keeps a name for a room that is being renamed; false when somebody waits for it. */
  reserve(name: string): boolean {
    if (this.#openings.has(name)) return false;
    this.#openings.set(name, []);
    return true;
  }

  /** The renaming is settled: those who came meanwhile are decided. */
  release(name: string): void {
    const waiting = this.#openings.get(name) ?? [];
    if (waiting.length === 0 || this.#rooms.findByName(name) !== undefined) this.#settle(name, waiting);
    else this.#find(name, waiting);
  }

  #find(name: string, waiting: RoomWaiter[]): void {
    this.#openings.set(name, waiting);
    const askedAt = this.#rooms.departures.loading();
    this.#context.ask(
      "findRoom",
      { name },
      (stored) => {
        const isOld = this.#rooms.departures.loaded(askedAt, stored?.id);
        const isOpen = this.#rooms.findByName(name) !== undefined;
        if (!isOpen && isOld) {
          this.#find(name, waiting);
          return;
        }
        const elsewhere = stored === undefined ? undefined : this.#rooms.find(stored.id);
        if (!isOpen && elsewhere !== undefined) {
          // A renaming failed here that the store has kept: the store is right.
          this.#rooms.rename(elsewhere, name);
        } else if (!isOpen && stored?.kind === "logged") {
          // A direct conversation under such a name would be a store's mistake; nobody joins it all the same.
          this.#rooms.addRoom(Room.logged(stored));
        }
        this.#settle(name, waiting);
      },
      (busy) => {
        this.#rooms.departures.loaded(askedAt, undefined);
        this.#fail(name, waiting, busy);
      },
    );
  }

  #settle(name: string, waiting: RoomWaiter[]): void {
    for (let waiter = waiting[0]; waiter !== undefined; waiter = waiting[0]) {
      const { session } = waiter;
      const room = this.#rooms.findByName(name);
      if (room === undefined && isToBeStored(waiter) && !session.isGone) {
        this.#make(name, waiting, waiter);
        return;
      }
      waiting.shift();
      this.#context.release(session);
      if (session.isGone) continue;
      if (room !== undefined) this.#decider.enter(room, waiter, false);
      else this.#decider.withoutRoom(waiter, name);
    }
    this.#openings.delete(name);
    const room = this.#rooms.findByName(name);
    if (room !== undefined) this.#rooms.dropIfUnused(room);
  }

  /** Those before this one only looked for the room; now it is made, and the others wait for that. */
  #make(name: string, waiting: RoomWaiter[], waiter: RoomWaiter): void {
    const askedAt = this.#rooms.departures.loading();
    this.#decider.make(
      waiter,
      (stored) => {
        const isOld = this.#rooms.departures.loaded(askedAt, stored?.id);
        waiting.shift();
        this.#context.release(waiter.session);
        if (stored === undefined || isOld || this.#rooms.find(stored.id) !== undefined) {
          // Somebody administered it, by its number, before this answer came.
          this.#refuseMade(waiter, stored);
          if (waiting.length > 0) this.#find(name, waiting);
          else this.#settle(name, waiting);
          return;
        }
        const room = this.#rooms.addRoom(Room.logged(stored));
        if (!waiter.session.isGone) this.#decider.enter(room, waiter, true);
        this.#settle(name, waiting);
      },
      (busy) => {
        this.#rooms.departures.loaded(askedAt, undefined);
        this.#fail(name, waiting, busy);
      },
    );
  }

  #refuseMade({ session, command }: RoomWaiter, stored: StoredRoom | undefined): void {
    if (stored === undefined || session.isGone) return;
    const { requestId, type } = command;
    this.#context.refuseBusy(session.key, requestId, type, "the room was changed meanwhile; join it");
  }

  #fail(name: string, waiting: readonly RoomWaiter[], busy: boolean): void {
    this.#openings.delete(name);
    for (const { session, command } of waiting) {
      this.#context.release(session);
      this.#context.refuseFailed(session, command.requestId, command.type, busy);
    }
    const room = this.#rooms.findByName(name);
    if (room !== undefined) this.#rooms.dropIfUnused(room);
  }
}

function isToBeStored({ command }: RoomWaiter): boolean {
  return (command.type === "joinRoom" ? command.create : command.kind) === "logged";
}
