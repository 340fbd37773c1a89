import {
  RoomAccess,
  RoomKind,
  type RoomListEntry,
  RoomRole,
  type RoomState,
  SlowReader,
} from "../protocol/generated/portico/v1/portico_pb.js";

/** "logged": on disk before it is delivered. "memory": a bounded tail. "direct": the conversation of two users. */
export type RoomKindName = "logged" | "memory" | "direct";

/** Who may come in: anybody; who was invited; who knows the password, and members. */
export type RoomAccessName = "public" | "private" | "password";

/** What a user is in a room; "none" only in lists: not a member. */
export type RoomRoleName = "none" | "member" | "moderator" | "owner";

/** What happens to a member who reads too slowly: see SlowReader in the protocol. */
export type SlowReaderName = "disconnect" | "skipToLatest" | "catchUp";

/** What is known of a room. */
export interface RoomInfo {
  readonly roomId: number;
  /** A direct conversation's: the other user's. */
  readonly name: string;
  readonly kind: RoomKindName;
  /** When it changes, offsets mean nothing any more. */
  readonly epoch: string;
  /** Of the oldest message that history still has, and of the newest; 0 and 0 when empty. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Users who are in it now. */
  readonly memberCount: number;
  readonly access: RoomAccessName;
  readonly topic: string;
  readonly isArchived: boolean;
  /** An ordinary member may speak once in this time; 0: no limit. */
  readonly slowModeMs: number;
  readonly slowReader: SlowReaderName;
  /** Messages older than this are removed; 0: none are. */
  readonly retentionAgeMs: number;
  /** Only so many of the newest are kept; 0: all. */
  readonly retentionCount: number;
  /** This user's. */
  readonly role: RoomRoleName;
}

/** A room in a list. */
export interface RoomListing {
  readonly roomId: number;
  /** A direct conversation's: the other user's. */
  readonly name: string;
  readonly kind: RoomKindName;
  readonly access: RoomAccessName;
  readonly topic: string;
  readonly isArchived: boolean;
  readonly memberCount: number;
  readonly role: RoomRoleName;
  readonly epoch: string;
  readonly lastOffset: number;
  readonly lastTimeMs: number;
  /** This user's read marker. */
  readonly readOffset: number;
  /** Messages of others after it, counted up to 999, and those that mention this user. */
  readonly unreadCount: number;
  readonly mentionCount: number;
  /** What `after` takes to go on behind this one. */
  readonly cursor: string;
}

/** A RoomState as the client shows it. A server that leaves it out gave a room with nothing known of it. */
export function roomInfo(state: RoomState | undefined, name: string): RoomInfo {
  return {
    roomId: state?.roomId ?? 0,
    name: state?.name ?? name,
    kind: kindName(state?.kind),
    epoch: state?.epoch ?? "",
    firstOffset: Number(state?.firstOffset ?? 0),
    lastOffset: Number(state?.lastOffset ?? 0),
    memberCount: state?.memberCount ?? 0,
    access: accessName(state?.access),
    topic: state?.topic ?? "",
    isArchived: state?.archived ?? false,
    slowModeMs: state?.slowModeMs ?? 0,
    slowReader: slowReaderName(state?.slowReader),
    retentionAgeMs: Number(state?.retentionAgeMs ?? 0),
    retentionCount: Number(state?.retentionCount ?? 0),
    role: roleName(state?.role, "member"),
  };
}

/** A direct conversation as a room. */
export function conversationInfo(
  listed: Pick<RoomListing, "roomId" | "name" | "epoch" | "lastOffset">,
): RoomInfo {
  const { roomId, name, epoch, lastOffset } = listed;
  const nothing = roomInfo(undefined, name);
  return { ...nothing, roomId, kind: "direct", access: "private", epoch, firstOffset: 1, lastOffset };
}

export function roomListing(entry: RoomListEntry): RoomListing {
  const { roomId, name, topic, memberCount, epoch, unreadCount, mentionCount, cursor } = entry;
  return {
    roomId,
    name,
    kind: kindName(entry.kind),
    access: accessName(entry.access),
    topic,
    isArchived: entry.archived,
    memberCount,
    role: roleName(entry.role, "none"),
    epoch,
    lastOffset: Number(entry.lastOffset),
    lastTimeMs: Number(entry.lastTimeMs),
    readOffset: Number(entry.readOffset),
    unreadCount,
    mentionCount,
    cursor,
  };
}

export const roomAccesses: Readonly<Record<RoomAccessName, RoomAccess>> = {
  public: RoomAccess.PUBLIC,
  private: RoomAccess.PRIVATE,
  password: RoomAccess.PASSWORD,
};

export const roomRoles: Readonly<Record<Exclude<RoomRoleName, "none">, RoomRole>> = {
  member: RoomRole.MEMBER,
  moderator: RoomRole.MODERATOR,
  owner: RoomRole.OWNER,
};

export const slowReaders: Readonly<Record<SlowReaderName, SlowReader>> = {
  disconnect: SlowReader.DISCONNECT,
  skipToLatest: SlowReader.SKIP_TO_LATEST,
  catchUp: SlowReader.CATCH_UP,
};

function kindName(kind: RoomKind | undefined): RoomKindName {
  return kind === RoomKind.MEMORY ? "memory" : kind === RoomKind.DIRECT ? "direct" : "logged";
}

function accessName(access: RoomAccess | undefined): RoomAccessName {
  if (access === RoomAccess.PRIVATE) return "private";
  return access === RoomAccess.PASSWORD ? "password" : "public";
}

/** `unspecified`: what a role that was left out means. */
export function roleName(role: RoomRole | undefined, unspecified: RoomRoleName): RoomRoleName {
  switch (role) {
    case RoomRole.MEMBER:
      return "member";
    case RoomRole.MODERATOR:
      return "moderator";
    case RoomRole.OWNER:
      return "owner";
    default:
      return unspecified;
  }
}

function slowReaderName(slowReader: SlowReader | undefined): SlowReaderName {
  if (slowReader === SlowReader.SKIP_TO_LATEST) return "skipToLatest";
  return slowReader === SlowReader.CATCH_UP ? "catchUp" : "disconnect";
}
