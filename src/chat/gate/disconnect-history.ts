import type { Clock } from "../../base/clock.ts";
import { DisconnectCode, type DisconnectCodeName } from "../../protocol/codes.ts";
import type { Wire } from "./packet-link.ts";

/** How one connection ended. */
export interface EndedSession {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** "": it had not logged in. */
  readonly user: string;
  readonly address: string;
  readonly transport: Transport;
  /** "NONE": the client left, or the connection broke. */
  readonly code: DisconnectCodeName;
  readonly number: number;
  /** In words. */
  readonly detail: string;
}

export type Transport = "tcp" | "websocket";

export function transportOf(wire: Wire): Transport {
  return wire === "packets" ? "tcp" : "websocket";
}

/** What is noted of a session that ends. */
export interface Leaver {
  readonly address: string;
  readonly userName: string | undefined;
  readonly wire: Wire;
}

/** Endings that are remembered; the oldest is forgotten first. */
export const REMEMBERED_ENDINGS = 200;

/** The newest endings, for administrators. */
export class DisconnectHistory {
  readonly #clock: Clock;
  readonly #endings: EndedSession[] = [];
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Who came, did not log in and left again is nobody's news: a health check, most often. */
  note({ address, userName = "", wire }: Leaver, code: DisconnectCodeName, detail: string): void {
    if (code === "NONE" && userName === "") return;
    this.#endings[this.#next] = {
      timeMs: this.#clock.wallMs(),
      user: userName,
      address,
      transport: transportOf(wire),
      code,
      number: DisconnectCode[code],
      detail,
    };
    this.#next = (this.#next + 1) % REMEMBERED_ENDINGS;
  }

  /** The newest first. */
  list(): readonly EndedSession[] {
    return [...this.#endings.slice(this.#next), ...this.#endings.slice(0, this.#next)].toReversed();
  }
}
