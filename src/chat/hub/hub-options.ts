/** What happens when a user who is signed in signs in again. */
export type DuplicatePolicy =
  /** Both sessions live, up to `maxSessionsPerUser`. */
  | "allow"
  /** The new one is refused with LOGIN_USER_ALREADY. */
  | "reject"
  /** The old ones are ended with REPLACED. */
  | "replace";

export type OfflineWhispers =
  /** It is stored, and found in the conversation later. */
  | "store"
  /** It is refused with USER_OFFLINE. */
  | "reject";

/** How a hub behaves, and the limit of each of its tables. */
export interface HubOptions {
  /** Differs for each start of the server; epochs of memory rooms are made from it. */
  readonly bootEpoch: string;
  /** Makes of a name, as written, what names are compared by. Must be pure. */
  readonly normalizeName: (name: string) => string;
  /** Whether the lobby's messages are kept. Default "logged". */
  readonly lobbyKind: "logged" | "memory";
  /** Default "allow". */
  readonly duplicates: DuplicatePolicy;
  /** Sessions one user may have under "allow"; more → LOGIN_USER_ALREADY. Default 8. */
  readonly maxSessionsPerUser: number;
  /** Users signed in at once; more → USER_FULL. Default 20,000. */
  readonly maxUsers: number;
  /** Rooms with members (direct conversations do not count); more → USER_FULL. Default 10,000. */
  readonly maxRooms: number;
  /** Rooms one session may be in, the lobby included; more → TOO_MANY_ROOMS. Default 32. */
  readonly maxRoomsPerSession: number;
  /** Logged rooms one user may own, and memory rooms besides; more → LIMIT_REACHED. Default 20. */
  readonly maxRoomsOwnedPerUser: number;
  /** Users who may be in one room; more → USER_FULL. The lobby takes every user. Default 20,000. */
  readonly maxRoomMembers: number;
  /**
   * Entries of one room's roster: owners, moderators, the invited, muted and banned, and the members of
   * a room that is not public; more → LIMIT_REACHED, and USER_FULL for who joins. Default 20,000.
   */
  readonly maxRosterEntries: number;
  /** Invitations to one room that nobody has used yet; more → LIMIT_REACHED. Default 1,000. */
  readonly maxInvitationsPerRoom: number;
  /** Users whose whispers one user does not take; more → LIMIT_REACHED. Default 500. */
  readonly maxBlocksPerUser: number;
  /** Address ranges banned at once; more → LIMIT_REACHED. Default 4,096. */
  readonly maxAddressBans: number;
  /** What happens to a whisper to an account that is not signed in. Default "store". */
  readonly offlineWhispers: OfflineWhispers;
  /** How often the store is asked for its background work; at once again while there is more. Default 10,000. */
  readonly maintenanceIntervalMs: number;
  /** Above this many users a room has member counts instead of joined and left notices. Default 200. */
  readonly noticeMaxMembers: number;
  /** Requests of one session that wait for the store; more → BUSY. Default 256. */
  readonly maxPendingPerSession: number;
  /** Requests of all sessions that wait for the store; more → BUSY. Default 16,384. */
  readonly maxPending: number;
  /** Sign-ins that wait for the lobby and the server's rules; more → BUSY. Default 20,000. */
  readonly maxWaitingSignIns: number;
  /** Requests that wait for one room or conversation to be opened, or changed; more → BUSY. Default 1,024. */
  readonly maxWaitingPerRoom: number;
  /** Direct conversations whose room id is remembered; the longest unused is forgotten. Default 10,000. */
  readonly maxDirectConversations: number;
  /** Messages a memory room keeps: its history, and how far back a repeat is recognised. Default 256. */
  readonly memoryTailMessages: number;
  /** UTF-16 units of text a memory room keeps (the newest message is always kept). Default 131,072. */
  readonly memoryTailTextUnits: number;
  /** Messages one history request gets at most. Default 200. */
  readonly maxHistoryPage: number;
  /** Names one listUsers or listMembers request gets at most. Default 200. */
  readonly maxUserPage: number;
  /** Rooms one listRooms request gets at most. Default 100. */
  readonly maxRoomPage: number;
  /** Entries one listAudit or listSanctions request gets at most. Default 100. */
  readonly maxAuditPage: number;
  /** How long a refusal with BUSY or SERVER_ERROR tells the client to wait. Default 1,000. */
  readonly retryAfterMs: number;
}

/** What must be given; everything else has a default. */
export type HubSettings = Pick<HubOptions, "bootEpoch" | "normalizeName"> & Partial<HubOptions>;

const DEFAULTS: Omit<HubOptions, "bootEpoch" | "normalizeName"> = {
  lobbyKind: "logged",
  duplicates: "allow",
  maxSessionsPerUser: 8,
  maxUsers: 20_000,
  maxRooms: 10_000,
  maxRoomsPerSession: 32,
  maxRoomsOwnedPerUser: 20,
  maxRoomMembers: 20_000,
  maxRosterEntries: 20_000,
  maxInvitationsPerRoom: 1_000,
  maxBlocksPerUser: 500,
  maxAddressBans: 4_096,
  offlineWhispers: "store",
  maintenanceIntervalMs: 10_000,
  noticeMaxMembers: 200,
  maxPendingPerSession: 256,
  maxPending: 16_384,
  maxWaitingSignIns: 20_000,
  maxWaitingPerRoom: 1_024,
  maxDirectConversations: 10_000,
  memoryTailMessages: 256,
  memoryTailTextUnits: 131_072,
  maxHistoryPage: 200,
  maxUserPage: 200,
  maxRoomPage: 100,
  maxAuditPage: 100,
  retryAfterMs: 1_000,
};

/** Fills in the defaults. Throws RangeError for a limit that is not a whole number of at least 1 (0 for notices and waiting). */
export function resolveHubOptions(settings: HubSettings): HubOptions {
  const options: HubOptions = { ...DEFAULTS, ...settings };
  for (const [key, value] of Object.entries(options)) {
    if (typeof value !== "number") continue;
    const least = key === "noticeMaxMembers" || key === "retryAfterMs" ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${key} must be a whole number of at least ${least}, got ${value}`);
    }
  }
  return options;
}
