import type { RoomId } from "../names.ts";
import type { NewMessage, StoreRequestName, StoreRequests } from "../store/store.ts";
import type { RoomEvent, ServerEvent, SessionEvent } from "./event.ts";

/** The time a command or reply is handled at. */
export interface HubTime {
  /** Never goes back; for intervals. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970-01-01 UTC; what messages are stamped with. */
  readonly wallMs: number;
}

/**
 * What the hub wants done. Calls come in the order that counts: a gate must see publishes, replies and
 * subscriptions in it. No call may call back into the hub; the answers to store requests are given
 * later with `hub.apply`, one StoreReply for each ticket.
 */
export interface EffectSink {
  publish(event: RoomEvent): void;
  reply(event: SessionEvent): void;
  /** To every gate. */
  broadcast(event: ServerEvent): void;
  subscribe(gateId: number, roomId: RoomId): void;
  unsubscribe(gateId: number, roomId: RoomId): void;

  /** → appended or appendFailed, in the order of the appends. */
  append(ticket: number, message: NewMessage): void;
  /** → answered or askFailed. */
  ask<Name extends StoreRequestName>(
    ticket: number,
    name: Name,
    request: StoreRequests[Name]["request"],
  ): void;
}
