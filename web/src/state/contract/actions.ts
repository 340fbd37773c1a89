import type { RoomAccessName, RoomRoleName } from "../../../../src/client/room-info.ts";
import type { Failure, Language, Outcome, ThemeChoice } from "./page.ts";
import type { SanctionItem } from "./people.ts";
import type { FoundRoom, PlaceKey, RoomSettingsChange } from "./places.ts";
import type { SessionTokenItem } from "./session.ts";

export interface SignInForm {
  readonly name: string;
  readonly password: string;
  /** Keep the session on this device, else for this tab alone. */
  readonly remember: boolean;
}

export interface RegisterForm extends SignInForm {
  /** Empty: none. */
  readonly invitationCode: string;
}

export interface GuestForm {
  readonly name: string;
}

export interface CreateRoomForm {
  readonly name: string;
  readonly kind: "logged" | "memory";
  readonly access: RoomAccessName;
  /** With access "password". */
  readonly password: string;
  readonly topic: string;
}

/** Milliseconds; 0: until it is taken back. */
export type SanctionDurationMs = number;

/** No action throws or rejects: what fails is in the Outcome, in a snapshot, or in a Notice. */
export interface ChatActions {
  // session
  readonly login: (form: SignInForm) => Promise<Outcome>;
  readonly register: (form: RegisterForm) => Promise<Outcome>;
  readonly guest: (form: GuestForm) => Promise<Outcome>;
  /** Ends the session on this device and revokes its token. */
  readonly logout: () => void;
  /** Connects now instead of at the end of the pause. */
  readonly retryNow: () => void;

  // places
  /** Opens a place: joins it if need be. Undefined: back to the list. */
  readonly openPlace: (key: PlaceKey | undefined) => void;
  /** Opens the conversation with a user, with or without messages. */
  readonly openDirect: (name: string) => void;
  readonly join: (name: string, password?: string) => Promise<Outcome>;
  readonly create: (form: CreateRoomForm) => Promise<Outcome>;
  /** `giveUp`: be a member no more. */
  readonly leave: (key: PlaceKey, giveUp: boolean) => Promise<Outcome>;
  /** Rooms that anybody may find, whose names begin with `prefix`; at most 50. */
  readonly findRooms: (
    prefix: string,
  ) => Promise<{ readonly rooms: readonly FoundRoom[]; readonly failure: Failure | undefined }>;
  readonly acceptInvitation: (roomId: number) => Promise<Outcome>;
  readonly dismissInvitation: (roomId: number) => void;

  // messages of the open place
  /** Sends what the composer has (a new message, a reply, an edit). Clears it at once. False: nothing to send. */
  readonly send: (text: string) => boolean;
  /** Sends to a user without opening the conversation. */
  readonly whisper: (name: string, text: string) => Promise<Outcome>;
  readonly retry: (messageKey: string) => void;
  readonly discard: (messageKey: string) => void;
  readonly edit: (offset: number, text: string) => Promise<Outcome>;
  readonly remove: (offset: number) => Promise<Outcome>;
  /** Adds the reaction, or takes it back when it is there already. */
  readonly react: (offset: number, emoji: string) => Promise<Outcome>;
  readonly startReply: (offset: number) => void;
  readonly startEdit: (offset: number) => void;
  /** The newest own message that can be edited (Arrow-Up in an empty composer). */
  readonly startEditLast: () => void;
  readonly cancelCompose: () => void;
  readonly setDraft: (text: string) => void;
  /** At each key. */
  readonly typing: () => void;

  // window
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
  readonly jumpTo: (place: PlaceKey, offset: number) => void;
  readonly jumpToNewest: () => void;
  /** The newest message that is really visible. Read markers follow when the page has the focus. */
  readonly markVisible: (offset: number) => void;
  /** The same for all of the open place. */
  readonly markRead: (key: PlaceKey) => void;

  // search
  readonly search: (query: string, scope: "everywhere" | "here") => void;
  readonly searchMore: () => void;
  readonly clearSearch: () => void;

  // people of the open room
  readonly loadMembers: () => void;
  readonly loadMoreMembers: () => void;
  readonly invite: (name: string) => Promise<Outcome>;
  readonly setRole: (name: string, role: Exclude<RoomRoleName, "none">) => Promise<Outcome>;
  readonly kick: (name: string, reason: string) => Promise<Outcome>;
  readonly mute: (name: string, durationMs: SanctionDurationMs, reason: string) => Promise<Outcome>;
  readonly unmute: (name: string) => Promise<Outcome>;
  readonly ban: (name: string, durationMs: SanctionDurationMs, reason: string) => Promise<Outcome>;
  readonly unban: (name: string) => Promise<Outcome>;
  readonly sanctions: () => Promise<{
    readonly sanctions: readonly SanctionItem[];
    readonly failure: Failure | undefined;
  }>;
  readonly roomUpdate: (change: RoomSettingsChange) => Promise<Outcome>;
  readonly deleteRoom: () => Promise<Outcome>;

  // account
  readonly changePassword: (oldPassword: string, newPassword: string) => Promise<Outcome>;
  readonly setDisplayName: (displayName: string) => Promise<Outcome>;
  readonly deleteAccount: (password: string) => Promise<Outcome>;
  readonly sessions: () => Promise<{
    readonly tokens: readonly SessionTokenItem[];
    readonly failure: Failure | undefined;
  }>;
  readonly revokeToken: (tokenId: number | "others") => Promise<Outcome>;
  readonly block: (name: string) => Promise<Outcome>;
  readonly unblock: (name: string) => Promise<Outcome>;
  /** The blocked users' names. */
  readonly blocks: () => Promise<{
    readonly names: readonly string[];
    readonly failure: Failure | undefined;
  }>;

  // page
  readonly dismissNotice: (id: number) => void;
  readonly setLanguage: (language: Language) => void;
  readonly setTheme: (theme: ThemeChoice) => void;
  /** Asks the browser; call it from a click. */
  readonly requestNotifications: () => void;
  readonly setNotifications: (on: boolean) => void;
}
