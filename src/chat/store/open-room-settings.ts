import type { RoomSettings } from "./store-requests.ts";

/** What a room has when nobody has said anything else: open to all, kept for ever, no slow mode. */
export const OPEN_ROOM_SETTINGS: RoomSettings = {
  access: "public",
  passwordHash: "",
  topic: "",
  archived: false,
  slowModeMs: 0,
  slowReader: "disconnect",
  retentionAgeMs: 0,
  retentionCount: 0,
};
