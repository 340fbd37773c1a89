import type { RoomId, UserId } from "../names.ts";
import type { StoredMessage } from "./store.ts";

/**
 * Everything a store is asked for but appending, by name: what is given and what comes back. A new
 * request is an entry here and its implementation in sqlite/; each runs in one transaction. What has an
 * `audit` writes that record in the same one.
 */
export interface StoreRequests {
  // ---- accounts

  /** `nameKey` (the normalised name) is unique, and so is `externalId`. An invitation is used up by one. */
  createAccount: {
    request: NewAccount;
    result:
      | { readonly created: true; readonly id: UserId }
      | { readonly created: false; readonly why: "NAME_TAKEN" | "INVITATION_INVALID" };
  };
  findAccount: { request: { readonly nameKey: string }; result: Account | undefined };
  findAccountById: { request: { readonly id: UserId }; result: Account | undefined };
  /** The account of a user of another authority (JWT). */
  findExternalAccount: { request: { readonly externalId: string }; result: Account | undefined };
  /** Changes what is given. False: no such account. */
  updateAccount: {
    request: {
      readonly id: UserId;
      readonly passwordHash?: string;
      readonly displayName?: string;
      readonly isAdmin?: boolean;
      readonly audit?: AuditRecord;
    };
    result: boolean;
  };
  /**
   * What it said stays, its name shown as "(deleted)"; its memberships, tokens, blocks and markers go,
   * and its name is free. Where it was the only owner, the longest serving moderator (or else member)
   * becomes owner.
   */
  deleteAccount: {
    request: { readonly id: UserId; readonly nowMs: number; readonly audit?: AuditRecord };
    result: { readonly deleted: boolean; readonly newOwners: readonly { roomId: RoomId; userId: UserId }[] };
  };
  /** In the order of their name keys. */
  listAccounts: {
    request: { readonly afterKey: string; readonly limit: number };
    result: readonly Account[];
  };

  // ---- tokens and invitations; only hashes of them are kept

  /** Drops the user's longest unused ones above `keep`. The new one's id; 0: no such account (any more). */
  createToken: {
    request: {
      readonly userId: UserId;
      readonly hash: string;
      readonly label: string;
      readonly address: string;
      readonly nowMs: number;
      readonly expiresMs: number;
      readonly keep: number;
    };
    result: number;
  };
  /** Notes the use. undefined: unknown or expired. */
  useToken: {
    request: { readonly hash: string; readonly address: string; readonly nowMs: number };
    result: { readonly tokenId: number; readonly expiresMs: number; readonly account: Account } | undefined;
  };
  /** The latest used first. */
  listTokens: {
    request: { readonly userId: UserId; readonly nowMs: number };
    result: readonly StoredToken[];
  };
  /** One, or (tokenId 0) all but `exceptId`. The ids of those revoked. */
  revokeTokens: {
    request: { readonly userId: UserId; readonly tokenId: number; readonly exceptId: number };
    result: readonly number[];
  };
  createInvitation: {
    request: {
      readonly hash: string;
      readonly uses: number;
      readonly nowMs: number;
      readonly expiresMs: number;
      readonly audit?: AuditRecord;
    };
    result: undefined;
  };

  // ---- who takes no whispers from whom

  /** "FULL": the user blocks `limit` others already. */
  setBlock: {
    request: {
      readonly userId: UserId;
      readonly otherId: UserId;
      readonly blocked: boolean;
      readonly limit: number;
    };
    result: "DONE" | "FULL";
  };
  /** Names of accounts, in their order. */
  listBlocks: { request: { readonly userId: UserId }; result: readonly string[] };

  // ---- rooms

