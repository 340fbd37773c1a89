import type { DisconnectReason } from "./disconnect-reason.ts";
import type { Session } from "./session.ts";
import type { RefusalReason } from "./session-host.ts";
import type { SocketAddress } from "./socket-address.ts";

/** What the program does with a session. One object per session, made by the service's factory. */
export interface SessionHandler {
  /** The session is open. */
  onConnected(session: Session): void;
  /**
   * One frame, bytes [start, end). Lent: valid only until this call returns, and until then the
   * handler's own, so that it may write into them (to unmask in place, for instance).
   */
  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void;
  /**
   * The peer has finished sending (FIN) and may still read; told once. Without this method the session is
   * disconnected (RECV_0).
   */
  onPeerEnded?(session: Session): void;
  /** Nothing was received for the idle timeout. Without this method the session is disconnected. */
  onIdle?(session: Session): void;
  /** The handshake was not completed in time. Without this method the session is disconnected. */
  onHandshakeTimeout?(session: Session): void;
  /** The framer refused the bytes with this code; a last packet may be sent, then the session ends. */
  onBadFrame?(session: Session, code: number): void;
  /** The send queue became empty. The method is looked for once, when the session gets its handler. */
  onDrained?(session: Session): void;
  /**
   * The session has ended; called exactly once for each session that was connected, on the handler that
   * it has then.
   */
  onDisconnected(session: Session, reason: DisconnectReason, detail: number): void;
}

/** What made a session, and is told when it has ended, before its handler is. */
export interface SessionOrigin {
  onSessionClosed(session: Session, reason: DisconnectReason, detail: number): void;
  /** `remote` is `to` from now on. Gives a reason when that address may have no further session. */
  onRemoteChanged?(session: Session, from: SocketAddress, to: SocketAddress): RefusalReason | undefined;
}
