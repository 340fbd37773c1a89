import type * as z from "zod";
import type { addressBan, SESSION_SORTS } from "../../../src/admin/api/schemas.ts";

/** The API's shapes, from where they are checked; types alone, so that no check is bundled. */
export type {
  AddressBanRequest,
  Addresses,
  Audit,
  AuditEntry,
  Disconnect,
  Disconnects,
  History,
  Invitation,
  InvitationRequest,
  KickedSession,
  LockdownLevel,
  LogLevel,
  OpenRoom,
  OpenRooms,
  Overview,
  Quantiles,
  Room,
  RoomChange,
  RoomDetails,
  Rooms,
  Sanction,
  Sanctions,
  Session,
  Sessions,
  User,
  UserAction,
  UserActionRequest,
  Users,
} from "../../../src/admin/api/schemas.ts";

export type AddressBan = z.output<typeof addressBan>;
export type SessionSort = (typeof SESSION_SORTS)[number];

/** From this time on a mute or ban has no end: the last day that a Date can tell. */
export const FOR_EVER_MS = 8_640_000_000_000_000;
