import type { IncomingHttpHeaders } from "node:http";
import {
  type CompletionPort,
  type DisconnectReason,
  Service,
  type ServiceLimits,
  type Session,
  type SessionHandler,
  type SocketAddress,
} from "../../src/engine/index.ts";
import {
  checkUpgrade,
  deflateSettings,
  type DeflateSettings,
  WebSocketConnection,
  type WebSocketHandler,
  type WebSocketOptions,
} from "../../src/websocket/index.ts";

export interface WebSocketEchoOptions {
  readonly messageLimitBytes?: number;
  readonly fragmentLimit?: number;
  readonly closeTimeoutMs?: number;
  readonly controlFramesPerSecond?: number;
  readonly deflate?: Partial<DeflateSettings> | undefined;
  readonly protocols?: readonly string[];
  readonly limits?: Partial<ServiceLimits>;
  /** Asked first for each text; true: it is not sent back. */
  readonly onText?: (connection: WebSocketConnection, text: string) => boolean;
}

/** How a connection ended at the server. */
export interface EchoEnd {
  readonly code: number;
  readonly reason: DisconnectReason;
  readonly detail: number;
}

/** A WebSocket server on a completion port that sends every message back. */
export class WebSocketEcho implements WebSocketHandler {
  readonly service: Service;
  readonly connections = new Set<WebSocketConnection>();
  readonly ends: EchoEnd[] = [];
  readonly pongs: string[] = [];
  messageCount = 0;
  readonly #options: WebSocketEchoOptions;

  constructor(port: CompletionPort, options: WebSocketEchoOptions = {}) {
    this.#options = options;
    this.service = new Service({
      port,
      kind: "server",
      createHandler: () => new RequestReader((session, head, rest) => this.#upgrade(session, head, rest)),
      limits: { sendQueueBytes: 67_108_864, ...options.limits },
    });
  }

  async listen(address: SocketAddress): Promise<SocketAddress> {
    return (await this.service.listen(address)).address;
  }

  onMessage(
    connection: WebSocketConnection,
    bytes: Uint8Array,
    start: number,
    end: number,
    isText: boolean,
  ): void {
    this.messageCount++;
    const { onText } = this.#options;
    if (isText && onText?.(connection, Buffer.from(bytes.subarray(start, end)).toString()) === true) return;
    connection.sendMessage(bytes.subarray(start, end), isText);
  }

  onPong(_connection: WebSocketConnection, bytes: Uint8Array, start: number, end: number): void {
    this.pongs.push(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
  }

  onDisconnected(
    connection: WebSocketConnection,
    code: number,
    reason: DisconnectReason,
    detail: number,
  ): void {
    this.connections.delete(connection);
    this.ends.push({ code, reason, detail });
  }

  #upgrade(session: Session, head: string, rest: Uint8Array): void {
    const [requestLine = "", ...lines] = head.split("\r\n");
    const [method, url, version = ""] = requestLine.split(" ");
    const headers: IncomingHttpHeaders = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const answer = checkUpgrade(
      { method, url, httpVersion: version.replace("HTTP/", ""), headers },
      {
        protocols: this.#options.protocols ?? [],
        protocolRequired: false,
        allowsOrigin: () => true,
        deflate: this.#options.deflate === undefined ? undefined : deflateSettings(this.#options.deflate),
      },
    );
    if (!answer.ok) {
      session.sendBytes(Buffer.from(`HTTP/1.1 ${answer.status} Refused\r\nConnection: close\r\n\r\n`));
      session.disconnect();
      return;
    }
    if (!session.sendBytes(answer.responseBytes)) return;
    const options: WebSocketOptions = {
      messageLimitBytes: 65_536,
      ...this.#options,
      deflate: answer.deflate,
    };
    this.connections.add(WebSocketConnection.accept(session, options, () => this));
    session.deliver(rest);
  }
}

/** Waits for the end of a request's head. */
class RequestReader implements SessionHandler {
  readonly #onHead: (session: Session, head: string, rest: Uint8Array) => void;
  #text = "";

  constructor(onHead: (session: Session, head: string, rest: Uint8Array) => void) {
    this.#onHead = onHead;
  }

  onConnected(): void {
    // The client speaks first.
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    this.#text += Buffer.from(bytes.subarray(start, end)).toString("latin1");
    const length = this.#text.indexOf("\r\n\r\n");
    if (length < 0) return;
    this.#onHead(session, this.#text.slice(0, length), Buffer.from(this.#text.slice(length + 4), "latin1"));
  }

  onDisconnected(): void {
    // It ended before it was a WebSocket.
  }
}
