import type { RoomId } from "../names.ts";

/** Rooms whose departure is remembered one by one; when there are more, every load under way is old. */
const REMEMBERED_LIMIT = 10_000;

/**
 * Tells whether what the store said about a room is old: the room was open here after it was asked for,
 * could be changed meanwhile, and is not open (under its name) any more. Then the store is asked again.
 */
export class RoomDepartures {
  readonly #departedAt = new Map<RoomId, number>();
  #step = 0;
  #allBefore = 0;
  #loadingCount = 0;

  /** A room was unloaded, renamed or deleted. */
  note(roomId: RoomId): void {
    if (this.#loadingCount === 0) return;
    this.#step += 1;
    if (this.#departedAt.size >= REMEMBERED_LIMIT) {
      this.#departedAt.clear();
      this.#allBefore = this.#step;
    }
    this.#departedAt.set(roomId, this.#step);
  }

  /** A room is being asked for; what is returned goes to {@link loaded}. */
  loading(): number {
    this.#loadingCount += 1;
    return this.#step;
  }

  /** The answer has come; true: it is old. `roomId` is undefined when there is none. */
  loaded(askedAt: number, roomId: RoomId | undefined): boolean {
    const departedAt = roomId === undefined ? 0 : (this.#departedAt.get(roomId) ?? 0);
    const isOld = Math.max(departedAt, this.#allBefore) > askedAt;
    this.#loadingCount -= 1;
    if (this.#loadingCount === 0) this.#departedAt.clear();
    return isOld;
  }
}
