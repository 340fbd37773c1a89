import type { Failure } from "./page.ts";

/** A device that may come back without the password. */
export interface SessionTokenItem {
  readonly tokenId: number;
  readonly label: string;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly expiresMs: number;
  readonly address: string;
  readonly isCurrent: boolean;
}

export interface Me {
  readonly name: string;
  readonly displayName: string;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
}

/** What the server allows, known after its greeting. */
export interface ServerFacts {
  readonly name: string;
  readonly guestsAllowed: boolean;
  readonly registrationOpen: boolean;
  readonly invitationRequired: boolean;
  readonly textLimitBytes: number;
}

/** Why the user is back at the sign-in page. */
export interface EndReason {
  readonly why:
    | "loggedOut"
    | "kicked"
    | "banned"
    | "tokenRevoked"
    | "tokenInvalid"
    | "accountDeleted"
    | "replaced"
    | "flood"
    | "refused"
    | "protocol";
  /** The server's words; may be empty. */
  readonly detail: string;
  /** With "banned": when to come back, by the page's clock; 0: not said. */
  readonly untilMs: number;
}

/**
 * "starting": a kept session is being taken up (show no form yet). "signedOut": show the forms.
 * "signingIn": a form was sent. "signedIn": show the chat, whatever the connection does.
 */
export interface SessionSnapshot {
  readonly phase: "starting" | "signedOut" | "signingIn" | "signedIn";
  readonly me: Me | undefined;
  /** Undefined until the server was reached once: show all forms. */
  readonly server: ServerFacts | undefined;
  /** Why the last attempt to sign in, register or come as a guest failed. */
  readonly failure: Failure | undefined;
  readonly end: EndReason | undefined;
  /** The last user's name on this device, for the form. */
  readonly lastName: string;
}

/**
 * "connecting": an attempt is under way. "waiting": the next comes at `retryAtMs` (by the page's clock;
 * count the seconds down from it). "offline": the browser says that there is no network.
 */
export interface ConnectionStatus {
  readonly phase: "online" | "connecting" | "waiting" | "offline";
  /** With "waiting"; else 0. Page's clock (the `now` that views are given). */
  readonly retryAtMs: number;
  /** Messages, edits, reactions that wait for their acknowledgement. */
  readonly queuedCount: number;
  /** Why the connection ended, in the server's or the system's words; empty: it has not. */
  readonly lastError: string;
  /** The server said that it stops and will be back: say so instead of "connection lost". */
  readonly isDraining: boolean;
  /** Once the connection is back: messages that were missed are being fetched. */
  readonly isCatchingUp: boolean;
}
