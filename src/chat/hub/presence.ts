import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { Room } from "./room.ts";

/** A large room tells its member count at most once in this time. */
const COUNT_INTERVAL_MS = 1_000;

/**
 * Tells a room who comes and goes: by name up to `noticeMaxMembers` users; above it how many there are,
 * at most once a second, the last count with the next tick. So a storm of joins costs a large room one
 * notice a second, not members × joins.
 */
export class Presence {
  readonly #context: HubContext;
  /** Rooms that told a count, and when (monotonic); each until a second after. */
  readonly #toldAtMs = new Map<Room, number>();
  /** Those of them whose count has changed since. */
  readonly #changed = new Set<Room>();

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** The user's first session is in the room. */
  joined(room: Room, session: HubSession): void {
    const { effects, options } = this.#context;
    if (room.memberCount > options.noticeMaxMembers) this.#tellCount(room);
    else effects.publish({ type: "userJoined", roomId: room.id, name: session.user.name });
  }

  /** The user's last session has left the room. */
  left(room: Room, session: HubSession): void {
    const { effects, options } = this.#context;
    // Counted with the one who left, so that whoever was announced is also seen to leave.
    if (room.memberCount + 1 > options.noticeMaxMembers) this.#tellCount(room);
    else effects.publish({ type: "userLeft", roomId: room.id, name: session.user.name });
  }

  /** The room is no more. */
  forget(room: Room): void {
    this.#toldAtMs.delete(room);
    this.#changed.delete(room);
  }

  tick(): void {
    const { monotonicMs } = this.#context.now;
    for (const [room, toldAtMs] of this.#toldAtMs) {
      if (monotonicMs - toldAtMs < COUNT_INTERVAL_MS) continue;
      this.#toldAtMs.delete(room);
      if (this.#changed.delete(room)) this.#tellCount(room);
    }
  }

  #tellCount(room: Room): void {
    const { effects, now } = this.#context;
    const toldAtMs = this.#toldAtMs.get(room);
    if (toldAtMs !== undefined && now.monotonicMs - toldAtMs < COUNT_INTERVAL_MS) {
      this.#changed.add(room);
      return;
    }
    this.#changed.delete(room);
    this.#toldAtMs.set(room, now.monotonicMs);
    effects.publish({ type: "memberCount", roomId: room.id, memberCount: room.memberCount });
  }
}