  /** Finds the room of this name, or makes it, public. An existing room keeps its own kind. */
  openRoom: {
    request: {
      readonly name: string;
      readonly kind: StoredRoomKind;
      /** A room made now has this epoch. Default: one that the store makes. */
      readonly epoch?: string;
      /** Made members if the room is made now: its owner, or the two of a direct conversation. */
      readonly members: readonly NewMember[];
      readonly nowMs: number;
    };
    result: StoredRoom;
  };
  createRoom: {
    request: NewRoom;
    result:
      | { readonly created: true; readonly room: StoredRoom }
      | { readonly created: false; readonly why: "NAME_TAKEN" | "TOO_MANY" };
  };
  findRoom: { request: { readonly name: string }; result: StoredRoom | undefined };
  findRoomById: { request: { readonly id: RoomId }; result: StoredRoom | undefined };
  updateRoom: {
    request: {
      readonly id: RoomId;
      readonly change: Partial<RoomSettings> & { readonly name?: string };
      readonly audit?: AuditRecord;
    };
    result: "DONE" | "NAME_TAKEN" | "NO_ROOM";
  };
  /** At once for everybody; what it held is removed in the background (`maintain`). */
  deleteRoom: {
    request: { readonly id: RoomId; readonly audit?: AuditRecord };
    result: boolean;
  };
  /** Never private rooms; in the order of their names. */
  listOpenRooms: {
    request: { readonly prefix: string; readonly after: string; readonly limit: number };
    result: readonly RoomSummary[];
  };
  /** Rooms that the user is a member of, in the order of their names. Counts are for the user. */
  listRoomsOf: {
    request: { readonly userId: UserId; readonly after: string; readonly limit: number };
    result: readonly RoomSummary[];
  };
  /** The user's direct conversations that are not empty, the latest first; `name` is the other's. */
  listConversations: {
    request: { readonly userId: UserId; readonly after: string; readonly limit: number };
    result: readonly RoomSummary[];
  };

  // ---- members

  /**
   * Sets what is given of the user's entry, made when there is none. Who becomes a member has read what
   * is there. Ignored for a room or an account that is no more.
   */
  setMember: {
    request: {
      readonly roomId: RoomId;
      readonly userId: UserId;
      readonly nowMs: number;
      readonly role?: MemberRole;
      readonly invited?: boolean;
      readonly mutedUntilMs?: number;
      readonly bannedUntilMs?: number;
      /** Of the mute or ban. */
      readonly reason?: string;
      readonly by?: string;
      /** For guests, who have no account to look the name up in. */
      readonly userName?: string;
      readonly audit?: AuditRecord;
    };
    result: undefined;
  };
  /** Members with a role, in the order of their name keys; `total` of them all. */
  listMembers: {
    request: { readonly roomId: RoomId; readonly afterKey: string; readonly limit: number };
    result: { readonly members: readonly StoredMember[]; readonly total: number };
  };
  /** The marker never goes back; where it is now. Ignored (0) for users without an entry in the room. */
  markRead: {
    request: { readonly roomId: RoomId; readonly userId: UserId; readonly offset: number };
    result: number;
  };

  // ---- the log; `userId`: whose reactions are `mine`

  /** Entries with `after` < offset, oldest first, at most `limit`. */
  historyAfter: {
    request: {
      readonly roomId: RoomId;
      readonly after: number;
      readonly limit: number;
      readonly userId: UserId;
    };
    result: readonly StoredMessage[];
  };
  /** The `limit` entries nearest below `before`, oldest first; `before` 0 means from the end. */
  historyBefore: {
    request: {
      readonly roomId: RoomId;
      readonly before: number;
      readonly limit: number;
      readonly userId: UserId;
    };
    result: readonly StoredMessage[];
  };
  /** The first offset whose time is not before `timeMs`; one above the last when there is none. */
  offsetAtTime: { request: { readonly roomId: RoomId; readonly timeMs: number }; result: number };
  /**
   * Text messages with words that begin with each word of the query (the first 12), the newest first,
   * among about the newest million of those rooms. `roomId` 0: in
   * `roomIds` and every room or conversation that the user is a member of. Otherwise in that room, if it
   * is one of those; undefined when it is not.
   */
  search: {
    request: {
      readonly userId: UserId;
      readonly roomIds: readonly RoomId[];
      readonly roomId: RoomId;
      readonly query: string;
      /** Only offsets below this one; 0: all. */
      readonly before: number;
      readonly limit: number;
    };
    result: readonly SearchHit[] | undefined;
  };

