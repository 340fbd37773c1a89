import type { IncomingMessage } from "node:http";
import { assert } from "../../base/assert.ts";
import type { Session } from "../../engine/index.ts";
import { plainResponse } from "../../http/plain-response.ts";
import type { DisconnectCodeName } from "../../protocol/codes.ts";
import type { PacketFramer } from "../../protocol/packet-framer.ts";
import { checkUpgrade, originRule, type UpgradeRules, WebSocketConnection } from "../../websocket/index.ts";
import { runDeflate } from "./framed-run.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { Refused } from "./refusals.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** What a client asks for in Sec-WebSocket-Protocol: packets of version 1 in binary messages. */
export const WEBSOCKET_PROTOCOL = "portico.v1";

export interface WebSocketEntranceOptions {
  readonly framer: PacketFramer;
  /** As they are now. */
  readonly settings: () => GateSettings;
  readonly isStopping: () => boolean;
  /** Connections that are open, of every kind. */
  readonly connectionCount: () => number;
  readonly makeSession: (link: WebSocketLink) => GateSession;
  /** Why nobody may come from this address. */
  readonly banRefusal: (host: string) => Refused | undefined;
  /** When those that are turned away should come back. */
  readonly retryAfterMs: () => number;
  /** So many connections are open or closing. */
  readonly onCount: (count: number) => void;
  /** A connection was refused as a whole. */
  readonly countRefused: (code: DisconnectCodeName) => void;
}

/** Takes the WebSocket connections that an HTTP server brings to a gate, or turns them away. */
export class WebSocketEntrance {
  readonly #options: WebSocketEntranceOptions;
  #count = 0;
  #onEmpty: (() => void)[] = [];
  #rules: UpgradeRules | undefined;

  constructor(options: WebSocketEntranceOptions) {
    this.#options = options;
  }

  /** Connections that are open or closing. */
  get count(): number {
    return this.#count;
  }

  /** The settings are others now. */
  reload(): void {
    this.#rules = undefined;
  }

  /**
   * `session`: an engine session on which an HTTP request to upgrade has come, and nothing was answered;
   * `head`: what came after it. Answers 101 and makes it a session of the chat, which has to log in in
   * time; or answers 503 (stopping, full), 400, 403, 405 or 426, and closes it.
   */
  accept(request: IncomingMessage, session: Session, head: Uint8Array): void {
    if (!session.isOpen) return;
    const { settings } = this.#options;
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) {
      this.#options.countRefused(obstacle);
      const retryAfter = Math.max(1, Math.ceil(this.#options.retryAfterMs() / 1000));
      const text = obstacle === "SHUTDOWN" ? "the server is stopping" : "the server is full";
      turnAway(session, 503, text, { "Retry-After": String(retryAfter) });
      return;
    }
    this.#rules ??= upgradeRules(settings());
    const answer = checkUpgrade(request, this.#rules);
    if (!answer.ok) {
      turnAway(session, answer.status, answer.reason, answer.headers);
      return;
    }
    const { timeouts, websocket } = settings();
    if (!session.sendBytes(answer.responseBytes)) return;
    session.setHandshakeTimeout(timeouts.handshakeMs);
    let link: WebSocketLink | undefined;
    const deflate = answer.deflate === undefined ? {} : { deflate: answer.deflate };
    WebSocketConnection.accept(
      session,
      { messageLimitBytes: websocket.messageBytes, ...deflate },
      (connection) => {
        link = this.#makeLink(connection);
        return link;
      },
    );
    assert(link !== undefined, "the connection has its link from the start");
    this.#begin(link, session, head);
  }

  /** Resolves when every connection has ended. */
  untilEmpty(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  #obstacle(): "SHUTDOWN" | "SERVER_FULL" | undefined {
    const { isStopping, connectionCount, settings } = this.#options;
    if (isStopping()) return "SHUTDOWN";
    return connectionCount() >= settings().limits.connections ? "SERVER_FULL" : undefined;
  }

  #makeLink(connection: WebSocketConnection): WebSocketLink {
    const { framer, makeSession } = this.#options;
    this.#setCount(this.#count + 1);
    return new WebSocketLink({ connection, framer, makeSession, onEnded: () => this.#onEnded() });
  }

  /** A browser is not told the status of a refused upgrade, so who is banned hears it from inside. */
  #begin({ session: made }: WebSocketLink, session: Session, head: Uint8Array): void {
    made.onConnected();
    const refused = this.#options.banRefusal(session.remote.host);
    if (refused !== undefined) made.end("BANNED", refused.retryAfterMs, refused.detail);
    else if (head.byteLength > 0) session.deliver(head);
  }

  #setCount(count: number): void {
    this.#count = count;
    this.#options.onCount(count);
  }

  #onEnded(): void {
    this.#setCount(this.#count - 1);
    if (this.#count > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiting) resolve();
  }
}

function upgradeRules({ websocket }: GateSettings): UpgradeRules {
  return {
    protocols: [WEBSOCKET_PROTOCOL],
    protocolRequired: true,
    allowsOrigin: originRule(websocket.origins),
    deflate: websocket.deflate ? runDeflate : undefined,
  };
}

function turnAway(
  session: Session,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  session.sendBytes(plainResponse(status, text, headers));
  session.disconnect("DISCONNECT", status);
}
