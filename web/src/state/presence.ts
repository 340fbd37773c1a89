import { nameKey } from "../../../src/protocol/names.ts";
import type { Presence } from "./contract.ts";

/** A server tells joins and leaves of rooms up to this size one by one (docs/PROTOCOL.md, Notices of presence). */
const TOLD_LIMIT = 200;

/** Who is on the server, as far as it tells: whoever is, is in the lobby. */
export class PresenceBoard {
  readonly #present = new Set<string>();
  /** "unknown": not read yet, or there are too many. */
  #state: "unknown" | "known" = "unknown";

  presenceOf(name: string): Presence {
    if (this.#state === "unknown") return "unknown";
    return this.#present.has(nameKey(name)) ? "online" : "offline";
  }

  onRead(names: readonly string[], total: number): void {
    this.#present.clear();
    this.#state = total <= TOLD_LIMIT && names.length >= total ? "known" : "unknown";
    if (this.#state === "known") for (const name of names) this.#present.add(nameKey(name));
  }

  onJoined(name: string): void {
    if (this.#state === "known") this.#present.add(nameKey(name));
    if (this.#present.size > TOLD_LIMIT) this.forget();
  }

  onLeft(name: string): void {
    this.#present.delete(nameKey(name));
  }

  /** Nothing is told any more. */
  forget(): void {
    this.#state = "unknown";
    this.#present.clear();
  }
}
