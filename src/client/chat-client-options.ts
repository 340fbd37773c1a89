import type { BackoffOptions } from "../base/backoff.ts";
import type { ClientEnvironment } from "./environment.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import type { RoomInfo } from "./room-info.ts";
import type { Transport } from "./transport.ts";

export interface ChatClientOptions {
  readonly transport: Transport;
  readonly environment: ClientEnvironment;
  /**
   * Entries (publishes, whispers, edits, deletions, reactions) that may wait for their acknowledgement.
   * Above: QUEUE_FULL. Default 1000.
   */
  readonly queueLimit?: number;
  /** Entries sent and not answered at one time, 1 … 200. 1 keeps their order even when the server refuses some. Default 16. */
  readonly inFlightLimit?: number;
  /** How often one entry may be refused with RATE_LIMITED, BUSY or SERVER_ERROR before that is its outcome. Default 8. */
  readonly refusalLimit?: number;
  /** Time for the answer to a request. An entry without an answer makes the client reconnect. Default 15,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Time to connect and hear the server's greeting. Default 15,000 ms. */
  readonly helloTimeoutMs?: number;
  /**
   * Missed entries fetched per room or conversation after a reconnect, where the server does not replay
   * them by itself; above: `recovered: false`, then the newest. Default 10,000.
   */
  readonly resumeLimit?: number;
  /** Unread whispers of each conversation that the first login fetches; above: `gap`, then the newest. Default 100. */
  readonly missedWhisperLimit?: number;
  /** Delays between attempts to connect. Default: from 250 ms up to 15 s, each drawn at random below its bound. */
  readonly backoff?: BackoffOptions;
}

export interface ConnectOptions extends RequestOptions {
  /** Make the account first. Needs a password. Default false. */
  readonly register?: boolean;
  /** To register where the server asks for one (`ServerInfo.invitationRequired`). */
  readonly invitationCode?: string;
  /** What this client calls itself in the user's list of tokens; at most 64 bytes. Default: nothing. */
  readonly label?: string;
}

export interface CloseOptions {
  /** The token is revoked too, and forgotten. Default false. */
  readonly forget?: boolean;
}

/** What a login brings. */
export interface Welcome {
  /** The user's name as the server writes it. */
  readonly user: string;
  /** Empty: no more than the name. */
  readonly displayName: string;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
  readonly lobby: RoomInfo;
}

/** What the server said of itself on the connection there is, or was last. */
export interface ServerInfo {
  readonly name: string;
  readonly textLimitBytes: number;
  readonly guestsAllowed: boolean;
  readonly registrationOpen: boolean;
  /** New accounts need an invitation code. */
  readonly invitationRequired: boolean;
  readonly jwtAccepted: boolean;
}

export interface SendOptions extends RequestOptions {
  /** 1 … 64 bytes; the same id in the same room is the same entry, delivered once. Default: a new one. */
  readonly clientMessageId?: string;
}

export interface SayOptions extends SendOptions {
  /** The offset of the message that this answers. */
  readonly replyTo?: number;
}

export interface ReactOptions extends SendOptions {
  /** Take the reaction back. Default false. */
  readonly remove?: boolean;
}

export interface PageOptions extends RequestOptions {
  /** Names after this one, in the server's order. Default: from the first. */
  readonly after?: string;
  /** 1 … 200, default 100. */
  readonly limit?: number;
}
