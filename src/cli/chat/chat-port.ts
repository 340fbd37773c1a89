import type { ChatClient, ClientEventOf, RoomRoleName } from "../../client/index.ts";

export type {
  AdminUserAction,
  CreateRoomOptions,
  LockdownLevel,
  ModerateAction,
  Reaction,
  RoomAccessName,
  RoomChange,
  RoomInfo,
  RoomListing,
  RoomMessage,
  Sanction,
  SlowReaderName,
} from "../../client/index.ts";

/** What a member can be made. */
export type RoomRole = Exclude<RoomRoleName, "none">;

/** What of the things that a client tells is shown, or handed on to a script. */
export const portEventTypes = [
  "state",
  "message",
  "whisper",
  "edited",
  "deleted",
  "reaction",
  "typing",
  "read",
  "roomUpdated",
  "roomClosed",
  "invited",
  "muted",
  "userJoined",
  "userLeft",
  "memberCount",
  "resumed",
  "gap",
  "roomLost",
  "warning",
] as const;

export type PortEventType = (typeof portEventTypes)[number];
export type PortEvent<Type extends PortEventType = PortEventType> = ClientEventOf<Type>;

/** All of a ChatClient that the terminal uses: what comes, what is asked. Logging in and out is not its business. */
export type ChatPort = Pick<
  ChatClient,
  | "state"
  | "pendingCount"
  | "rooms"
  | "on"
  | "flushed"
  | "publish"
  | "whisper"
  | "edit"
  | "delete"
  | "react"
  | "typing"
  | "markRead"
  | "joinRoom"
  | "leaveRoom"
  | "createRoom"
  | "updateRoom"
  | "deleteRoom"
  | "listRooms"
  | "members"
  | "listUsers"
  | "invite"
  | "setRole"
  | "moderate"
  | "sanctions"
  | "history"
  | "search"
  | "changePassword"
  | "setDisplayName"
  | "deleteAccount"
  | "tokens"
  | "revokeToken"
  | "block"
  | "unblock"
  | "blocks"
  | "adminUser"
  | "adminAddress"
  | "adminLockdown"
  | "adminInvitation"
  | "adminAudit"
  | "adminSanctions"
>;
