/**
 * The door of the client: `portico/client`. Everything but the last two lines runs in a browser too,
 * given a Transport.
 */
export type { BackoffOptions } from "../base/backoff.ts";
export { ChatClient } from "./chat-client.ts";
export type * from "./chat-client-options.ts";
export { ChatError, type ChatErrorCode } from "./chat-error.ts";
export type {
  ClientEvent,
  ClientEventOf,
  ClientEventType,
  ClientState,
  RoomMessage,
} from "./client-events.ts";
export type { ClientEnvironment, ClientTimer } from "./environment.ts";
export { type Credentials, PROTOCOL_VERSION } from "./log-in.ts";
export type { Receipt } from "./outbox.ts";
export type { RequestOptions } from "./promise-with-signal.ts";
export type { RoomInfo } from "./room-stream.ts";
export type { Transport, TransportConnection, TransportEvents } from "./transport.ts";
export {
  type OpenChatClientOptions,
  openChatClient,
  type OpenedChatClient,
  parseServer,
} from "./node-client.ts";
export { environmentOf, TcpTransport, type TcpTransportOptions } from "./tcp-transport.ts";
