import { MEMORY_ROOM_ID_BASE, type RoomId } from "../names.ts";
import type { RequestName } from "./command.ts";
import type { DirectConversation } from "./direct-conversation.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomRegistry } from "./room-registry.ts";
import type { Room } from "./room.ts";
import type { Whispers } from "./whispers.ts";

/** Finds what a session may read: the rooms it is in, and its user's conversations. */
export class ReadableLogs {
  readonly #rooms: RoomRegistry;
  readonly #whispers: Whispers;

  constructor(rooms: RoomRegistry, whispers: Whispers) {
    this.#rooms = rooms;
    this.#whispers = whispers;
  }

  /** Calls `then` with it, now or later; otherwise the request is refused. */
  withLog(
    session: HubSession,
    roomId: RoomId,
    requestId: number,
    request: RequestName,
    then: (log: Room | DirectConversation) => void,
  ): void {
    const own = session.findRoom(roomId);
    if (own !== undefined) {
      then(own);
      return;
    }
    // A hidden room must look like none at all, in the time that the answer takes too.
    const isVisible = this.#rooms.find(roomId)?.isVisibleTo(session.user) ?? false;
    if (isVisible || roomId >= MEMORY_ROOM_ID_BASE) {
      this.#rooms.roomOf(session, roomId, requestId, request);
    } else {
      this.#whispers.withConversation(session, roomId, requestId, request, then);
    }
  }
}
