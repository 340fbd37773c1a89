import { ChatError } from "../../../src/client/chat-error.ts";
import type { ClientEnvironment, ClientTimer } from "../../../src/client/environment.ts";
import type { Place } from "./place.ts";

/** A place's marker is sent at most once in this time: a lively room is read message by message. */
const PAUSE_MS = 1000;

/** Tells the server how far places have been read, without haste and over lost connections. */
export class ReadMarkers {
  readonly #environment: ClientEnvironment;
  readonly #send: (roomId: number, offset: number) => Promise<void>;
  readonly #unsent = new Map<Place, number>();
  #timer: ClientTimer | undefined;

  /** `send` rejects with a ChatError. */
  constructor(environment: ClientEnvironment, send: (roomId: number, offset: number) => Promise<void>) {
    this.#environment = environment;
    this.#send = send;
  }

  add(place: Place, offset: number): void {
    if (offset <= (this.#unsent.get(place) ?? 0)) return;
    this.#unsent.set(place, offset);
    this.#schedule();
  }

  /** There is a connection again. */
  onOnline(): void {
    if (this.#unsent.size > 0) this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unsent.clear();
  }

  #schedule(): void {
    this.#timer ??= this.#environment.startTimer(PAUSE_MS, () => {
      this.#timer = undefined;
      for (const [place, offset] of this.#unsent) {
        this.#unsent.delete(place);
        if (place.roomId > 0) void this.#tell(place, offset);
      }
    });
  }

  async #tell(place: Place, offset: number): Promise<void> {
    try {
      await this.#send(place.roomId, offset);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      // Anything else is the server's last word: the room is left, or there is no account.
      const isWorthTrying = ["OFFLINE", "CONNECTION_LOST", "TIMEOUT", "RATE_LIMITED", "BUSY"].includes(
        error.code,
      );
      const isNewest = offset > (this.#unsent.get(place) ?? 0);
      if (isWorthTrying && isNewest) this.#unsent.set(place, offset);
    }
  }
}
