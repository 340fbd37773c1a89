import { gateOf, type RoomId, type SessionKey } from "../names.ts";
import type { Room } from "./room.ts";
import type { OnlineUser } from "./user-directory.ts";

const nowhere: readonly Room[] = [];

/**
 * A signed-in session. A session key that signs out and in again is another HubSession.
 *
 * Memory counts here: there are tens of thousands of these, most of them in the lobby alone.
 */
export class HubSession {
  readonly key: SessionKey;
  readonly user: OnlineUser;
  /** The token it came with or was given; 0: none. */
  readonly tokenId: number;
  readonly address: string;
  /** In the order it came into them; few. A list is replaced, never changed: sessions share them. */
  rooms: readonly Room[] = nowhere;
  /** Requests that wait for the store. */
  pendingCount = 0;
  /** Signed out: nothing may be sent to it any more. */
  isGone = false;

  constructor(key: SessionKey, user: OnlineUser, tokenId: number, address: string) {
    this.key = key;
    this.user = user;
    this.tokenId = tokenId;
    this.address = address;
  }

  get gateId(): number {
    return gateOf(this.key);
  }

  /** The room with this id, if the session is in it. O(rooms of the session). */
  findRoom(roomId: RoomId): Room | undefined {
    const { rooms } = this;
    for (let index = 0; index < rooms.length; index++) {
      const room = rooms[index] as Room;
      if (room.id === roomId) return room;
    }
    return undefined;
  }

  /** It must not be in the room yet. */
  addRoom(room: Room): void {
    this.rooms = this.rooms.length === 0 ? room.alone : this.rooms.concat(room);
  }

  removeRoom(room: Room): void {
    this.rooms = this.rooms.filter((each) => each !== room);
  }
}
