import * as z from "zod";
import { ageMs, bytes, count, lockdownLevel, logLevel, timeMs } from "./common-schemas.ts";

export { lockdownLevel, logLevel, logLevels } from "./common-schemas.ts";
export * from "./watch-schemas.ts";

/**
 * What the admin API takes and answers: the source of its checks, of the OpenAPI document and, type-only, of the
 * admin page. Times are milliseconds since 1970 (UTC) and end in `Ms`; other durations end in `Ms` too and
 * say "how long"; sizes are bytes.
 */

const userName = z.string().min(1).max(64);
const roomName = z.string().min(1).max(64);
const reason = z.string().max(256).default("").describe("for the audit log and the one it concerns");
const durationMs = z
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .default(0)
  .describe("how long, in milliseconds; 0: until it is taken back");

/** Every answer that is not a 2xx. */
export const failure = z
  .strictObject({
    error: z.strictObject({
      code: z.string().describe("for programs: TOKEN, INVALID, NOT_FOUND, REFUSED, RATE_LIMITED, …"),
      message: z.string().describe("for people"),
      retryAfterMs: z.number().min(0).optional().describe("how long to wait before asking again"),
    }),
  })
  .meta({ id: "Failure" });

/** Of actions that have nothing more to say. */
export const done = z.strictObject({}).meta({ id: "Done" });

// ---- sessions

export const session = z
  .strictObject({
    session: count.describe("the key of the connection, for actions on it"),
    user: z.string().describe("empty: not logged in yet"),
    displayName: z.string(),
    isGuest: z.boolean(),
    isAdmin: z.boolean(),
    address: z.string().describe("the client's, behind trusted proxies too"),
    transport: z.enum(["tcp", "websocket"]),
    /** The completion port that it is on. */
    backend: z.string(),
    state: z.string(),
    connectedMs: ageMs.describe("how long it has been connected"),
    silentMs: ageMs.describe("since the last bytes from it"),
    queuedBytes: bytes.describe("waiting to be sent to it"),
    queueAgeMs: ageMs.describe("how long the kernel has taken nothing of what waits"),
    roundTripMs: z.number().min(-1).describe("of the last ping; -1: not measured"),
    rooms: count,
    laggingRooms: count.describe("rooms that it is not live in: replayed to, or skipping"),
    slow: z.string().describe('empty, or why it is slow: "has taken nothing of 120 kB for 4.2 s"'),
  })
  .meta({ id: "Session" });

export const sessions = z
  .strictObject({
    total: count.describe("that match, of which `limit` are shown"),
    sessions: z.array(session),
  })
  .meta({ id: "Sessions" });

export const SESSION_SORTS = ["queue", "age", "user", "roundTrip"] as const;