  // ---- moderation

  /** What counts for everybody, read when a hub starts. */
  readServerRules: { request: { readonly nowMs: number }; result: ServerRules };
  setLockdown: {
    request: { readonly level: LockdownLevel; readonly audit?: AuditRecord };
    result: undefined;
  };
  /** `untilMs` 0 lifts it. */
  setAddressBan: {
    request: {
      readonly cidr: string;
      readonly untilMs: number;
      readonly reason: string;
      readonly by: string;
      readonly audit?: AuditRecord;
    };
    result: undefined;
  };
  /** Mutes or bans a user, account or guest, everywhere; 0 lifts it, what is left out stays. */
  setUserSanction: {
    request: {
      readonly userId: UserId;
      readonly userName: string;
      readonly mutedUntilMs?: number;
      readonly bannedUntilMs?: number;
      readonly reason: string;
      readonly by: string;
      readonly audit?: AuditRecord;
    };
    result: undefined;
  };
  findUserSanction: { request: { readonly userId: UserId }; result: UserSanction };
  /** A guest of this name who is muted or banned in a room, or (roomId 0) everywhere: guests have no account. */
  findSanctionedGuest: {
    request: { readonly roomId: RoomId; readonly nameKey: string };
    result: { readonly userId: UserId; readonly userName: string } | undefined;
  };
  /** A room's, or (roomId 0) the server's, addresses included; those that are over are left out. */
  listSanctions: {
    request: { readonly roomId: RoomId; readonly nowMs: number; readonly limit: number };
    result: readonly StoredSanction[];
  };
  /** A record of its own, for what changes nothing else. */
  writeAudit: { request: AuditRecord; result: undefined };
  /** Below `before` (0: all), the newest first. */
  listAudit: {
    request: { readonly before: number; readonly limit: number };
    result: readonly StoredAudit[];
  };

  // ---- in the background

  /**
   * A bounded piece (some milliseconds) of what is due: messages that retention removes, what deleted
   * rooms left, expired tokens, sanctions and invitations, the search index. `more`: ask again soon.
   */
  maintain: {
    request: { readonly nowMs: number };
    result: {
      /** Rooms whose oldest messages went, and what is the first now. */
      readonly trimmed: readonly { readonly roomId: RoomId; readonly firstOffset: number }[];
      readonly more: boolean;
    };
  };
}

export interface NewAccount {
  readonly name: string;
  readonly nameKey: string;
  /** A PHC string ($argon2id$…), never a password; empty: no password opens it. */
  readonly passwordHash: string;
  readonly nowMs: number;
  readonly externalId?: string;
  readonly isAdmin?: boolean;
  readonly invitationHash?: string;
  readonly audit?: AuditRecord;
}

export interface UserSanction {
  /** 0: not muted; FOREVER_MS: until it is taken back. */
  readonly mutedUntilMs: number;
  readonly bannedUntilMs: number;
  readonly reason: string;
}

export interface Account extends UserSanction {
  readonly id: UserId;
  readonly name: string;
  readonly nameKey: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  readonly createdMs: number;
}

export interface StoredToken {
  readonly id: number;
  readonly label: string;
  readonly address: string;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly expiresMs: number;
}

export type StoredRoomKind = "logged" | "direct";
export type RoomAccess = "public" | "private" | "password";
export type SlowReaderPolicy = "disconnect" | "skipToLatest" | "catchUp";
/** "none": no member; an entry may hold an invitation, a mute or a ban all the same. */
export type MemberRole = "none" | "member" | "moderator" | "owner";

