import type { HubContext } from "./hub-context.ts";
import type { RoomRegistry } from "./room-registry.ts";

/**
 * Has the store do what is due in the background, in bounded pieces: one question at a time, every
 * `maintenanceIntervalMs`, and at once again while there is more.
 */
export class Maintenance {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;
  /** Undefined until the first tick: the start of a server is busy enough. */
  #nextMs: number | undefined;
  #isAsked = false;
  #isStopped = false;

  constructor(context: HubContext, rooms: RoomRegistry) {
    this.#context = context;
    this.#rooms = rooms;
  }

  tick(): void {
    const { monotonicMs } = this.#context.now;
    this.#nextMs ??= monotonicMs + this.#context.options.maintenanceIntervalMs;
    if (!this.#isAsked && monotonicMs >= this.#nextMs) this.#ask();
  }

  /** Asks for nothing more; an answer that is under way is still taken. */
  stop(): void {
    this.#isStopped = true;
  }

  #ask(): void {
    if (this.#isStopped) return;
    this.#isAsked = true;
    this.#context.ask(
      "maintain",
      { nowMs: this.#context.now.wallMs },
      ({ trimmed, more }) => {
        this.#settle();
        for (const { roomId, firstOffset } of trimmed) this.#rooms.find(roomId)?.trimTo(firstOffset);
        if (more) this.#ask();
      },
      () => this.#settle(),
    );
  }

  #settle(): void {
    this.#isAsked = false;
    this.#nextMs = this.#context.now.monotonicMs + this.#context.options.maintenanceIntervalMs;
  }
}
