import type { RoomId, SessionKey, UserId } from "../names.ts";
import type {
  Appended,
  LockdownLevel,
  MemberRole,
  RoomAccess,
  RoomSettings,
  SlowReaderPolicy,
  StoreRequestName,
  StoreRequests,
} from "../store/store.ts";

/** What every request has: who asks, and the id that its one answer repeats. */
interface Asked {
  readonly session: SessionKey;
  readonly requestId: number;
}

/** The requests, by name: what a gate asks of the hub for a session. Checked for form by the gate. */
export interface Requests {
  /** A session whose user the gate has authenticated. The hub decides on duplicates and bans. */
  signIn: {
    readonly user: UserIdentity;
    readonly address: string;
    /** The token that the session came with or was given; 0: none. */
    readonly tokenId: number;
  };

  // ---- messages
  publish: {
    readonly roomId: RoomId;
    readonly clientMessageId: string;
    readonly text: string;
    /** 0: none. */
    readonly replyTo: number;
  };
  editMessage: {
    readonly roomId: RoomId;
    readonly target: number;
    readonly clientMessageId: string;
    readonly text: string;
  };
  deleteMessage: { readonly roomId: RoomId; readonly target: number; readonly clientMessageId: string };
  react: {
    readonly roomId: RoomId;
    readonly target: number;
    readonly clientMessageId: string;
    readonly reaction: string;
    readonly remove: boolean;
  };
  whisper: {
    readonly to: string;
    readonly clientMessageId: string;
    readonly text: string;
    readonly replyTo: number;
  };
  markRead: { readonly roomId: RoomId; readonly offset: number };

  // ---- rooms; a room's `name` is its key (src/protocol/names.ts): it is compared as it is
  joinRoom: {
    readonly name: string;
    readonly create: "none" | "logged" | "memory";
    /** The client gave a password … */
    readonly hasPassword: boolean;
    /** … and the gate found it to be the one of this hash ("": not looked yet): see `passwordNeeded`. */
    readonly provenHash: string;
  };
  leaveRoom: { readonly roomId: RoomId; readonly giveUp: boolean };
  createRoom: {
    readonly name: string;
    readonly kind: "logged" | "memory";
    readonly access: RoomAccess;
    readonly passwordHash: string;
    readonly topic: string;
    readonly slowReader: SlowReaderPolicy;
  };
  updateRoom: { readonly roomId: RoomId; readonly change: RoomChange };
  deleteRoom: { readonly roomId: RoomId };
  listRooms: {
    readonly scope: "open" | "mine" | "direct";
    readonly after: string;
    readonly limit: number;
    readonly prefix: string;
  };
  /** Members, by name keys. */
  listMembers: { readonly roomId: RoomId; readonly after: string; readonly limit: number };
  /** Users who are in the room now, by name keys. */
  listUsers: { readonly roomId: RoomId; readonly after: string; readonly limit: number };
  invite: { readonly roomId: RoomId; readonly name: string };
  setRole: { readonly roomId: RoomId; readonly name: string; readonly role: MemberRole };
  moderate: {
    readonly roomId: RoomId;
    readonly name: string;
    readonly action: "kick" | "mute" | "unmute" | "ban" | "unban";
    /** 0: until it is taken back. */
    readonly durationMs: number;
    readonly reason: string;
  };

  // ---- reading
  history: {
    readonly roomId: RoomId;
    /** "around": `offset` in the middle. "time": from the first entry not before `timeMs` on. */
    readonly mode: "after" | "before" | "around" | "time";
    readonly offset: number;
    readonly timeMs: number;
    readonly limit: number;
    /** Asked by the gate itself, to bring a session up to date; the answer says so. */
    readonly replay: boolean;
  };
  search: {
    readonly query: string;
    /** 0: everywhere that the user may read. */
    readonly roomId: RoomId;
    readonly before: number;
    readonly limit: number;
  };

  // ---- the user's own account; passwords were checked by the gate
  changePassword: { readonly passwordHash: string };
  setDisplayName: { readonly displayName: string };
  deleteAccount: object;
  listTokens: object;
  /** 0: all but the session's own. */
  revokeToken: { readonly tokenId: number };
  blockUser: { readonly name: string; readonly blocked: boolean };
  listBlocks: object;

  // ---- administration
  adminUser: {
    readonly name: string;
    readonly action:
      "kick" | "mute" | "unmute" | "ban" | "unban" | "promote" | "demote" | "delete" | "setPassword";
    readonly durationMs: number;
    readonly reason: string;
    /** Of "setPassword". */
    readonly passwordHash: string;
  };
  /** `cidr` in its normal form (src/base/cidr.ts). */
  adminAddress: {
    readonly cidr: string;
    readonly lift: boolean;
    readonly durationMs: number;
    readonly reason: string;
  };
  adminLockdown: { readonly level: LockdownLevel };
  /** The gate made the code; the hub sees to the rest and echoes it. */
  adminInvitation: {
    readonly invitationCode: string;
    readonly hash: string;
    readonly uses: number;
    readonly durationMs: number;
  };
  listAudit: { readonly before: number; readonly limit: number };
  listSanctions: { readonly roomId: RoomId };
}

/** The name of a request, as a refusal names it. */
export type RequestName = keyof Requests;

export type RequestOf<Name extends RequestName> = Name extends RequestName
  ? { readonly type: Name } & Asked & Requests[Name]
  : never;

export type Request = RequestOf<RequestName>;

/** What a gate asks of the hub. Plain data. */
export type Command =
  | Request
  /**
   * Without an answer. Ignored where the session may not speak, in rooms of more than `noticeMaxMembers`
   * users, and when the last one of this session and room was less than two seconds ago.
   */
  | { readonly type: "typing"; readonly session: SessionKey; readonly roomId: RoomId }
  /**
   * The session ended or logged out. Harmless for a session that is not signed in. Its requests that are
   * still open get no answer any more (what they asked for may still happen).
   */
  | { readonly type: "signOut"; readonly session: SessionKey }
  /** A gate started anew or was lost: all its sessions are gone. It is told the server's rules. */
  | { readonly type: "gateReset"; readonly gateId: number };

/** The command of one type. */
export type CommandOf<Type extends Command["type"]> = Extract<Command, { readonly type: Type }>;

/** What is to change of a room; what is left out stays. */
export type RoomChange = Partial<RoomSettings> & { readonly name?: string };

export interface UserIdentity {
  readonly id: UserId;
  /** As written when the user registered. */
  readonly name: string;
  /** Normalised: what names are compared by. */
  readonly nameKey: string;
  /** Empty: no more than the name. */
  readonly displayName: string;
  readonly isAdmin: boolean;
  /** 0: not muted. */
  readonly mutedUntilMs: number;
}

/**
 * What the hub is told by whoever carries out its store requests (effect-sink.ts); `ticket` is the
 * request's. Each request gets exactly one reply. Replies to appends come in the order of the appends;
 * the others in any order.
 */
export type StoreReply =
  | { readonly type: "appended"; readonly ticket: number; readonly result: Appended }
  | { readonly type: "appendFailed"; readonly ticket: number; readonly busy: boolean }
  | {
      readonly type: "answered";
      readonly ticket: number;
      readonly result: StoreRequests[StoreRequestName]["result"];
    }
  | { readonly type: "askFailed"; readonly ticket: number; readonly busy: boolean };

/** Time goes on: about once a second. */
export interface Tick {
  readonly type: "tick";
}
