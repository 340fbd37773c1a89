/** The door of the engine: `portico/engine`. */
export { Backoff, type BackoffOptions } from "../base/backoff.ts";
export { AsyncFile, type AsyncFileCounters, type AsyncFileOptions, FileClosedError } from "./async-file.ts";
export type {
  AcceptEvents,
  Backend,
  CompletionPort,
  ConnectEvents,
  Flushable,
  Mailbox,
  MailboxAddress,
  PortConnect,
  PortCounters,
  PortListener,
  PortSocket,
  PortTimer,
  SocketEvents,
} from "./completion-port.ts";
export { Connector, type ConnectorOptions } from "./connector.ts";
export type { DisconnectReason } from "./disconnect-reason.ts";
export { type Framer, rawFramer } from "./framer.ts";
export { Listener, type ListenerOptions } from "./listener.ts";
export { type MailboxSender, openMailboxSender } from "./mailbox-sender.ts";
export { type Arena, type ArenaBlock, ArenaExhaustedError } from "./memory/arena.ts";
export { CHUNK_BYTES, SendBufferPool, SendChunk } from "./memory/send-buffer-pool.ts";
export {
  type BackendChoice,
  backendChoices,
  BackendUnavailableError,
  type OpenedPort,
  openPort,
  type OpenPortOptions,
} from "./open-port.ts";
export { Errno, type ErrnoName, errnoName, PortError } from "./port-error.ts";
export type { FileEvents, FileOptions, PortFile } from "./port-file.ts";
export {
  PROXY_V1_LIMIT_BYTES,
  PROXY_V2_LIMIT_BYTES,
  type ProxyHeader,
  type ProxyHeaderFault,
  type ProxyHeaderFaultName,
  proxyHeaderFaultName,
  ProxyHeaderFaults,
  proxyHeaderFramer,
  readProxyHeader,
} from "./proxy-protocol.ts";
export { ReceiveBufferPool } from "./receive-buffer-pool.ts";
export { GATHER_PIECES, SendQueue } from "./send-queue.ts";
export { Service, ServiceError, type ServiceKind, type ServiceOptions, type SessionRole } from "./service.ts";
export { Session } from "./session.ts";
export type { SessionHandler } from "./session-handler.ts";
export {
  defaultServiceLimits,
  type RefusalReason,
  type ServiceCounters,
  type ServiceLimits,
} from "./session-host.ts";
export { type SessionId, SessionPool, slotOf, StaleSessionError } from "./session-pool.ts";
export type { SessionState } from "./session-state.ts";
export {
  AddressError,
  canonicalAddress,
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
  socketAddress,
} from "./socket-address.ts";
export { type CertificateRequest, type MadeCertificate, makeCertificate } from "./tls/make-certificate.ts";
export { type PinnedAnswer, type PinnedRequest, requestPinned } from "./tls/pinned-request.ts";
export { whyNotOpenssl } from "./tls/openssl-contexts.ts";
export { tlsOf } from "./tls/session-tls.ts";
export { TlsClient } from "./tls/tls-client.ts";
export { TlsError, type TlsErrorCode, TlsSettingsError } from "./tls/tls-error.ts";
export type {
  TlsCertificate,
  TlsClientOptions,
  TlsDriver,
  TlsServerOptions,
  TlsVersion,
} from "./tls/tls-options.ts";
export type { TlsDetails } from "./tls/tls-port-socket.ts";
export type { ConnectOptions, ListenOptions, SocketOptions } from "./socket-options.ts";
