/**
 * The door of the client: `portico/client`. Everything but the last two lines runs in a browser too,
 * given a Transport.
 */
export type { BackoffOptions } from "../base/backoff.ts";
export type { TokenInfo } from "./account-api.ts";
export type {
  AdminAddressOptions,
  AdminUserAction,
  AdminUserOptions,
  AuditEntry,
  AuditOptions,
  InvitationOptions,
  LockdownLevel,
} from "./admin-api.ts";
export { browserEnvironment } from "./browser-environment.ts";
export { ChatClient } from "./chat-client.ts";
export type * from "./chat-client-options.ts";
export { ChatError, type ChatErrorCode } from "./chat-error.ts";
export type {
  ClientEvent,
  ClientEventOf,
  ClientEventType,
  ClientState,
  RoomMessage,
  Told,
} from "./client-events.ts";
export type { ClientEnvironment, ClientTimer } from "./environment.ts";
export type { EntryKind, LogEntry, Reaction } from "./log-entry.ts";
export { type Credentials, PROTOCOL_VERSION } from "./log-in.ts";
export type { Receipt } from "./outgoing-message.ts";
export type { RequestOptions } from "./promise-with-signal.ts";
export type { HistoryOptions, MessagePage, SearchOptions } from "./reading-api.ts";
export type {
  RoomAccessName,
  RoomInfo,
  RoomKindName,
  RoomListing,
  RoomRoleName,
  SlowReaderName,
} from "./room-info.ts";
export { RoomTimeline, type RoomTimelineOptions, type ShownMessage } from "./room-timeline.ts";
export type {
  CreateRoomOptions,
  JoinOptions,
  LeaveOptions,
  ListRoomsOptions,
  ModerateAction,
  ModerateOptions,
  RoomChange,
  RoomMember,
} from "./rooms-api.ts";
export type { Sanction, SanctionPage } from "./sanction.ts";
export type {
  Transport,
  TransportConnection,
  TransportEnd,
  TransportEvents,
  TransportFailure,
} from "./transport.ts";
export { UnreadCounter } from "./unread-counter.ts";
export {
  WEBSOCKET_PROTOCOL,
  type WebSocketLike,
  type WebSocketLikeEvent,
  WebSocketTransport,
  type WebSocketTransportOptions,
  webSocketUrl,
} from "./websocket-transport.ts";
export {
  type OpenChatClientOptions,
  openChatClient,
  type OpenedChatClient,
  parseServer,
} from "./node-client.ts";
export { environmentOf, TcpTransport, type TcpTransportOptions } from "./tcp-transport.ts";
