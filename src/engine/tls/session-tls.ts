import type { Session } from "../session.ts";
import type { TlsDetails } from "./tls-port-socket.ts";

/** Beside the sessions, so that a plain one is not larger for it. */
const details = new WeakMap<Session, TlsDetails>();

/** Only listeners and connectors call this, before the session's handler is made. */
export function noteTls(session: Session, tls: TlsDetails): void {
  details.set(session, tls);
}

/** What was agreed upon for a session over TLS; undefined: the session is plain. */
export function tlsOf(session: Session): TlsDetails | undefined {
  return details.get(session);
}
