import { gateOf, type RoomId, type SessionKey } from "../names.ts";
import type { Room } from "./room.ts";
import type { OnlineUser } from "./user-directory.ts";

/** A signed-in session. A session key that signs out and in again is another HubSession. */
export class HubSession {
  readonly key: SessionKey;
  readonly gateId: number;
  readonly user: OnlineUser;
  readonly rooms = new Map<RoomId, Room>();
  /** Requests that wait for the store. */
  pendingCount = 0;
  /** Signed out: nothing may be sent to it any more. */
  isGone = false;

  constructor(key: SessionKey, user: OnlineUser) {
    this.key = key;
    this.gateId = gateOf(key);
    this.user = user;
  }
}
