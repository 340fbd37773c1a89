import type * as z from "zod";
import * as s from "./schemas.ts";

/** One route of the admin API. */
export interface AdminRoute {
  readonly method: "GET" | "POST";
  /** Fixed: names of users and rooms are in the query, where every name has room. */
  readonly path: string;
  /** A sentence for the OpenAPI document. */
  readonly summary: string;
  readonly tag: "Watching" | "Sessions" | "Users" | "Rooms" | "Server";
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly answer: z.ZodObject;
}

/**
 * Every route, by name: what the server checks, what the OpenAPI document says, and what the admin page asks.
 * All need `Authorization: Bearer TOKEN`; a POST takes `application/json` and nothing else.
 */
export const adminRoutes = {
  overview: {
    method: "GET",
    path: "/api/admin/overview",
    summary: "How the server is now.",
    tag: "Watching",
    answer: s.overview,
  },
  history: {
    method: "GET",
    path: "/api/admin/history",
    summary: "Samples of the last hour, one each five seconds.",
    tag: "Watching",
    query: s.historyQuery,
    answer: s.history,
  },
  disconnects: {
    method: "GET",
    path: "/api/admin/disconnects",
    summary: "Sessions that ended lately, and how many did by code.",
    tag: "Watching",
    answer: s.disconnects,
  },
  audit: {
    method: "GET",
    path: "/api/admin/audit",
    summary: "Who did what to whom, the newest first.",
    tag: "Watching",
    query: s.auditQuery,
    answer: s.audit,
  },
  sessions: {
    method: "GET",
    path: "/api/admin/sessions",
    summary: "Connections, and why some are slow.",
    tag: "Sessions",
    query: s.sessionsQuery,
    answer: s.sessions,
  },
  measureRoundTrips: {
    method: "POST",
    path: "/api/admin/sessions/measure",
    summary: "Pings connections, so that their round trip is known.",
    tag: "Sessions",
    body: s.measureRequest,
    answer: s.done,
  },
  kickSession: {
    method: "POST",
    path: "/api/admin/sessions/kick",
    summary: "Ends one connection.",
    tag: "Sessions",
    body: s.kickSessionRequest,
    answer: s.kickedSession,
  },
  addresses: {
    method: "GET",
    path: "/api/admin/addresses",
    summary: "Addresses that the most connections come from.",
    tag: "Sessions",
    query: s.addressesQuery,
    answer: s.addresses,
  },
  users: {
    method: "GET",
    path: "/api/admin/users",
    summary: "Accounts, by name.",
    tag: "Users",
    query: s.usersQuery,
    answer: s.users,
  },
  user: {
    method: "GET",
    path: "/api/admin/user",
    summary: "One account.",
    tag: "Users",
    query: s.userQuery,
    answer: s.user,
  },
  actOnUser: {
    method: "POST",
    path: "/api/admin/users/act",
    summary: "Kicks, mutes, unmutes, bans, unbans, promotes or demotes a user, everywhere.",
    tag: "Users",
    body: s.userActionRequest,
    answer: s.done,
  },
  banAddress: {
    method: "POST",
    path: "/api/admin/addresses/ban",
    summary: "Bans an address or a range, or takes the ban back.",
    tag: "Users",
    body: s.addressBanRequest,
    answer: s.addressBan,
  },
  sanctions: {
    method: "GET",
    path: "/api/admin/sanctions",
    summary: "Who is muted or banned now, in a room or in the whole server.",
    tag: "Users",
    query: s.sanctionsQuery,
    answer: s.sanctions,
  },
  invite: {
    method: "POST",
    path: "/api/admin/invitations",
    summary: "Makes an invitation code for new accounts.",
    tag: "Users",
    body: s.invitationRequest,
    answer: s.invitation,
  },
  rooms: {
    method: "GET",
    path: "/api/admin/rooms",
    summary: "Rooms, by name, those that are private left out.",
    tag: "Rooms",
    query: s.roomsQuery,
    answer: s.rooms,
  },
  openRooms: {
    method: "GET",
    path: "/api/admin/rooms/open",
    summary: "Rooms that are open now, private ones included, with what is said in them.",
    tag: "Rooms",
    query: s.openRoomsQuery,
    answer: s.openRooms,
  },
  room: {
    method: "GET",
    path: "/api/admin/room",
    summary: "Settings of one logged room, private ones included.",
    tag: "Rooms",
    query: s.roomQuery,
    answer: s.roomDetails,
  },
  changeRoom: {
    method: "POST",
    path: "/api/admin/rooms/change",
    summary: "Changes a logged room's settings.",
    tag: "Rooms",
    body: s.roomChangeRequest,
    answer: s.done,
  },
  deleteRoom: {
    method: "POST",
    path: "/api/admin/rooms/delete",
    summary: "Deletes a logged room with everything in it, for ever.",
    tag: "Rooms",
    body: s.roomDeleteRequest,
    answer: s.done,
  },
  lockdown: {
    method: "POST",
    path: "/api/admin/lockdown",
    summary: "Takes less than usual: no new accounts, no guests, only accounts may speak.",
    tag: "Server",
    body: s.lockdownRequest,
    answer: s.done,
  },
  logLevel: {
    method: "POST",
    path: "/api/admin/log-level",
    summary: "Logs more or less, until the server starts again or reads its settings again.",
    tag: "Server",
    body: s.logLevelRequest,
    answer: s.done,
  },
  drain: {
    method: "POST",
    path: "/api/admin/drain",
    summary:
      "Stops the server as SIGTERM does: what was asked is answered, clients are told to come back later.",
    tag: "Server",
    body: s.drainRequest,
    answer: s.done,
  },
} as const satisfies Readonly<Record<string, AdminRoute>>;

export type AdminRouteName = keyof typeof adminRoutes;
