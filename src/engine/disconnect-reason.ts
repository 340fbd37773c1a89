/**
 * Why a session ended: told once, to `onDisconnected`, and counted. The names are the source
 * documents' IO_SESSION_KICK_REASON, extended.
 */
export type DisconnectReason =
  /** Ended on purpose in a way that is nobody's news (a health check, for instance). */
  | "NO_LOG"
  | "UNKNOWN"
  /** The framer refused the bytes; `detail` is its disconnect code. */
  | "PACKET_ERROR"
  /** This side asked for it; `detail` is the caller's own code. */
  | "DISCONNECT"
  | "SEND_ERROR"
  /** The peer finished sending (FIN). */
  | "RECV_0"
  /** The connection broke while receiving (reset, timeout, …); `detail` is the errno. */
  | "RECV_ERROR"
  /** No buffer for an incomplete packet: the pool for them is at its limit. */
  | "RECV_BUFFER_OVER_FULL"
  /** What waits to be sent would exceed the session's limit: the peer reads too slowly. */
  | "SEND_QUEUE_FULL"
  /** No memory for bytes to be sent: the arena is at its limit. */
  | "SEND_BUFFER_EXHAUSTED"
  /** The handshake was not completed in time. */
  | "HANDSHAKE_TIMEOUT"
  /** Nothing was received for too long. */
  | "IDLE_TIMEOUT"
  /** The port or the service is closing. */
  | "SHUTDOWN"
  /** The port itself failed. */
  | "PORT_ERROR";
