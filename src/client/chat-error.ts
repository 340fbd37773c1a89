import { DisconnectCode, type DisconnectCodeName, ErrorCode, type ErrorCodeName } from "../protocol/codes.ts";
import type { TransportFailure } from "./transport.ts";

/** What the server answers (docs/PROTOCOL.md), and what the client finds out by itself. */
export type ChatErrorCode =
  | Exclude<ErrorCodeName, "OK">
  /** No connection can be made, however often it is tried. */
  | TransportFailure
  /** The queue of unacknowledged messages is at its limit; nothing was queued. */
  | "QUEUE_FULL"
  /** No answer in time. Whether the request was carried out is not known. */
  | "TIMEOUT"
  /** There is no connection now, and this request does not wait for one. */
  | "OFFLINE"
  /** The connection ended before the answer. Whether the request was carried out is not known. */
  | "CONNECTION_LOST"
  /** The client was closed before the answer, or `connect` was not called. */
  | "CLOSED"
  /** The server ended the session for good; `disconnectCode` says why. */
  | "DISCONNECTED"
  /** The caller's AbortSignal fired; `cause` is its reason. */
  | "ABORTED";

export interface ChatErrorDetails {
  /** How long the server says to wait before asking again, milliseconds; 0: it did not say. */
  readonly retryAfterMs?: number;
  /** With code DISCONNECTED. */
  readonly disconnectCode?: DisconnectCodeName;
  readonly cause?: unknown;
}

/** A request that was not carried out, or whose outcome is not known. Tell them apart by `code`. */
export class ChatError extends Error {
  readonly code: ChatErrorCode;
  /** Milliseconds; 0 when the server did not say. */
  readonly retryAfterMs: number;
  readonly disconnectCode: DisconnectCodeName | undefined;

  constructor(code: ChatErrorCode, detail: string, details: ChatErrorDetails = {}) {
    super(detail === "" ? code : detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ChatError";
    this.code = code;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.disconnectCode = details.disconnectCode;
  }
}

const errorNames: ReadonlyMap<number, Exclude<ErrorCodeName, "OK">> = namesOf(
  ErrorCode,
  (name) => name !== "OK",
);
const disconnectNames: ReadonlyMap<number, DisconnectCodeName> = namesOf(DisconnectCode, () => true);

/** A generated enum by its numbers. The enum object has both directions in it. */
function namesOf<Name extends string>(
  codes: Readonly<Record<string, unknown>>,
  isWanted: (name: string) => boolean,
): Map<number, Name> {
  const names = new Map<number, Name>();
  for (const [name, code] of Object.entries(codes)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys whose values are numbers are the names
    if (typeof code === "number" && isWanted(name)) names.set(code, name as Name);
  }
  return names;
}

/** The name of a code from the wire; SERVER_ERROR for one that this version does not know. */
export function errorCodeName(code: ErrorCode): Exclude<ErrorCodeName, "OK"> {
  return errorNames.get(code) ?? "SERVER_ERROR";
}

/** The same for a disconnect code; undefined when this version does not know it. */
export function disconnectCodeName(code: DisconnectCode): DisconnectCodeName | undefined {
  return disconnectNames.get(code);
}

/** Refusals that say "not now": the same request may succeed later. */
export function isTransient(code: ChatErrorCode): boolean {
  return code === "RATE_LIMITED" || code === "BUSY" || code === "SERVER_ERROR";
}