/** What owners may change. */
export interface RoomSettings {
  readonly access: RoomAccess;
  /** A PHC string; empty: none. */
  readonly passwordHash: string;
  readonly topic: string;
  readonly archived: boolean;
  readonly slowModeMs: number;
  readonly slowReader: SlowReaderPolicy;
  /** 0: for ever. */
  readonly retentionAgeMs: number;
  /** 0: all. The newest entry is always kept. */
  readonly retentionCount: number;
}

export interface NewRoom {
  readonly name: string;
  readonly settings: RoomSettings;
  readonly ownerId: UserId;
  /** Rooms that one user may own. */
  readonly maxOwned: number;
  /** Default: one that the store makes. */
  readonly epoch?: string;
  readonly nowMs: number;
  readonly audit?: AuditRecord;
}

export interface NewMember {
  readonly userId: UserId;
  readonly role: MemberRole;
  /** A guest's name. */
  readonly userName: string;
}

export interface StoredRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: StoredRoomKind;
  /** Changes if the log was ever lost or replaced; offsets of another epoch mean nothing. */
  readonly epoch: string;
  /** Offset of the oldest entry kept, and of the newest; 0 and 0 when empty. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly settings: RoomSettings;
  /**
   * Who is more or less than an ordinary member: owners, moderators, the invited, muted and banned; in
   * rooms that are not public, and conversations, the ordinary members too.
   */
  readonly roster: readonly RosterEntry[];
  /** Of a conversation: those who take no whispers from the other. */
  readonly blockedBy: readonly UserId[];
}

export interface RosterEntry {
  readonly userId: UserId;
  readonly role: MemberRole;
  readonly invited: boolean;
  readonly mutedUntilMs: number;
  readonly bannedUntilMs: number;
}

export interface StoredMember {
  readonly userId: UserId;
  readonly name: string;
  readonly nameKey: string;
  readonly displayName: string;
  readonly role: MemberRole;
  readonly mutedUntilMs: number;
}

export interface RoomSummary {
  readonly id: RoomId;
  readonly name: string;
  readonly kind: StoredRoomKind;
  readonly access: RoomAccess;
  readonly topic: string;
  readonly archived: boolean;
  readonly epoch: string;
  readonly role: MemberRole;
  readonly lastOffset: number;
  readonly lastTimeMs: number;
  readonly readOffset: number;
  /** Text messages of others after `readOffset`, counted up to 999. */
  readonly unreadCount: number;
  /** Those of them that mention the user ("@name"). */
  readonly mentionCount: number;
  /** `after` of the page behind this one. */
  readonly cursor: string;
}

export interface SearchHit {
  readonly roomId: RoomId;
  /** Of a conversation: the other's name. */
  readonly room: string;
  readonly message: StoredMessage;
}

/** 0 none, 1 no new accounts, 2 and no guests, 3 and only accounts may speak. */
export type LockdownLevel = 0 | 1 | 2 | 3;

export interface AddressBan {
  /** In its normal form: "192.0.2.0/24". */
  readonly cidr: string;
  readonly untilMs: number;
  readonly reason: string;
}

export interface ServerRules {
  readonly lockdown: LockdownLevel;
  readonly addressBans: readonly AddressBan[];
}

export interface StoredSanction {
  /** A user's name or an address range. */
  readonly subject: string;
  readonly kind: "ban" | "mute";
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
}

/** Who did what to whom. */
export interface AuditRecord {
  readonly timeMs: number;
  /** A user's name, or "(console)". */
  readonly actor: string;
  /** "room.ban", "user.mute", "room.delete", … */
  readonly action: string;
  readonly subject: string;
  /** Empty when it concerns no room. */
  readonly room: string;
  readonly detail: string;
}

export interface StoredAudit extends AuditRecord {
  readonly id: number;
}
