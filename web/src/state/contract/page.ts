import type { ChatErrorCode } from "../../../../src/client/chat-error.ts";

/** Something went wrong. Views translate by `code`. */
export interface Failure {
  readonly code: ChatErrorCode;
  /** The server's words, English. For codes whose translation does not say all. */
  readonly detail: string;
  /** When trying again makes sense, by the page's clock; 0: not said. */
  readonly retryAtMs: number;
}

/** Refused or done, told to the form that asked. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

/** What is told for a moment (a toast). Views translate by `code`; `params` fill the sentence. */
export interface Notice {
  readonly id: number;
  readonly tone: "info" | "success" | "error";
  readonly code:
    | "failed" // params.action, with `failure`
    | "roomDeleted" // params.room
    | "roomKicked" // params.room, detail
    | "roomBanned" // params.room, detail
    | "roomLeft" // params.room (another session of the user gave it up)
    | "roomLost" // params.room, with `failure`: could not be joined again after a reconnect
    | "invited" // params.room, by
    | "muted" // params.room ("": anywhere), by, detail
    | "unmuted" // params.room ("": anywhere)
    | "roleChanged" // params.room, role
    | "messagesMissing" // params.room: some messages could not be recovered
    | "roomMadeAnew" // params.room: a room in memory began again, empty
    | "passwordChanged"
    | "displayNameChanged"
    | "othersRevoked" // params.count
    | "copied"
    | "serverWarning"; // params.detail
  readonly params: Readonly<Record<string, string | number>>;
  readonly failure: Failure | undefined;
}

export type Language = "en" | "ko";
export type ThemeChoice = "system" | "light" | "dark";

export interface PreferencesSnapshot {
  readonly language: Language;
  readonly theme: ThemeChoice;
  /** "unsupported": the browser has none. "denied": only the browser's settings can change it. */
  readonly notifications: "unsupported" | "off" | "on" | "denied";
}
