import { type DisconnectReason, errnoName, type RefusalReason } from "../../engine/index.ts";
import { DisconnectCode, type DisconnectCodeName } from "../../protocol/codes.ts";
import { describeFault, WebSocketFault } from "../../websocket/index.ts";

/** A code that a session can be ended with. */
export type EndCode = Exclude<DisconnectCodeName, "NONE">;

/** What a Disconnect packet says in words. */
export const disconnectTexts: Readonly<Record<EndCode, string>> = {
  SHUTDOWN: "the server stops or restarts",
  HEARTBEAT_TIMEOUT: "nothing came from you for too long",
  HANDSHAKE_TIMEOUT: "you did not log in in time",
  SLOW_READER: "you read too slowly",
  SERVER_FULL: "the server has as many connections as it may have",
  SERVER_ERROR: "something failed inside the server",
  ADDRESS_LIMIT: "too many connections from your address",
  INVALID_HEADER: "a packet's size was below 4",
  PACKET_TOO_LARGE: "a packet's size was above the limit",
  FLOOD: "too many requests although told to wait",
  REPLACED: "the same user logged in elsewhere",
  KICKED: "an administrator ended the session",
  PROTOCOL_ERROR: "too many packets that could not be understood",
  LOGGED_OUT: "you logged out",
  BANNED: "you, or your address, are banned",
  TOKEN_REVOKED: "the token of this session was revoked, or the password was changed",
  ACCOUNT_DELETED: "the account was deleted",
};

/** What the engine counts a session under that the gate ends with a code. */
export function engineReason(code: EndCode): DisconnectReason {
  switch (code) {
    case "SHUTDOWN":
      return "SHUTDOWN";
    case "HEARTBEAT_TIMEOUT":
      return "IDLE_TIMEOUT";
    case "HANDSHAKE_TIMEOUT":
      return "HANDSHAKE_TIMEOUT";
    case "INVALID_HEADER":
    case "PACKET_TOO_LARGE":
    case "PROTOCOL_ERROR":
      return "PACKET_ERROR";
    case "SLOW_READER":
      return "SEND_QUEUE_FULL";
    case "SERVER_FULL":
    case "SERVER_ERROR":
    case "ADDRESS_LIMIT":
    case "FLOOD":
    case "REPLACED":
    case "KICKED":
    case "LOGGED_OUT":
    case "BANNED":
    case "TOKEN_REVOKED":
    case "ACCOUNT_DELETED":
      return "DISCONNECT";
  }
}

/** The code that an ending which the engine began amounts to; "NONE" when the peer or the network did it. */
export function disconnectCodeOf(reason: DisconnectReason, detail: number): DisconnectCodeName {
  switch (reason) {
    case "PACKET_ERROR":
      return badFrameCode(detail);
    case "SEND_QUEUE_FULL":
      return "SLOW_READER";
    case "HANDSHAKE_TIMEOUT":
      return "HANDSHAKE_TIMEOUT";
    case "IDLE_TIMEOUT":
      return "HEARTBEAT_TIMEOUT";
    case "SHUTDOWN":
      return "SHUTDOWN";
    case "RECV_BUFFER_OVER_FULL":
    case "SEND_BUFFER_EXHAUSTED":
    case "PORT_ERROR":
      return "SERVER_ERROR";
    case "NO_LOG":
    case "UNKNOWN":
    case "DISCONNECT":
    case "SEND_ERROR":
    case "RECV_0":
    case "RECV_ERROR":
      return "NONE";
  }
}

/** The name of the code for bytes that a framer refused: packets', or a WebSocket's, whose faults have words. */
export function badFrameCode(code: number): "PACKET_TOO_LARGE" | "INVALID_HEADER" | "PROTOCOL_ERROR" {
  if (DisconnectCode[code] === "PACKET_TOO_LARGE" || code === WebSocketFault.MESSAGE_TOO_BIG) {
    return "PACKET_TOO_LARGE";
  }
  return describeFault(code) === "" ? "INVALID_HEADER" : "PROTOCOL_ERROR";
}

/** In words, how a session ended that was told nothing. */
export function endingText(code: DisconnectCodeName, reason: DisconnectReason, detail: number): string {
  const fault = reason === "PACKET_ERROR" ? describeFault(detail) : "";
  if (fault !== "") return fault;
  if (code !== "NONE") return disconnectTexts[code];
  switch (reason) {
    case "RECV_0":
      return "the client closed the connection";
    case "RECV_ERROR":
    case "SEND_ERROR":
      return detail > 0 ? `the connection broke (${errnoName(detail)})` : "the connection broke";
    default:
      return "the connection was closed";
  }
}

/** What a connection that is refused is told. */
export function refusalCode(reason: RefusalReason): EndCode {
  switch (reason) {
    case "SERVER_FULL":
    case "ACCEPT_RATE":
      return "SERVER_FULL";
    case "ADDRESS_LIMIT":
    case "ADDRESS_ACCEPT_RATE":
      return "ADDRESS_LIMIT";
    case "SHUTDOWN":
      return "SHUTDOWN";
  }
}
