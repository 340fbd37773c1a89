import type {
  RoomAccessName,
  RoomKindName,
  RoomRoleName,
  SlowReaderName,
} from "../../../../src/client/room-info.ts";
import type { Failure } from "./page.ts";

/** A room or a direct conversation, as the page calls it. Opaque; the same for as long as the page lives. */
export type PlaceKey = string;

/** A room in the side list. */
export interface RoomItem {
  readonly key: PlaceKey;
  readonly roomId: number;
  readonly name: string;
  readonly kind: "logged" | "memory";
  readonly access: RoomAccessName;
  readonly topic: string;
  readonly isLobby: boolean;
  readonly isArchived: boolean;
  /** This session hears what is said there. False: known from the list of memberships only; opening it joins. */
  readonly isJoined: boolean;
  readonly role: RoomRoleName;
  /** Users who are in it now. */
  readonly memberCount: number;
  /** Unread messages of others, at most 999 (show "999+"); those among them that mention this user. */
  readonly unreadCount: number;
  readonly mentionCount: number;
  /** A text waits in its composer. */
  readonly hasDraft: boolean;
  /** Messages of this page that are not acknowledged, and those that failed. */
  readonly queuedCount: number;
  readonly failedCount: number;
}

/** A direct conversation in the side list; the latest first. */
export interface ConversationItem {
  readonly key: PlaceKey;
  /** 0: nothing has been said yet. */
  readonly roomId: number;
  readonly peer: string;
  readonly presence: Presence;
  readonly unreadCount: number;
  readonly mentionCount: number;
  /** 0: nothing has been said yet. */
  readonly lastTimeMs: number;
  readonly isBlocked: boolean;
  readonly hasDraft: boolean;
  readonly queuedCount: number;
  readonly failedCount: number;
}

/** "unknown": the server is too large to be told of everybody. */
export type Presence = "online" | "offline" | "unknown";

/** Somebody asked this user into a room. */
export interface InvitationItem {
  readonly roomId: number;
  readonly room: string;
  readonly by: string;
}

export interface SideListSnapshot {
  readonly rooms: readonly RoomItem[];
  readonly conversations: readonly ConversationItem[];
  readonly invitations: readonly InvitationItem[];
  /** Undefined: none is open (on a phone: the list is shown). */
  readonly current: PlaceKey | undefined;
  /** The lists are being read; until then they are short. */
  readonly isLoading: boolean;
}

/** A room that can be found: the "join a room" dialog. */
export interface FoundRoom {
  readonly roomId: number;
  readonly name: string;
  readonly topic: string;
  readonly access: RoomAccessName;
  readonly memberCount: number;
  readonly isMember: boolean;
}

/** What this user may do in the open place. */
export interface Permissions {
  readonly maySpeak: boolean;
  readonly mayReact: boolean;
  readonly mayDeleteOthers: boolean;
  /** Topic and slow mode. */
  readonly mayEditTopic: boolean;
  /** Name, access, password, archive, retention, roles, delete. */
  readonly mayEditSettings: boolean;
  readonly mayDelete: boolean;
  readonly mayInvite: boolean;
  /** Kick, mute, ban. */
  readonly mayModerate: boolean;
  readonly maySetRoles: boolean;
  /** Not the lobby. */
  readonly mayLeave: boolean;
}

/** Head of the open place. */
export interface PlaceSnapshot {
  readonly key: PlaceKey;
  readonly kind: "room" | "direct";
  readonly roomKind: RoomKindName;
  readonly roomId: number;
  /** A room's name, or the other user's. */
  readonly title: string;
  readonly topic: string;
  readonly access: RoomAccessName;
  readonly role: RoomRoleName;
  readonly isLobby: boolean;
  readonly isArchived: boolean;
  readonly memberCount: number;
  /** Of the other user; "unknown" in rooms. */
  readonly presence: Presence;
  readonly isBlocked: boolean;
  readonly permissions: Permissions;
  /** "joining": wait. "failed": `failure` says why; offer `openPlace` again. */
  readonly state: "ready" | "joining" | "failed";
  readonly failure: Failure | undefined;
  readonly settings: RoomSettings | undefined;
}

/** Everything that a room's owner sets. */
export interface RoomSettings {
  readonly name: string;
  readonly topic: string;
  readonly access: RoomAccessName;
  readonly isArchived: boolean;
  /** 0: none. */
  readonly slowModeMs: number;
  readonly slowReader: SlowReaderName;
  /** 0: for ever. */
  readonly retentionAgeMs: number;
  /** 0: all. */
  readonly retentionCount: number;
}

/** What is left out stays. `password`: with access "password". */
export type RoomSettingsChange = Partial<RoomSettings> & { readonly password?: string };
