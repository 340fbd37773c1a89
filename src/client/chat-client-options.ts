import type { BackoffOptions } from "../base/backoff.ts";
import type { ClientEnvironment } from "./environment.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import type { RoomInfo } from "./room-stream.ts";
import type { Transport } from "./transport.ts";

export interface ChatClientOptions {
  readonly transport: Transport;
  readonly environment: ClientEnvironment;
  /** Messages (publishes and whispers) that may wait for their acknowledgement. Above: QUEUE_FULL. Default 1000. */
  readonly queueLimit?: number;
  /** Messages sent and not answered at one time, 1 … 200. 1 keeps their order even when the server refuses some. Default 16. */
  readonly inFlightLimit?: number;
  /** How often one message may be refused with RATE_LIMITED, BUSY or SERVER_ERROR before that is its outcome. Default 8. */
  readonly refusalLimit?: number;
  /** Time for the answer to a request. A message without an answer makes the client reconnect. Default 15,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Time to connect and hear the server's greeting. Default 15,000 ms. */
  readonly helloTimeoutMs?: number;
  /** Missed messages fetched per room after a reconnect; above: `recovered: false`, then the newest. Default 10,000. */
  readonly resumeLimit?: number;
  /** Delays between attempts to connect. Default: from 250 ms up to 15 s, each drawn at random below its bound. */
  readonly backoff?: BackoffOptions;
}

export interface ConnectOptions extends RequestOptions {
  /** Make the account first. Needs a password. Default false. */
  readonly register?: boolean;
}

/** What a login brings. */
export interface Welcome {
  /** The user's name as the server writes it. */
  readonly user: string;
  readonly lobby: RoomInfo;
}

/** What the server said of itself on the connection there is, or was last. */
export interface ServerInfo {
  readonly name: string;
  readonly textLimitBytes: number;
  readonly guestsAllowed: boolean;
  readonly registrationOpen: boolean;
}

export interface SendOptions extends RequestOptions {
  /** 1 … 64 bytes; the same id in the same room is the same message, delivered once. Default: a new one. */
  readonly clientMessageId?: string;
}

export interface JoinOptions extends RequestOptions {
  /** Make the room, of this kind, if there is none of this name. Default: only join. */
  readonly create?: "logged" | "memory";
}

export interface UserListOptions extends RequestOptions {
  /** Names after this one, in the server's order. Default: from the first. */
  readonly after?: string;
  /** 1 … 200, default 100. */
  readonly limit?: number;
}

export interface HistoryOptions extends RequestOptions {
  /** Messages after this offset. Leave it out for those before `before`, or for the newest. */
  readonly after?: number;
  /** Messages before this offset. */
  readonly before?: number;
  /** 1 … 200, default 50. Fewer come when more would not fit into a packet. */
  readonly limit?: number;
}
