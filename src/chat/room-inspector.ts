import type { Clock } from "../base/clock.ts";
import type { OpenRoom } from "./hub/room.ts";
import type { RoomId } from "./names.ts";

/** A room that is open, for administrators; private ones too. */
export interface RoomSnapshot extends OpenRoom {
  /** Entries of its log (messages, changes of messages) per second, over ten seconds or more; 0 at first. */
  readonly messagesPerSecond: number;
}

export interface RoomQuery {
  /** A part of the name. "": all. */
  readonly search: string;
  /** The most users in it, or the most entries since it was opened, first. */
  readonly sort: "members" | "messages";
  /** 0 … 1,000. */
  readonly limit: number;
}

const LIMIT_MOST = 1000;
/** Rates are told over at least so long. */
const INTERVAL_MS = 10_000;

/**
 * Lists the rooms that are open. Rates come from comparing with an earlier look, so nothing is done for
 * them when nobody looks, and they are known from the second look on.
 */
export class RoomInspector {
  readonly #clock: Clock;
  readonly #rooms: () => Iterable<OpenRoom>;
  #rates = new Map<RoomId, number>();
  #offsets = new Map<RoomId, number>();
  #takenAtMs: number | undefined;

  constructor(clock: Clock, rooms: () => Iterable<OpenRoom>) {
    this.#clock = clock;
    this.#rooms = rooms;
  }

  /** O(open rooms), however many are in them. */
  rooms({ search, sort, limit }: RoomQuery): {
    readonly total: number;
    readonly rooms: readonly RoomSnapshot[];
  } {
    const all = [...this.#rooms()];
    this.#sample(all);
    const wanted = search.trim().toLowerCase();
    const found = wanted === "" ? all : all.filter(({ name }) => name.toLowerCase().includes(wanted));
    found.sort((left, right) => right[sort] - left[sort] || left.id - right.id);
    const shown = found.slice(0, Math.max(0, Math.min(limit, LIMIT_MOST)));
    return {
      total: found.length,
      rooms: shown.map((room) => ({ ...room, messagesPerSecond: this.#rates.get(room.id) ?? 0 })),
    };
  }

  #sample(all: readonly OpenRoom[]): void {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - (this.#takenAtMs ?? nowMs);
    if (this.#takenAtMs !== undefined && elapsedMs < INTERVAL_MS) return;
    this.#takenAtMs = nowMs;
    this.#rates = new Map();
    const offsets = new Map<RoomId, number>();
    for (const { id, lastOffset } of all) {
      offsets.set(id, lastOffset);
      const before = this.#offsets.get(id);
      if (before !== undefined && lastOffset > before) {
        this.#rates.set(id, ((lastOffset - before) * 1000) / elapsedMs);
      }
    }
    this.#offsets = offsets;
  }
}
