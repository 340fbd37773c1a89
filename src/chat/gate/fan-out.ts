import type { RoomEvent, RoomInfo } from "../hub/event.ts";
import type { RoomId } from "../names.ts";
import type { GateSession } from "./gate-session.ts";
import type { RoomPosition } from "./handlers/wire-values.ts";
import type { EventOf } from "./replies/event-of.ts";

/** What the sessions of a gate need of whatever brings them their rooms' events (room-fan-out.ts). */
export interface FanOut {
  /** Adds an event to what its room has gathered. */
  add(event: RoomEvent): void;
  /** Whether everything after the position can still be sent: then `join` sends it before anything new. */
  recovers(room: RoomInfo, position: RoomPosition): boolean;
  /** The session gets the room's events from now on; after those behind the position, where one is given. */
  join(session: GateSession, room: RoomInfo, position: RoomPosition | undefined): void;
  /** The session gets what came until now, and nothing after. Harmless when it is not in the room. */
  leave(session: GateSession, roomId: RoomId): void;
  /** The session has ended: it gets nothing more, of any room. */
  leaveAll(session: GateSession): void;
  /** Sends the room's members what has gathered for them. */
  flushRoom(roomId: RoomId): void;
  /** Sends the session what its rooms have gathered. */
  flushRoomsOf(session: GateSession): void;
  /** Sends everything that has gathered. */
  flushAll(): void;
  /** Members of the room here. */
  memberCount(roomId: RoomId): number;
  /** A page that the fan-out itself asked the hub for (`replay`), with request id 0. */
  onReplayPage(session: GateSession, event: EventOf<"history">): void;
  /** Such a page was refused. */
  onReplayFailed(session: GateSession, event: EventOf<"refused">): void;
  /** The session's send queue became empty. */
  onDrained(session: GateSession): void;
}
