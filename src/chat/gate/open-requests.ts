import type { Requests } from "../hub/command.ts";
import type { RoomPosition } from "./handlers/wire-values.ts";

/** What a gate keeps of a JoinRoomRequest that has a password or a position, until it is answered. */
export interface OpenJoin {
  readonly name: string;
  readonly create: Requests["joinRoom"]["create"];
  readonly password: string;
  readonly position: RoomPosition | undefined;
}

/** Of each kind, in one session. */
const OPEN_MOST = 64;

/** What the answers to a session's open requests will need and the hub does not send back. */
export class OpenRequests {
  readonly #joins = new Map<number, OpenJoin>();
  readonly #arounds = new Map<number, number>();

  /** The request that logs out, while its token is being revoked; 0: none. */
  loggingOutId = 0;

  get isEmpty(): boolean {
    return this.#joins.size === 0 && this.#arounds.size === 0 && this.loggingOutId === 0;
  }

  /** False when there are too many. */
  holdJoin(requestId: number, join: OpenJoin): boolean {
    return hold(this.#joins, requestId, join);
  }

  takeJoin(requestId: number): OpenJoin | undefined {
    return take(this.#joins, requestId);
  }

  /** The offset in the middle of a page of history. False when there are too many. */
  holdAround(requestId: number, offset: number): boolean {
    return hold(this.#arounds, requestId, offset);
  }

  takeAround(requestId: number): number | undefined {
    return take(this.#arounds, requestId);
  }
}

function hold<Value>(table: Map<number, Value>, requestId: number, value: Value): boolean {
  if (table.size >= OPEN_MOST && !table.has(requestId)) return false;
  table.set(requestId, value);
  return true;
}

function take<Value>(table: Map<number, Value>, requestId: number): Value | undefined {
  const value = table.get(requestId);
  table.delete(requestId);
  return value;
}
