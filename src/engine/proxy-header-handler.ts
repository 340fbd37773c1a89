import { type ProxyHeaderFault, readProxyHeader } from "./proxy-protocol.ts";
import type { Session } from "./session.ts";
import type { SessionHandler } from "./session-handler.ts";
import type { RefusalReason, SessionSettings } from "./session-host.ts";

/** The longest that a trusted proxy may take for its header, milliseconds; it is the first that it sends. */
const HEADER_TIMEOUT_MS = 5000;

/** Who is told what became of a header. */
export interface ProxyHeaderEvents {
  onProxyHeaderFault(session: Session, fault: ProxyHeaderFault): void;
  /** The address may have no further session: this one has to be ended. */
  onProxiedRefused(session: Session, reason: RefusalReason): void;
}

/** The time for the header: that for the handshake, when this is shorter. */
export function proxyHeaderTimeoutMs({ handshakeTimeoutMs }: SessionSettings): number {
  return handshakeTimeoutMs > 0 ? Math.min(handshakeTimeoutMs, HEADER_TIMEOUT_MS) : HEADER_TIMEOUT_MS;
}

/**
 * The first handler of a connection from a trusted proxy: takes the PROXY header off, then makes the
 * handler that is meant for the session and hands the session over, as if it began now.
 */
export class ProxyHeaderHandler implements SessionHandler {
  readonly #settings: SessionSettings;
  readonly #events: ProxyHeaderEvents;

  constructor(settings: SessionSettings, events: ProxyHeaderEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  onConnected(): void {
    // The header comes first.
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const header = readProxyHeader(bytes, start, end);
    if (typeof header === "number") {
      this.#events.onProxyHeaderFault(session, header);
      session.disconnect("PACKET_ERROR", header);
      return;
    }
    const reason = header.source === undefined ? undefined : session.setRemote(header.source);
    if (reason !== undefined) {
      this.#events.onProxiedRefused(session, reason);
      return;
    }
    session.setHandshakeTimeout(this.#settings.handshakeTimeoutMs);
    const handler = this.#settings.createHandler(session);
    if (!session.isOpen) return;
    session.switchProtocol(this.#settings.framer, handler);
    handler.onConnected(session);
  }

  onBadFrame(session: Session, code: number): void {
    this.#events.onProxyHeaderFault(session, code as ProxyHeaderFault);
  }

  onDisconnected(): void {
    // The session ended before anybody was told of it.
  }
}