/** `search`: a part of the user's name or the address. */
export const sessionsQuery = z.strictObject({
  search: z.string().max(128).default(""),
  slowOnly: z.stringbool().default(false),
  sort: z.enum(SESSION_SORTS).default("age"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** Connections from one address. */
export const addressSummary = z
  .strictObject({
    address: z.string(),
    sessions: count,
    websockets: count.describe("of these sessions"),
    users: count.describe("distinct, those not logged in left out"),
    queuedBytes: bytes,
  })
  .meta({ id: "AddressSummary" });
export const addresses = z
  .strictObject({ addresses: z.array(addressSummary).describe("the most connections first") })
  .meta({ id: "Addresses" });
export const addressesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const sessionKeys = z.array(count).min(1).max(1000);

/** Pings these connections, each at most once in five seconds; a later look at the sessions has the result. */
export const measureRequest = z.strictObject({ sessions: sessionKeys }).meta({ id: "MeasureRequest" });

export const kickSessionRequest = z
  .strictObject({ session: count, reason })
  .meta({ id: "KickSessionRequest" });
export const kickedSession = z
  .strictObject({ ended: z.boolean().describe("false: it was gone already") })
  .meta({ id: "KickedSession" });

// ---- users

export const user = z
  .strictObject({
    id: z.number().int(),
    name: z.string(),
    displayName: z.string(),
    isAdmin: z.boolean(),
    hasPassword: z.boolean(),
    createdMs: timeMs,
    mutedUntilMs: timeMs.describe("0: not muted; 9007199254740991: until it is taken back"),
    bannedUntilMs: timeMs,
    reason: z.string().describe("of the mute or ban"),
  })
  .meta({ id: "User" });
export const users = z
  .strictObject({
    users: z.array(user),
    more: z.boolean().describe("ask again with `after` = the last name"),
  })
  .meta({ id: "Users" });
export const usersQuery = z.strictObject({
  after: z.string().max(256).default(""),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
export const userQuery = z.strictObject({ name: userName });

export const USER_ACTIONS = ["kick", "mute", "unmute", "ban", "unban", "promote", "demote"] as const;
/** `durationMs` is for mute and ban. */
export const userActionRequest = z
  .strictObject({ name: userName, action: z.enum(USER_ACTIONS), durationMs, reason })
  .meta({ id: "UserActionRequest" });

export const addressBanRequest = z
  .strictObject({
    cidr: z.string().min(1).max(64).describe('an address or a range, "192.0.2.0/24"'),
    lift: z.boolean().default(false).describe("true: the ban is taken back"),
    durationMs,
    reason,
  })
  .meta({ id: "AddressBanRequest" });
export const addressBan = z
  .strictObject({ cidr: z.string().describe("as it is kept") })
  .meta({ id: "AddressBan" });

// ---- rooms

const roomAccess = z.enum(["public", "private", "password"]);
const slowReader = z.enum(["disconnect", "skipToLatest", "catchUp"]);

export const room = z
  .strictObject({
    id: count,
    name: z.string(),
    kind: z.enum(["logged", "memory"]),
    access: roomAccess,
    topic: z.string(),
    archived: z.boolean(),
    memberCount: count.describe("users who are in it now"),
    lastOffset: count.describe("of the newest message"),
    lastTimeMs: timeMs.describe("of the newest message; 0: none or not known"),
  })
  .meta({ id: "Room" });
export const rooms = z
  .strictObject({
    rooms: z.array(room),
    more: z.boolean(),
    after: z.string().describe("the `after` of the next page"),
  })
  .meta({ id: "Rooms" });
/** By name; private rooms are left out, but can be asked for by their name. */
export const roomsQuery = z.strictObject({
  prefix: z.string().max(64).default(""),
  after: z.string().max(256).default(""),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** A room that somebody is in, or was until lately; private ones too. */
export const openRoom = z
  .strictObject({
    id: count,
    name: z.string(),
    kind: z.enum(["logged", "memory"]),
    access: roomAccess,
    archived: z.boolean(),
    members: count.describe("users who are in it now"),
    lastOffset: count,
    messages: count.describe("entries of its log since it was opened"),
    messagesPerSecond: z.number().min(0).describe("over ten seconds or more; known from the second look on"),
  })
  .meta({ id: "OpenRoom" });
export const openRooms = z
  .strictObject({ total: count.describe("that match"), rooms: z.array(openRoom) })
  .meta({ id: "OpenRooms" });
export const OPEN_ROOM_SORTS = ["members", "messages"] as const;
/** `search`: a part of the name. */
export const openRoomsQuery = z.strictObject({
  search: z.string().max(64).default(""),
  sort: z.enum(OPEN_ROOM_SORTS).default("members"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export const roomQuery = z.strictObject({ name: roomName });

/** Settings of one logged room. */
export const roomDetails = z
  .strictObject({
    id: count,
    name: z.string(),
    kind: z.enum(["logged", "direct"]),
    epoch: z.string(),
    firstOffset: count,
    lastOffset: count,
    access: roomAccess,
    hasPassword: z.boolean(),
    topic: z.string(),
    archived: z.boolean(),
    slowModeMs: ageMs,
    slowReader,
    retentionAgeMs: ageMs.describe("0: for ever"),
    retentionCount: count.describe("0: all"),
  })
  .meta({ id: "RoomDetails" });

const setting = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const roomChange = z
  .strictObject({
    name: roomName,
    topic: z.string().max(256),
    access: z.enum(["public", "private"]),
    archived: z.boolean(),
    slowModeMs: setting,
    slowReader,
    retentionAgeMs: setting,
    retentionCount: setting,
  })
  .partial()
  .meta({ id: "RoomChange" });
/** What is left out of `change` stays. */
export const roomChangeRequest = z
  .strictObject({ name: roomName, change: roomChange })
  .meta({ id: "RoomChangeRequest" });
/** `confirm` repeats the name. */
export const roomDeleteRequest = z
  .strictObject({ name: roomName, confirm: roomName.describe("the room's name once more") })
  .meta({ id: "RoomDeleteRequest" });

// ---- disconnects, audit, sanctions

export const disconnect = z
  .strictObject({
    timeMs,
    user: z.string().describe("empty: was not logged in"),
    address: z.string(),
    transport: z.enum(["tcp", "websocket"]),
    code: z.string().describe("SLOW_READER, KICKED, …; NONE: the client or the network did it"),
    number: z.number().int().describe("the code's number, 3000 …; 0 for NONE"),
    detail: z.string(),
  })
  .meta({ id: "Disconnect" });
export const disconnects = z
  .strictObject({
    totals: z.record(z.string(), count).describe("by code, since the server started"),
    recent: z.array(disconnect).describe("newest first, at most 200"),
  })
  .meta({ id: "Disconnects" });

export const auditEntry = z
  .strictObject({
    id: count,
    timeMs,
    actor: z.string().describe("a user's name, or (console)"),
    action: z.string().describe("room.ban, user.mute, …"),
    subject: z.string(),
    room: z.string().describe("empty: concerns no room"),
    detail: z.string(),
  })
  .meta({ id: "AuditEntry" });
export const audit = z
  .strictObject({
    entries: z.array(auditEntry).describe("newest first"),
    more: z.boolean().describe("ask again with `before` = the last id"),
  })
  .meta({ id: "Audit" });
export const auditQuery = z.strictObject({
  before: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const sanction = z
  .strictObject({
    subject: z.string().describe("a user's name or an address range"),
    kind: z.enum(["ban", "mute"]),
    untilMs: timeMs.describe("9007199254740991: until it is taken back"),
    reason: z.string(),
    by: z.string(),
  })
  .meta({ id: "Sanction" });
export const sanctions = z.strictObject({ sanctions: z.array(sanction) }).meta({ id: "Sanctions" });
/** `room`: in this room; without it in the whole server. */
export const sanctionsQuery = z.strictObject({ room: roomName.optional() });

// ---- the server

export const lockdownRequest = z.strictObject({ level: lockdownLevel }).meta({ id: "LockdownRequest" });
export const logLevelRequest = z.strictObject({ level: logLevel }).meta({ id: "LogLevelRequest" });
/** Stops the server as SIGTERM does; `confirm` must be the word. */
export const drainRequest = z.strictObject({ confirm: z.literal("drain") }).meta({ id: "DrainRequest" });
export const invitationRequest = z
  .strictObject({
    uses: z.number().int().min(1).max(1000).default(1).describe("accounts it is good for"),
    durationMs: durationMs.describe("how long it is good; 0: a week"),
  })
  .meta({ id: "InvitationRequest" });
export const invitation = z.strictObject({ code: z.string(), expiresMs: timeMs }).meta({ id: "Invitation" });

export type Failure = z.output<typeof failure>;
export type Session = z.output<typeof session>;
export type Sessions = z.output<typeof sessions>;
export type SessionsQuery = z.input<typeof sessionsQuery>;
export type KickedSession = z.output<typeof kickedSession>;
export type User = z.output<typeof user>;
export type Users = z.output<typeof users>;
export type UserAction = (typeof USER_ACTIONS)[number];
export type UserActionRequest = z.input<typeof userActionRequest>;
export type AddressBanRequest = z.input<typeof addressBanRequest>;
export type Addresses = z.output<typeof addresses>;
export type OpenRoom = z.output<typeof openRoom>;
export type OpenRooms = z.output<typeof openRooms>;
export type Room = z.output<typeof room>;
export type Rooms = z.output<typeof rooms>;
export type RoomDetails = z.output<typeof roomDetails>;
export type RoomChange = z.output<typeof roomChange>;
export type RoomChangeRequest = z.input<typeof roomChangeRequest>;
export type RoomDeleteRequest = z.input<typeof roomDeleteRequest>;
export type Disconnect = z.output<typeof disconnect>;
export type Disconnects = z.output<typeof disconnects>;
export type AuditEntry = z.output<typeof auditEntry>;
export type Audit = z.output<typeof audit>;
export type Sanction = z.output<typeof sanction>;
export type Sanctions = z.output<typeof sanctions>;
export type LockdownLevel = z.output<typeof lockdownLevel>;
export type LogLevel = z.output<typeof logLevel>;
export type InvitationRequest = z.input<typeof invitationRequest>;
export type Invitation = z.output<typeof invitation>;
